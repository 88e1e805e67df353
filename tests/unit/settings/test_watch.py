"""A change of a settings file is seen before the next prompt, however it is written."""

import os
import threading
from pathlib import Path

import pytest

from homebody.settings import watch
from homebody.settings.watch import SettingsSource, contents


@pytest.fixture
def old_file(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text("context.ignore = ['a/']\n")
    return path


def replace(path: Path) -> None:
    facts = path.stat()
    fresh = path.with_suffix(".new")
    fresh.write_text("context.ignore = ['b/']\n")
    os.utime(fresh, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    fresh.replace(path)


def rewrite(path: Path) -> None:
    facts = path.stat()
    path.write_text("context.ignore = ['b/']\n")
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))


def unlink_and_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("nothing")


@pytest.mark.parametrize("change", [replace, rewrite, unlink_and_link, Path.unlink])
def test_every_kind_of_change_is_seen(old_file, change):
    paths = [old_file, old_file.parent / "missing.toml"]
    before = contents(paths)
    assert contents(paths) == before
    change(old_file)
    assert contents(paths) != before


class Double:
    """An engine, which asks as the real one does."""

    def __init__(self, source: SettingsSource) -> None:
        self.loaded = None
        self.watch, self.on_change = source.follow(lambda loaded: setattr(self, "loaded", loaded))

    async def prompt(self) -> tuple[tuple[str, ...] | None, str | None]:
        if self.watch():
            await self.on_change()
        if self.loaded is None:
            return None, None
        return self.loaded.settings.context.ignore, self.loaded.error and str(self.loaded.error)


@pytest.mark.parametrize("half", [lambda path: path.write_text(""), Path.unlink])
async def test_a_file_that_is_half_saved_is_read_when_it_is_whole(old_file, half, monkeypatch):
    """For a moment it is empty, or has another name; without its rules nothing may be sent."""
    source = SettingsSource(user_file=old_file)
    engine = Double(source)
    slept = []

    def sleep(seconds: float) -> None:
        if not slept:
            old_file.write_text("context.ignore = ['b/']\n")
        slept.append(seconds)
        threading.Event().wait(seconds)

    monkeypatch.setattr(watch.time, "sleep", sleep)
    half(old_file)

    assert await engine.prompt() == (("b/",), None)


async def test_each_engine_gets_the_new_rules_before_its_next_prompt(old_file):
    source = SettingsSource(user_file=old_file)
    engines = [Double(source), Double(source)]
    assert [await engine.prompt() for engine in engines] == [(None, None)] * 2
    for name in ("b/", "c/"):
        old_file.write_text(f"context.ignore = ['{name}']\n")
        assert [await engine.prompt() for engine in engines] == [((name,), None)] * 2

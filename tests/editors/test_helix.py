"""A real Helix in a terminal: uses the configuration of the page, types keys, and reads the screen."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.needs import needs
from support.until import until

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "editors" / "helix.md"
REPLIES = [
    {"contains": "one short sentence", "text": "Add two numbers."},
    {"contains": "xplain", "text": "It adds two numbers."},
    {"text": "return a + b", "probability": 0.99},
]
_SECONDS = 60
"""Longest wait for something on the screen, in seconds: the machine may be busy."""


@dataclass(frozen=True)
class Helix:
    """Helix in a separate terminal."""

    tmux: list[str]
    file: Path

    def press(self, *keys: str) -> None:
        self._run("send-keys", "-t", "helix", *keys)

    def saved(self) -> str:
        with suppress(FileNotFoundError):
            return self.file.read_text()
        return ""

    def screen(self) -> str:
        return self._run("capture-pane", "-p", "-t", "helix")

    async def shows(self, text: str) -> None:
        await self.has(lambda screen: text in screen)

    async def suggests(self, text: str) -> bool:
        """Ask for completions until the menu has ``text``: Helix does not show when a server is ready."""
        # Longer each time: where the machine is only slow, a second menu would come between the next keys.
        for seconds in (1, 2, 4, 8, 16, 32):
            self.press("C-x")
            with suppress(AssertionError):
                return await until(lambda: text in self.screen(), seconds)
        raise AssertionError(self.screen())

    async def has(self, holds: Callable[[str], bool]) -> None:
        """Wait until ``holds`` is true for the screen."""
        try:
            await until(lambda: holds(self.screen()), _SECONDS)
        except AssertionError as error:
            raise AssertionError(self.screen()) from error

    async def choose(self, title: str) -> None:
        self.press("Space", "a")
        await self.has(lambda screen: title in screen and "Extract a function" in screen)
        lines = [line.strip(" ~0123456789") for line in self.screen().splitlines()]
        first = next(number for number, line in enumerate(lines) if line.endswith("Extract a function"))
        steps = next(number for number, line in enumerate(lines) if line.endswith(title)) - first
        # Helix selects the first one automatically.
        self.press(*["C-n"] * steps, "Enter")

    def _run(self, *arguments: str) -> str:
        ended = subprocess.run([*self.tmux, *arguments], capture_output=True, text=True, check=False)
        return ended.stdout


@pytest.fixture
def helix(tmp_path: Path) -> Iterator[Helix]:
    """Start Helix on a file, with the configuration of the page and a scripted model."""
    hx, tmux = needs("hx"), needs("tmux")
    folders = {name: tmp_path / name for name in ("config", "cache", "state", "data", "xdg", "workspace")}
    for folder in folders.values():
        folder.mkdir()
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"name": "scripted", "reply": REPLIES}))
    (folders["config"] / "config.toml").write_text(f"[backend]\nkind = 'scripted'\nmodel = '{script}'\n")
    (folders["xdg"] / "helix").mkdir()
    (folders["xdg"] / "helix" / "languages.toml").write_text(configuration())
    file = folders["workspace"] / "app.py"
    file.write_text("def add(a, b):\n    \n")
    environ = {f"HOMEBODY_{kind}_DIR": str(folders[kind.lower()]) for kind in ("CONFIG", "CACHE", "STATE")}
    environ |= {
        "XDG_CONFIG_HOME": str(folders["xdg"]),
        "XDG_CACHE_HOME": str(folders["data"]),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "TERM": "xterm-256color",
    }
    command = shlex.join(["env", *(f"{name}={value}" for name, value in environ.items()), hx, "app.py"])
    # A short path: Unix sockets have about 100 bytes.
    server = [tmux, "-f", os.devnull, "-L", f"homebody-{os.getpid()}"]
    window = ["-d", "-s", "helix", "-x", "100", "-y", "30", "-c", str(folders["workspace"])]
    subprocess.run([*server, "new-session", *window, command], check=True)
    subprocess.run([*server, "set-option", "-s", "escape-time", "0"], check=True)
    try:
        yield Helix(server, file)
    finally:
        subprocess.run([*server, "kill-server"], check=False)


async def test_suggestions_actions_and_explanations_work_with_the_configuration_of_the_page(helix: Helix):
    await helix.shows("def add")
    helix.press("j", "A", "ret")
    await helix.suggests("return a + b")
    helix.press("C-n", "Enter")
    await helix.has(lambda screen: re.search(r"2 +return a \+ b *$", screen, re.MULTILINE) is not None)
    helix.press("Escape")
    await helix.shows("NOR")

    helix.press("g", "g")
    await helix.choose("Write a docstring")
    await helix.shows('"""Add two numbers."""')
    helix.press(":", "w", "Enter")
    expected = 'def add(a, b):\n    """Add two numbers."""\n    return a + b\n'
    await until(lambda: helix.saved() == expected, _SECONDS)

    helix.press("g", "g")
    await helix.choose("Simplify")
    await helix.shows('Check this edit: it removes the string "Add two numbers."')
    helix.press("u")

    helix.press("g", "g")
    await helix.choose("Explain")
    await helix.shows("It adds two numbers.")


def configuration() -> str:
    """The first block of the page; the language's own server is left out, since it may not be installed."""
    (block, *_) = re.findall(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert '["pylsp", "homebody"]' in block
    return block.replace('"pylsp", ', "")

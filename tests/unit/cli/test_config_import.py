"""``homebody config import``: a diff first, files with ``--write``."""

import tomllib
from pathlib import Path

import pytest

CASE = Path(__file__).parents[2] / "cases" / "continue" / "config.yaml"


@pytest.fixture
def target(monkeypatch, tmp_path) -> Path:
    monkeypatch.setenv("HOMEBODY_CONFIG_DIR", str(tmp_path / "config"))
    return tmp_path / "config" / "config.toml"


def test_nothing_is_written_before_it_is_asked_for(run, target):
    """The diff and unsupported entries are shown; the exit code says that something would change."""
    ended = run("config", "import", str(CASE))
    assert ended.code == 1
    assert '+model = "qwen2.5-coder:7b"' in ended.out
    assert "Claude is not imported" in ended.out
    assert not target.exists()


def test_write_applies_it_once(run, target, monkeypatch):
    monkeypatch.setenv("LLAMA_KEY", "secret")
    assert run("config", "import", str(CASE), "--write").code == 0
    settings = tomllib.loads(target.read_text(encoding="utf-8"))
    again = run("config", "import", str(CASE))
    assert settings["chat"]["backend"]["model"] == "qwen2.5-coder:7b"
    assert (target.parent / "prompts" / "find-bugs.md").is_file()
    assert (again.code, "Nothing to import" in again.out) == (0, True)
    assert run("config", "show").err == ""

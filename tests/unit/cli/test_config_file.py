"""``homebody config``; in the user's file, keys go below their own section, everything else stays."""

import json
import tomllib
from pathlib import Path

import pytest

from homebody.cli.config import changed
from homebody.errors import SettingsError


def test_comments_and_other_values_stay():
    before = "# mine\n[chat]\n# about it\ntemperature = 0.1 # warm\n\n# The next section.\n[context]\n"

    after = changed(
        before, {"chat.temperature": 0.3, "chat.max_tokens": 9, "completion.backend.kind": "ollama"}, ""
    )

    assert after == (
        "# mine\n[chat]\nmax_tokens = 9\n# about it\ntemperature = 0.3 # warm\n\n"
        "# The next section.\n[context]\n"
        '\n[completion.backend]\nkind = "ollama"\n'
    )


@pytest.mark.parametrize(
    "before",
    [
        "",
        "chat.max_tokens = 99\n",
        "[chat]\n",
        "[chat]",
        "chat = {max_tokens = 99}\n",
        "[chat.backend]\n[chat]\n",
    ],
)
def test_a_key_is_set_however_the_file_writes_its_sections(before: str):
    settings = {"chat.temperature": 0.3, "chat.backend.model": "x", "context.ignore": ["a"]}
    after = tomllib.loads(changed(before, settings, ""))
    assert (after["chat"]["temperature"], after["chat"]["backend"]["model"]) == (0.3, "x")
    assert after["context"] == {"ignore": ["a"]}
    assert after["chat"].get("max_tokens") == tomllib.loads(before).get("chat", {}).get("max_tokens")


@pytest.mark.parametrize("before", ["a = [", "chat = 1"])
def test_a_file_that_cannot_be_changed_is_refused(before: str):
    with pytest.raises(SettingsError, match="correct it first"):
        changed(before, {"chat.max_tokens": 1}, "config.toml")


def test_set_writes_one_value_and_path_names_the_file(run, tmp_path: Path):
    path = tmp_path / "config" / "config.toml"
    assert run("config", "path").out == f"{path}\n"

    assert run("config", "set", "chat.maxTokens", "99").code == 0
    assert run("config", "set", "context.ignore", "a,b").code == 0
    assert tomllib.loads(path.read_text()) == {"chat": {"max_tokens": 99}, "context": {"ignore": ["a", "b"]}}
    before = path.read_text()
    for arguments in (("chat.maxTokens", "many"), ("chat.maxTokes", "99"), ("chat.max_tokens", "")):
        ended = run("config", "set", *arguments)
        assert (ended.code, path.read_text()) == (2, before)
    assert "chat.max_tokens = 99" in run("config", "show").out


def test_config_show_prints_values_and_their_sources(run, own_folders):
    (own_folders / ".homebody.toml").write_text("chat.max_tokens = 33\n")
    shown = run("config", "show", "--set", "backend.api_key=s3cret").out
    assert "chat.max_tokens = 33" in shown
    assert "# .homebody.toml" in shown
    assert "s3cret" not in shown
    result = json.loads(run("config", "show", "--json", "--set", "backend.api_key=s3cret").out)
    assert (result["chat"]["backend"]["api_key"], result["chat"]["max_tokens"]) == ("***", 33)


def test_config_init_never_overwrites_a_file(run, tmp_path: Path):
    ended = run("config", "init")
    path = tmp_path / "config" / "config.toml"
    assert ended.code == 0
    assert str(path) in ended.out
    assert "completion" in tomllib.loads(path.read_text("utf-8"))
    path.write_text("# mine")
    assert run("config", "init").code == 2
    assert path.read_text("utf-8") == "# mine"


def test_a_file_that_is_a_link_stays_one(run, tmp_path: Path):
    """As in a folder of dotfiles."""
    path, target = tmp_path / "config" / "config.toml", tmp_path / "dotfiles.toml"
    path.parent.mkdir()
    target.write_text("# mine\n")
    path.symlink_to(target)
    assert run("config", "set", "chat.max_tokens", "99").code == 0
    assert path.is_symlink()
    assert "chat" in tomllib.loads(target.read_text())


CASE = Path(__file__).parents[2] / "cases" / "continue" / "config.yaml"


def test_nothing_is_written_before_it_is_asked_for(run, tmp_path):
    """The diff and unsupported entries are shown; the exit code says that something would change."""
    ended = run("config", "import", str(CASE))
    assert ended.code == 1
    assert '+model = "qwen2.5-coder:7b"' in ended.out
    assert "Claude is not imported" in ended.out
    assert not (tmp_path / "config").exists()


def test_write_applies_it_once(run, tmp_path, monkeypatch):
    monkeypatch.setenv("LLAMA_KEY", "secret")
    assert run("config", "import", str(CASE), "--write").code == 0
    settings = tomllib.loads((tmp_path / "config" / "config.toml").read_text("utf-8"))
    again = run("config", "import", str(CASE))
    assert settings["chat"]["backend"]["model"] == "qwen2.5-coder:7b"
    assert (tmp_path / "config" / "prompts" / "find-bugs.md").is_file()
    assert (again.code, "Nothing to import" in again.out) == (0, True)
    assert run("config", "show").err == ""

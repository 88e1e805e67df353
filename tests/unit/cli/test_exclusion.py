"""Commands send nothing that the user excludes, whatever folder they start in."""

import io
import json
from pathlib import Path

import pytest

from support.git import git

SECRET = "def confidential(value):\n    return value\n"


def _submodule(root: Path) -> None:
    git(root, "init", "-q")
    (root / "private/.git").write_text("gitdir: ../.git/modules/private\n")
    (root / ".git/modules/private").mkdir(parents=True)
    (root / ".git/modules/private/HEAD").write_text("ref: refs/heads/main\n")


KINDS = {
    "no repository": lambda _: None,
    "settings": lambda root: (root / "private/.homebody.toml").touch(),
    "settings with a list": lambda root: (root / "private/.homebody.toml").write_text(
        '[context]\nignore = ["!*", "!private/", "!private/**"]\n'
    ),
    "ignore file": lambda root: (root / "private/.homebodyignore").write_text("!*\n!private/\n"),
    "mercurial": lambda root: (root / "private/.hg").mkdir(),
    "submodule": _submodule,
    "repository": lambda root: git(root / "private", "init", "-q"),
}


@pytest.fixture
def asked(tmp_path: Path, scripted, monkeypatch) -> Path:
    asked = tmp_path / "asked.jsonl"
    script = tmp_path / "recording.json"
    script.write_text(json.dumps({"name": "s", "reply": [{"text": "x"}], "requests_file": str(asked)}))
    monkeypatch.setenv("HOMEBODY_BACKEND_MODEL", str(script))
    return asked


@pytest.fixture
def tree(tmp_path: Path, own_folders, monkeypatch) -> Path:
    root = tmp_path / "tree"
    (root / "private").mkdir(parents=True)
    (root / "private/x.py").write_text(SECRET)
    (root / "open.py").write_text("value = 1\n")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"")))
    return root


@pytest.mark.parametrize(
    ("pattern", "kind"),
    [*(("private/**", kind) for kind in KINDS), ("/private", "settings"), ("**/private/*.py", "settings")],
)
def test_the_users_rules_hold_whatever_folder_is_the_workspace(run, asked, tree, monkeypatch, pattern, kind):
    """A file in the excluded folder cannot make it a workspace of its own; the command says why, with 2."""
    KINDS[kind](tree)
    monkeypatch.setenv("HOMEBODY_CONTEXT_IGNORE", pattern)
    for folder, *command in (
        (tree, "complete", "private/x.py:1:1"),
        (tree, "refactor", "private/x.py", "--instruction", "shorten"),
        (tree / "private", "explain", "x.py"),
        (tree / "private", "ask", "why?", "--attach", "x.py"),
    ):
        monkeypatch.chdir(folder)
        ended = run(*command)
        assert (ended.code, "x.py" in ended.err) == (2, True), (command, ended)
    assert not asked.exists() or "confidential" not in asked.read_text()


def test_a_file_in_a_folder_that_is_named_is_left_out(run, asked, tree, monkeypatch):
    monkeypatch.setenv("HOMEBODY_CONTEXT_IGNORE", "private/")
    monkeypatch.chdir(tree)
    run("refactor", ".", "--instruction", "shorten")
    assert run("refactor", "private", "--instruction", "shorten").code == 2
    assert "value = 1" in asked.read_text()
    assert "confidential" not in asked.read_text()


def test_the_standard_input_counts_as_the_file_that_it_is_named_after(run, asked, tree, monkeypatch):
    """A pre-commit hook or an editor sends the text of a file that way."""
    monkeypatch.setenv("HOMEBODY_CONTEXT_IGNORE", "private/")
    monkeypatch.chdir(tree)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(SECRET.encode())))
    ended = run("refactor", "-", "--stdin-filename", "private/x.py", "--instruction", "shorten")
    assert (ended.code, "x.py" in ended.err) == (2, True)
    assert not asked.exists()

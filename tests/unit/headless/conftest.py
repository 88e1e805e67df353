"""A git repository with source files."""

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from support.needs import needs

Git = Callable[..., str]


@pytest.fixture
def tree(own_folders: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty repository, as the current folder."""
    root = own_folders / "tree"
    root.mkdir()
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def git(tree: Path) -> Git:
    """Run git in the tree; it is made a repository first."""
    program = needs("git")
    who = ("-c", "user.name=a", "-c", "user.email=a@b.example")

    def run(*arguments: str) -> str:
        command = [program, *who, *arguments]
        return subprocess.run(command, cwd=tree, check=True, capture_output=True, text=True).stdout

    run("init", "-q", "-b", "main")
    return run


def write_files(root: Path, files: Mapping[str, str]) -> None:
    """Write texts to files, folders included."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

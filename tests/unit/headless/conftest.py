"""A git repository with source files."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest

from support.git import git as run_git

Git = Callable[..., str]


@pytest.fixture
def tree(own_folders: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = own_folders / "tree"
    root.mkdir()
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def git(tree: Path) -> Git:
    run_git(tree, "init", "-q", "-b", "main")
    return partial(run_git, tree)


def write_files(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

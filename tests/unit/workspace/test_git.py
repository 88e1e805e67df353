"""A repository is asked, and runs nothing of its own."""

from pathlib import Path

import pytest

from homebody.errors import GitFailed
from homebody.workspace.diff import git_diff
from homebody.workspace.git import Repository, find_repository
from support.git import git


@pytest.fixture
def root(own_folders: Path) -> Path:
    """A repository with two committed files on ``main``."""
    root = own_folders / "repository"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    (root / "a.py").write_text("a = 1\n")
    (root / "with space ü.py").write_text("b = 1\n")
    git(root, "add", ".")
    git(root, "commit", "-qm", "first")
    return root


def names(paths: list[Path]) -> list[str]:
    """Last parts of paths."""
    return [path.name for path in paths]


def test_changed_files_are_those_that_differ_and_those_that_are_new(root: Path):
    """A deleted file cannot be edited; an ignored one is left out."""
    (root / "with space ü.py").write_text("b = 2\n")
    (root / "new.py").write_text("c\n")
    (root / "junk.log").write_text("x\n")
    (root / ".gitignore").write_text("*.log\n")
    (root / "a.py").unlink()

    assert names(Repository(root).changed_since("HEAD")) == [".gitignore", "new.py", "with space ü.py"]


def test_a_repository_does_not_choose_which_files_are_read(root: Path):
    """Its configuration may name another folder as its work tree, such as the user's home."""
    elsewhere = root.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a.py").write_text("my diary\n")
    git(root, "config", "core.worktree", str(elsewhere))

    assert git_diff(Repository(root), "uncommitted").text == ""
    assert Repository(root).uncommitted() == []


def test_a_branch_is_compared_where_the_two_parted(root: Path):
    """Later commits to the branch are not included."""
    git(root, "checkout", "-qb", "topic")
    (root / "mine.py").write_text("m\n")
    git(root, "add", ".")
    git(root, "commit", "-qm", "mine")
    git(root, "checkout", "-q", "main")
    (root / "a.py").write_text("theirs\n")
    git(root, "commit", "-qam", "theirs")
    git(root, "checkout", "-q", "topic")

    assert names(Repository(root).changed_since("main")) == ["mine.py"]


def test_staged_unstaged_and_uncommitted_files_are_listed_separately(root: Path):
    """Each list is sorted."""
    (root / "a.py").write_text("a = 2\n")
    git(root, "add", "a.py")
    (root / "with space ü.py").write_text("b = 2\n")
    repository = Repository(root)

    assert names(repository.staged()) == ["a.py"]
    assert names(repository.unstaged()) == ["with space ü.py"]
    assert names(repository.uncommitted()) == ["a.py", "with space ü.py"]


def test_files_marked_as_generated_are_found(root: Path):
    """By the attribute ``linguist-generated``, as on code hosts."""
    (root / ".gitattributes").write_text("a.py linguist-generated\n*.pb.py linguist-generated=true\n")

    assert {root / "a.py"} == Repository(root).marked_generated([root / "a.py", root / "with space ü.py"])


def test_no_program_that_the_repository_names_is_run(root: Path):
    """File system monitor, hooks, diff drivers and content filters leave no trace."""
    trace = root.parent / "ran"
    program = root.parent / "program.sh"
    program.write_text(f"#!/bin/sh\ntouch {trace}\ncat\n")
    program.chmod(0o755)
    (root / ".git" / "hooks" / "post-index-change").write_text(program.read_text())
    (root / ".git" / "hooks" / "post-index-change").chmod(0o755)
    for key in (
        "core.fsmonitor",
        "diff.external",
        "filter.x=y.clean",
        "filter.x=y.process",
        "diff.d.textconv",
    ):
        git(root, "config", key, str(program))
    git(root, "config", "filter.x=y.required", "true")
    (root / ".gitattributes").write_text("*.py filter=x=y diff=d\n")
    (root / "a.py").write_text("a = 3\n")
    repository = Repository(root)

    found = [
        repository.changed_since("HEAD"),
        repository.staged(),
        repository.unstaged(),
        repository.uncommitted(),
    ]

    assert [names(each) for each in found] == [
        [".gitattributes", "a.py"],
        [],
        ["a.py"],
        [".gitattributes", "a.py"],
    ]
    assert not trace.exists()


@pytest.mark.parametrize("revision", ["nope", "--output=x", ""])
def test_an_unknown_revision_is_named(root: Path, revision: str):
    """A revision that looks like an option is not used as one."""
    with pytest.raises(GitFailed, match="There is no revision"):
        Repository(root).changed_since(revision)
    assert not (root / "x").exists()


def test_without_git_one_sentence_says_what_to_do(root: Path, monkeypatch: pytest.MonkeyPatch):
    """It says what to do."""
    monkeypatch.setenv("PATH", str(root))

    with pytest.raises(GitFailed, match="git is not installed"):
        Repository(root).staged()


def test_the_repository_above_a_path_is_found(root: Path):
    """There may be none."""
    found = find_repository(root / "deep" / "a.py")

    assert found is not None
    assert found.root == root
    assert find_repository(root.parent / "a.py") is None

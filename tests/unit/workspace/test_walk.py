"""The walk: what it finds, where it does not go, and that it ends."""

import os
from pathlib import Path

import pytest

from homebody.workspace.files import Limits, Walk
from homebody.workspace.ignore import PathRules


def walked(root: Path, **limits: int) -> tuple[list[str], Walk]:
    walk = Walk(root, PathRules((root,), is_index=True).of(root), Limits(**limits))
    return [entry.path for entry in walk], walk


def make(root: Path, *paths: str, text: str = "x\n") -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


def test_files_come_from_the_top_down_with_size_and_time(tmp_path):
    """Entries near the top come first, so that a limit cuts the deepest folders."""
    make(tmp_path, "b/c/d.py", "b/e.py", "z.py", "a.py")
    entries = list(Walk(tmp_path, PathRules((tmp_path,), is_index=True).of(tmp_path)))
    assert [entry.path for entry in entries] == ["a.py", "z.py", "b/e.py", "b/c/d.py"]
    facts = (tmp_path / "a.py").stat()
    assert (entries[0].size, entries[0].mtime_ns) == (facts.st_size, facts.st_mtime_ns)


def test_no_symlink_is_followed(tmp_path):
    outside = tmp_path / "outside"
    root = tmp_path / "root"
    make(outside, "secret.py")
    make(root, "sub/a.py")
    (root / "sub/loop").symlink_to(root, target_is_directory=True)
    (root / "out").symlink_to(outside, target_is_directory=True)
    (root / "file.py").symlink_to(outside / "secret.py")
    (root / "self").symlink_to("self")
    assert walked(root)[0] == ["sub/a.py"]


def test_secrets_and_ignored_files_are_left_out(tmp_path):
    """Also if an ignore file includes them."""
    make(tmp_path, ".env", "certs/server.key", "build/a.py", "a.py")
    (tmp_path / ".gitignore").write_text("build/\n")
    (tmp_path / ".homebodyignore").write_text("!.env\n!*.key\n.gitignore\n.homebodyignore\n")
    assert walked(tmp_path)[0] == ["a.py"]


def test_a_workspace_reached_through_a_symlink_is_walked(tmp_path):
    """The folder that the user opens may itself be a link."""
    make(tmp_path, "real/a.py")
    (tmp_path / "link").symlink_to(tmp_path / "real", target_is_directory=True)
    assert walked(tmp_path / "link")[0] == ["a.py"]


def test_large_files_are_counted_and_left_out(tmp_path):
    make(tmp_path, "large.py", text="x" * 101)
    make(tmp_path, "small.py", text="x" * 100)
    paths, walk = walked(tmp_path, max_file_bytes=100)
    assert (paths, walk.skipped["too large"], walk.cut) == (["small.py"], 1, False)


@pytest.mark.parametrize(
    ("limits", "expect"),
    [
        ({"max_bytes": 5}, ["a.py", "b.py"]),
        ({"max_looks": 2}, ["a.py", "b.py"]),
    ],
)
def test_every_limit_ends_the_walk_and_is_reported(tmp_path, limits, expect):
    make(tmp_path, "a.py", "b.py", "c/d.py", "c/d/e.py")
    paths, walk = walked(tmp_path, **limits)
    assert (paths, walk.cut) == (expect, True)


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX mode bits and special files")
def test_unreadable_folders_and_special_files_are_skipped(tmp_path):
    """A pipe would block its reader forever."""
    make(tmp_path, "a.py", "closed/b.py")
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "closed").chmod(0)
    try:
        paths, walk = walked(tmp_path)
        if os.geteuid() != 0:  # root reads everything
            assert (paths, walk.skipped["unreadable"]) == (["a.py"], 1)
        assert "pipe.py" not in paths
    finally:
        (tmp_path / "closed").chmod(0o700)

"""A file is replaced completely or not at all, and other changes are never overwritten."""

import codecs
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homebody.errors import DocumentChanged, EditRefused
from homebody.headless.select import SourceFile, read_source
from homebody.headless.write import check_replaceable, digest, put_bytes
from homebody.text import Document
from support.needs import leave_out


def a_source(path: Path, data: bytes = b"old\n") -> SourceFile:
    path.write_bytes(data)
    return read_source(path, max_bytes=10_000)


def replace_file(source: SourceFile, text: str) -> tuple[str, ...]:
    """Replace a file's text, as a run does that applies its changes."""
    check_replaceable(source)
    old = digest(source.data)
    return put_bytes(source.target, source.encode(text), old=old, temporary=".new", shown=source.path)


def test_a_symlink_stays_one(tmp_path: Path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "real.py").write_text("old\n")
    (tmp_path / "link.py").symlink_to("there/real.py")
    replace_file(read_source(tmp_path / "link.py", max_bytes=100), "new\n")
    assert (tmp_path / "link.py").is_symlink()
    assert (tmp_path / "there" / "real.py").read_text() == "new\n"


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.write_text("mine\n"),
        lambda path: path.unlink(),
        lambda path: (path.unlink(), path.symlink_to("/etc/hostname")),
        lambda path: path.write_text("old"),
    ],
    ids=["edited", "removed", "another file", "shorter"],
)
def test_a_file_that_changed_meanwhile_is_left_alone(tmp_path: Path, change):
    source = a_source(tmp_path / "a.py")
    change(source.path)
    before = [(path.name, path.is_symlink() or path.read_bytes()) for path in tmp_path.iterdir()]
    with pytest.raises(DocumentChanged, match="changed while the model worked") as caught:
        replace_file(source, "new\n")
    assert caught.value.exit_code == 1
    assert before == [(path.name, path.is_symlink() or path.read_bytes()) for path in tmp_path.iterdir()]


@pytest.mark.parametrize("old", [digest(b"old\n"), None], ids=["replaced", "created"])
def test_a_file_that_changes_in_the_last_moment_is_left_alone(tmp_path: Path, old):
    (tmp_path / "a.py").write_text("mine\n")
    with pytest.raises(DocumentChanged):
        put_bytes(tmp_path / "a.py", b"new\n", old=old, temporary=".new", mode=0o644)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a.py": "mine\n"}


def test_a_read_only_file_is_left_alone(tmp_path: Path):
    """Although it could be replaced, since its folder is writable."""
    source = a_source(tmp_path / "a.py")
    source.target.chmod(0o444)
    with pytest.raises(EditRefused, match="is read-only"):
        replace_file(source, "new\n")
    assert (tmp_path / "a.py").read_text() == "old\n"


@given(st.binary(max_size=60), st.text(max_size=20))
def test_reading_and_writing_a_file_keeps_its_bytes(data, more):
    document = Document.create("file:///a", "plaintext", 0, "")
    source = SourceFile(Path("a"), Path("a"), data, document)
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError:
        return
    assert data == source.encode(text)
    assert data + more.encode() == source.encode(text + more)


def test_hard_links_are_reported(tmp_path: Path):
    source = a_source(tmp_path / "a.py")
    (tmp_path / "b.py").hardlink_to(source.target)
    notes = replace_file(source, "new\n")
    assert "has 1 other name (hard links), which keep the old text" in notes[0]
    assert [(tmp_path / name).read_text() for name in ("a.py", "b.py")] == ["new\n", "old\n"]


@pytest.mark.skipif(sys.platform != "linux", reason="Python has extended attributes on Linux only")
def test_extended_attributes_stay(tmp_path: Path):
    source = a_source(tmp_path / "a.py")
    try:
        os.setxattr(source.target, "user.note", b"mine")
    except OSError:
        leave_out("the file system of the temporary folder has no extended attributes")
    replace_file(source, "new\n")
    assert os.getxattr(source.target, "user.note") == b"mine"


@pytest.mark.skipif(sys.platform == "win32", reason="owners are another matter there")
def test_owner_and_group_stay(tmp_path: Path):
    source = a_source(tmp_path / "a.py")
    if os.geteuid():
        leave_out("only root can make a file of another user's (run as root)")
    os.chown(source.target, 65534, 65534)
    assert replace_file(source, "new\n") == ()
    found = source.target.stat()
    assert (found.st_uid, found.st_gid) == (65534, 65534)


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no such permissions there")
def test_a_folder_that_cannot_be_written_is_reported(tmp_path: Path):
    """The file is not changed, although the file itself is writable."""
    folder = Path(tempfile.mkdtemp())  # open to other users, as pytest's own folder is not
    try:
        source = a_source(folder / "a.py")
        source.target.chmod(0o666)
        folder.chmod(0o555)
        with another_user(), pytest.raises(EditRefused, match=r"cannot be replaced.*Permission denied"):
            replace_file(source, "new\n")
        assert source.target.read_text() == "old\n"
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)


@contextmanager
def another_user() -> Iterator[None]:
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_a_new_file_gets_its_folder(tmp_path: Path):
    put_bytes(tmp_path / "src/test/ATest.java", b"new\n", old=None, temporary=".new", mode=0o644)
    assert (tmp_path / "src/test/ATest.java").read_bytes() == b"new\n"

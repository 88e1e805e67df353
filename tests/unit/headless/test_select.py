"""Files are read exactly, and one that cannot be served is reported in one sentence."""

import codecs
import os
from pathlib import Path

import pytest

from homebody.errors import FileUnreadable
from homebody.headless.select import read_source, source_of, workspace_of

MAX_BYTES = 1000


def test_a_file_is_read_as_it_is(tmp_path: Path):
    data = codecs.BOM_UTF8 + "a = 'ü'\r\nb\rc\n\n".encode()
    (tmp_path / "a.py").write_bytes(data)
    source = read_source(tmp_path / "a.py", max_bytes=MAX_BYTES)
    assert source.document.text == "a = 'ü'\r\nb\rc\n\n"
    assert source.document.language_id == "python"
    assert data == source.encode(source.document.text)


@pytest.mark.parametrize(
    ("make", "part"),
    [
        (os.mkfifo, "is not a regular file"),
        (lambda path: path.write_bytes(b"caf\xe9\n"), r"is not UTF-8 \(line 1\)"),
        (lambda path: path.symlink_to(path), "cannot be read"),
    ],
    ids=["pipe", "latin-1", "loop"],
)
def test_an_unreadable_file_is_reported(tmp_path: Path, make, part):
    path = tmp_path / "file.py"
    make(path)
    with pytest.raises(FileUnreadable, match=part) as caught:
        read_source(path, max_bytes=MAX_BYTES)
    assert str(path) in str(caught.value)


def test_the_workspace_is_the_nearest_folder_with_a_mark(tmp_path: Path):
    """A repository (no empty or damaged `.git`) or settings; without either, the file's own folder."""
    inner = tmp_path / "repository" / "src" / "app"
    inner.mkdir(parents=True)
    assert inner == workspace_of(inner / "a.py")
    (tmp_path / "repository" / ".git" / "objects").mkdir(parents=True)
    assert inner == workspace_of(inner / "a.py")
    (tmp_path / "repository" / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    assert workspace_of(inner / "a.py") == tmp_path / "repository"
    (tmp_path / "repository" / "src" / ".homebody.toml").touch()
    assert workspace_of(inner / "a.py") == tmp_path / "repository" / "src"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"a\0b", "is a binary file"),
        (b"x = 1\n\xff", "not UTF-8 \\(line 2\\)"),
        (b"-----BEGIN RSA PRIVATE KEY-----\n", "holds a private key"),
    ],
    ids=["binary", "latin-1", "private key"],
)
def test_the_standard_input_passes_the_rules_of_files(data: bytes, reason: str):
    with pytest.raises(FileUnreadable, match=f"The standard input {reason}|The standard input is {reason}"):
        source_of(data, Path("a.py"))

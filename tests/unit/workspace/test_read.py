"""Reading one file: the text as it is, or one sentence why not."""

import subprocess
import sys

import pytest

from homebody.errors import FileUnreadable
from homebody.workspace.files import read_document

_READ_AS_NOBODY = """
import os, pathlib, sys
from homebody.errors import FileUnreadable
from homebody.workspace.files import read_document
if os.geteuid() == 0:
    os.setuid(65534)
try:
    read_document(pathlib.Path(sys.argv[1]), max_bytes=1000)
except FileUnreadable as error:
    print(error)
"""
LIMIT = 1000


def test_text_comes_as_it_is_on_disk(tmp_path):
    path = tmp_path / "a.py"
    path.write_bytes("\ufeffa = 1\r\nb = 2\rc = 3\nd = 'ö😀'".encode())
    document = read_document(path, max_bytes=LIMIT)
    assert document.text == "\ufeffa = 1\r\nb = 2\rc = 3\nd = 'ö😀'"
    assert (document.language_id, document.version, document.line_count) == ("python", 0, 4)
    assert document.uri == path.as_uri()


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("binary.py", b"a\0b", "is a binary file"),
        ("latin.py", b"a\nb = '\xff'\n", "is not UTF-8 (line 2)"),
        ("utf16.py", "a".encode("utf-16"), "is a binary file"),
        ("large.py", b"x" * (LIMIT + 1), "raise context.maxFileBytes"),
        (".env", b"A=1", "is on the list of files that hold secrets"),
        ("notes.txt", b"-----BEGIN RSA PRIVATE KEY-----\n", "holds a private key"),
    ],
)
def test_a_file_that_cannot_be_served_is_reported_in_one_sentence(tmp_path, name, data, says):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(FileUnreadable) as result:
        read_document(tmp_path / name, max_bytes=LIMIT)
    sentence = str(result.value)
    assert sentence.startswith(str(tmp_path / name))
    assert says in sentence
    assert sentence.endswith(".")


def test_a_file_without_permission_is_reported(tmp_path):
    path = tmp_path / "a.py"
    path.write_text("")
    path.chmod(0)
    # Root reads everything, so the question is asked by a process that gives root up.
    ended = subprocess.run(
        [sys.executable, "-P", "-c", _READ_AS_NOBODY, path], capture_output=True, text=True, check=True
    )
    assert "cannot be read (Permission denied)" in ended.stdout

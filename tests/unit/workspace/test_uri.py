"""Paths and URIs."""

import os
from pathlib import Path

import pytest

from homebody.workspace.uri import of_nearest_folder, path_of, uri_of


@pytest.mark.skipif(os.name == "nt", reason="POSIX paths")
@pytest.mark.parametrize("path", ["/a/b.py", "/a b/ö#?%.py", "/C:/x"])
def test_a_path_comes_back_from_its_uri(path):
    assert Path(path) == path_of(uri_of(Path(path)))


@pytest.mark.parametrize(
    "uri",
    [
        *("untitled:Untitled-1", "vscode-notebook-cell:/a.ipynb#W0", "", "http://x/y"),
        *("file:///a%00b", "file://[", "file:"),
    ],
)
def test_only_file_uris_have_a_path(uri):
    assert path_of(uri) is None


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("file:///w/app.py", "outer"),
        ("file:///w/part/deep/app.py", "inner"),
        ("file:///elsewhere/app.py", None),
        ("untitled:Untitled-1", None),
    ],
)
def test_the_innermost_folder_of_a_file_counts(uri: str, expected: str | None):
    values = {Path("/w"): "outer", Path("/w/part"): "inner"}
    assert expected == of_nearest_folder(values, uri)

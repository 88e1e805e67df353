"""The workspace's folders, as clients name them."""

from pathlib import Path

import pytest
from lsprotocol import types

from homebody.lsp.configuration import folders_of, paths_of


def _params(**root: object) -> types.InitializeParams:
    return types.InitializeParams(capabilities=types.ClientCapabilities(), **root)


@pytest.mark.parametrize(
    "uri",
    [
        "file:///w/a%00b",
        "file://[",
        "//[",
        "file:",
        "",
        "untitled:x",
        "http://localhost/w",
    ],
)
def test_a_folder_that_cannot_be_is_left_out(uri: str):
    """Such as NUL, other schemes."""
    good = types.WorkspaceFolder(uri="file:///w/good%20one", name="good")
    assert paths_of([types.WorkspaceFolder(uri=uri, name=""), good]) == [Path("/w/good one")]


def test_old_clients_name_one_root():
    folder = types.WorkspaceFolder(uri="file:///w/a", name="a")
    assert folders_of(_params(root_uri="file:///w/b", workspace_folders=[folder])) == [folder]
    assert [found.uri for found in folders_of(_params(root_uri="file:///w/b"))] == ["file:///w/b"]
    assert folders_of(_params()) == []

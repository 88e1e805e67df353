"""Open documents: which texts are kept or ignored, and how edits are applied."""

from lsprotocol import types

from homebody.lsp.documents import Documents
from homebody.text import Span

URI = "file:///a.py"


def _item(text: str, uri: str = URI, version: int = 1) -> types.TextDocumentItem:
    return types.TextDocumentItem(uri=uri, language_id="python", version=version, text=text)


def _whole(text: str) -> types.TextDocumentContentChangeWholeDocument:
    return types.TextDocumentContentChangeWholeDocument(text=text)


def _id(version: int, uri: str = URI) -> types.VersionedTextDocumentIdentifier:
    return types.VersionedTextDocumentIdentifier(version=version, uri=uri)


def test_a_whole_text_is_reported_as_its_smallest_edit():
    """For editors that send the whole text at each key."""
    documents = Documents()
    documents.open(_item("return x\n"))
    (change,) = documents.change(_id(2), [_whole("return xy\n")])
    assert (Span(8, 8), "y") == (change.edit.span, change.edit.new_text)


def test_other_schemes_are_left_alone():
    documents = Documents()
    for scheme in ("git", "output", "vscode-scm", "http"):
        assert documents.open(_item("x", uri=f"{scheme}:/a.py")) is None
    for scheme in ("file", "untitled", "vscode-notebook-cell"):
        assert documents.open(_item("x", uri=f"{scheme}:/a.py")) is not None


def test_huge_and_binary_texts_are_left_alone_until_they_change():
    documents = Documents(max_bytes=4)
    assert documents.open(_item("éé")) is not None
    assert documents.change(_id(2), [_whole("ééé")]) == []
    assert documents.find(URI) is None
    assert documents.change(_id(3), [_whole("a\0")]) == []
    assert documents.change(_id(4), [_whole("ab")]) != []

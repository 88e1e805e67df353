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


def test_a_change_out_of_order_leaves_the_document_alone():
    documents = Documents()
    documents.open(_item("abc", version=5))
    start = types.Position(0, 0)
    change = types.TextDocumentContentChangePartial(range=types.Range(start, start), text="x")
    assert documents.change(_id(4), [change]) == []
    assert documents.find(URI) is None
    documents.change(_id(6), [_whole("abcd")])
    assert documents.find(URI).text == "abcd"


def test_cells_that_are_added_later_belong_to_the_notebook():
    """Which may be excluded; they stand where the editor has them."""
    documents, book = Documents(), "file:///n.ipynb"
    cells = [types.NotebookCell(types.NotebookCellKind.Code, f"untitled:{name}") for name in "abcd"]
    documents.arrange(book, [cell.document for cell in cells[:2]])
    for name in "abcd":
        documents.open(_item(name, f"untitled:{name}"))
    documents.rearrange(book, types.NotebookCellArrayChange(start=1, delete_count=1, cells=cells[2:]))

    assert [document.text for document in documents.cells_beside("untitled:d")] == ["a", "c", "d"]
    assert documents.notebook_by_cell["untitled:d"] == book
    assert documents.cells_beside("untitled:b") == []
    assert documents.close_notebook(book) == ("untitled:a", "untitled:c", "untitled:d")
    assert documents.cells_beside("untitled:d") == []


def test_a_change_that_cannot_be_read_is_reported_once_until_the_whole_text_comes():
    lost = []
    documents = Documents(lost.append)
    documents.open(_item("abc"))
    for _ in range(2):
        documents.lose(URI)
    assert (documents.find(URI), lost) == (None, ["a.py"])
    documents.change(_id(2), [_whole("abcd")])
    assert documents.find(URI).text == "abcd"
    documents.change(_id(1), [])
    assert lost == ["a.py", "a.py"]

"""Open documents: which texts are kept or ignored, and how edits are applied."""

from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from homebody.lsp.convert import from_span
from homebody.lsp.documents import Documents
from homebody.text import Document, Span

URI = "file:///a.py"


def _item(text: str, uri: str = URI, version: int = 1) -> types.TextDocumentItem:
    return types.TextDocumentItem(uri=uri, language_id="python", version=version, text=text)


def _partial(
    text: str, start: tuple[int, int], end: tuple[int, int]
) -> types.TextDocumentContentChangePartial:
    return types.TextDocumentContentChangePartial(
        range=types.Range(types.Position(*start), types.Position(*end)), text=text
    )


def _whole(text: str) -> types.TextDocumentContentChangeWholeDocument:
    return types.TextDocumentContentChangeWholeDocument(text=text)


def _id(version: int, uri: str = URI) -> types.VersionedTextDocumentIdentifier:
    return types.VersionedTextDocumentIdentifier(version=version, uri=uri)


@given(st.data())
def test_edits_give_the_text_that_the_editor_has(data: st.DataObject):
    texts = st.text(alphabet="a\n\r😋é", max_size=20)
    text = data.draw(texts)
    documents = Documents()
    documents.open(_item(text))
    for version in range(2, 2 + data.draw(st.integers(1, 5))):
        new = data.draw(texts)
        if data.draw(st.booleans()):
            # Offsets between "\r" and "\n" have no position, so clients never send one.
            between = [n for n in range(len(text) + 1) if text[n - 1 : n + 1] != "\r\n"]
            start, end = sorted((data.draw(st.sampled_from(between)), data.draw(st.sampled_from(between))))
            reference = Document.create(URI, "python", 0, text)
            change = types.TextDocumentContentChangePartial(
                range=from_span(reference, Span(start, end), "utf-16"), text=new
            )
            text = text[:start] + new + text[end:]
        else:
            change, text = _whole(new), new
        documents.change(_id(version), [change])

        document = documents.find(URI)
        assert (text, version) == (document.text, document.version)
        assert list(Document.create(URI, "python", version, text).line_starts) == list(document.line_starts)


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
    assert documents.change(_id(4), [_partial("x", (0, 0), (0, 0))]) == []
    assert documents.find(URI) is None
    documents.change(_id(6), [_whole("abcd")])
    document = documents.find(URI)
    assert document.text == "abcd"


def _cell(name: str) -> types.NotebookCell:
    return types.NotebookCell(kind=types.NotebookCellKind.Code, document=f"vscode-notebook-cell:{name}")


def _cell_item(name: str, text: str) -> types.TextDocumentItem:
    return _item(text, uri=f"vscode-notebook-cell:{name}")


def test_a_notebooks_cells_are_documents_in_their_order():
    documents = Documents()
    notebook = types.NotebookDocument("file:///n.ipynb", "jupyter", 1, [_cell("a"), _cell("b")])
    opened = documents.open_notebook(
        types.DidOpenNotebookDocumentParams(notebook, [_cell_item("a", "import os"), _cell_item("b", "os.")])
    )
    assert [document.text for document in opened] == ["import os", "os."]

    structure = types.NotebookDocumentCellChangeStructure(
        types.NotebookCellArrayChange(start=1, delete_count=1, cells=[_cell("c"), _cell("d")]),
        did_open=[_cell_item("c", "x"), _cell_item("d", "y")],
        did_close=[types.TextDocumentIdentifier("vscode-notebook-cell:b")],
    )
    content = types.NotebookDocumentCellContentChanges(
        _id(2, "vscode-notebook-cell:c"), [_partial("z", (0, 1), (0, 1))]
    )
    event = types.NotebookDocumentChangeEvent(
        cells=types.NotebookDocumentCellChanges(structure=structure, text_content=[content])
    )
    changes = documents.change_notebook(
        types.DidChangeNotebookDocumentParams(
            types.VersionedNotebookDocumentIdentifier(2, "file:///n.ipynb"), event
        )
    )

    assert [change.after.text for change in changes] == ["xz"]
    assert [uri[-1] for uri in documents.cells_of("file:///n.ipynb")] == ["a", "c", "d"]
    beside = documents.cells_beside("vscode-notebook-cell:d")
    assert [document.text for document in beside] == ["import os", "xz", "y"]
    assert documents.find("vscode-notebook-cell:b") is None

    identifier = types.NotebookDocumentIdentifier("file:///n.ipynb")
    documents.close_notebook(types.DidCloseNotebookDocumentParams(identifier, []))
    assert documents.all() == []
    assert documents.cells_beside("vscode-notebook-cell:a") == []

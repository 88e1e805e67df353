"""The texts that are open in the editor, each stored as an immutable ``Document``.

A text is not available (``find`` returns ``None``) if its scheme is not supported or its URI cannot be
encoded, if it is huge or binary, or if a change was lost or out of order, so that the stored text may differ
from the editor's.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from lsprotocol import types

from homebody.lsp.convert import PositionEncoding, from_lines, to_offset, to_span_within
from homebody.text import Document, TextEdit, smallest_edit
from homebody.workspace.uri import file_name

if TYPE_CHECKING:
    from homebody.audit import LeftOut, Source

SCHEMES = ("file", "untitled", "vscode-notebook-cell")

TextDocumentIdentifier: TypeAlias = (
    types.TextDocumentIdentifier | types.OptionalVersionedTextDocumentIdentifier
)

# Larger texts, in characters, are not stored at all: each keystroke would copy the whole text.
# The user's limit (``context.maxFileBytes``) is checked at each request, since it can change while
# the document is open.
_KEPT_CHARACTERS = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class DocumentChange:
    """One edit, with the document before and after it."""

    before: Document
    edit: TextEdit
    after: Document


@dataclass(slots=True)
class Documents:
    """The open documents. A request's snapshot does not change when the document does.

    ``on_lost`` is called with the name of the file when a change was lost, or arrived after a newer one.
    ``notebook_by_cell`` has the URI of each cell's notebook, also after both are closed: prompts may still
    contain their text.
    """

    on_lost: Callable[[str], None] = lambda _: None
    encoding: PositionEncoding = "utf-16"
    max_bytes: int = 1024 * 1024
    notebook_by_cell: dict[str, str] = field(default_factory=dict[str, str])
    _languages: dict[str, str] = field(default_factory=dict[str, str])
    _texts: dict[str, Document] = field(default_factory=dict[str, Document])
    _notebooks: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])

    def find(self, uri: str) -> Document | None:
        """Snapshot of ``uri``, or ``None`` if it is not open or not available."""
        document = self._texts.get(uri)
        if document is None or len(document.text) > self.max_bytes or "\0" in document.text:
            return None
        return document if len(document.text.encode()) <= self.max_bytes else None

    def source(self, source: "Source") -> dict[str, Any]:
        """Return what went into a prompt, as ``{uri, range, tokens, why}``."""
        return self.unread(source) | {"tokens": source.tokens}

    def unread(self, lines: "Source | LeftOut") -> dict[str, Any]:
        """Return what did not, as ``{uri, range, why}``."""
        place = from_lines(self.find(lines.uri), lines.first_line, lines.last_line, self.encoding)
        return {"uri": lines.uri, "range": place, "why": lines.why}

    def at(self, identifier: TextDocumentIdentifier, position: types.Position) -> tuple[Document, int] | None:
        """Snapshot of a document and the offset of a position in it; ``None`` if one is not available.

        With a ``version``, a document of another one is not.
        """
        document = self.find(identifier.uri)
        if document is None or position.line >= document.line_count:
            return None
        is_asked = getattr(identifier, "version", None) in (None, document.version)
        return (document, to_offset(document, position, self.encoding)) if is_asked else None

    def all(self) -> list[Document]:
        """Every document that ``find`` would find."""
        return [document for uri in self._texts if (document := self.find(uri))]

    def open(self, item: types.TextDocumentItem) -> Document | None:
        """Store the text of an opened document. Return it if it is available."""
        if item.uri.partition(":")[0] not in SCHEMES or "\ufffd" in item.uri:
            return None
        self._languages[item.uri] = language_id = str(item.language_id)
        self._keep(item.uri, Document.create(item.uri, language_id, item.version, item.text))
        return self.find(item.uri)

    def change(
        self,
        identifier: types.VersionedTextDocumentIdentifier,
        changes: Sequence[types.TextDocumentContentChangeEvent],
    ) -> list[DocumentChange]:
        """Apply ``changes`` in order. Return them, if the document is available."""
        uri, version = identifier.uri, identifier.version
        if uri not in self._languages:
            return []
        document = self._texts.get(uri)
        if document is not None and version < document.version:
            # A change older than the last one was made on another text than the stored one.
            document = None
            self.lose(uri)
        done: list[DocumentChange] = []
        for change in changes:
            edit = None if document is None else self._edit(document, change)
            if document is not None and edit is not None:
                done.append(DocumentChange(document, edit, document := document.edited(edit, version)))
            elif isinstance(change, types.TextDocumentContentChangeWholeDocument):
                # After a whole text, the stored text is correct again.
                document = Document.create(uri, self._languages[uri], version, change.text)
        self._keep(uri, document)
        return done if self.find(uri) else []

    def lose(self, *uris: str) -> None:
        """Make texts that may differ from the editor's unavailable, until they arrive whole again."""
        if lost := [uri for uri in uris if self._texts.pop(uri, None) is not None]:
            self.on_lost(file_name(self.notebook_by_cell.get(lost[0], lost[0])))

    def cells_of(self, notebook_uri: str) -> tuple[str, ...]:
        """URIs of a notebook's cells, in their order."""
        return self._notebooks.get(notebook_uri, ())

    def notebooks(self) -> dict[str, list[Document]]:
        """Snapshots of the cells of each notebook, in order, by the notebook's URI."""
        return {uri: self.notebook(uri) for uri in self._notebooks}

    def notebook(self, uri: str) -> list[Document]:
        """Snapshots of a notebook's cells, in order; empty if it is not open."""
        return [document for document in map(self.find, self.cells_of(uri)) if document is not None]

    def close(self, uri: str) -> None:
        """Drop a closed document."""
        self._languages.pop(uri, None)
        self._texts.pop(uri, None)

    def cells_beside(self, cell_uri: str) -> list[Document]:
        """Snapshots of all cells of the notebook that contains this one, in order."""
        uri = self.notebook_by_cell.get(cell_uri, "")
        return self.notebook(uri) if cell_uri in self.cells_of(uri) else []

    def arrange(self, notebook_uri: str, cells: Sequence[str]) -> None:
        """Store the order of a notebook's cells."""
        self._notebooks[notebook_uri] = tuple(cells)
        self.notebook_by_cell |= dict.fromkeys(cells, notebook_uri)

    def rearrange(self, notebook_uri: str, array: types.NotebookCellArrayChange) -> None:
        """Apply a change of the order of a notebook's cells."""
        if notebook_uri in self._notebooks:
            cells = list(self._notebooks[notebook_uri])
            new = [cell.document for cell in array.cells or ()]
            cells[array.start : array.start + array.delete_count] = new
            self.arrange(notebook_uri, cells)

    def close_notebook(self, notebook_uri: str) -> tuple[str, ...]:
        """Forget a notebook. Return the URIs of its cells, which are still open."""
        return self._notebooks.pop(notebook_uri, ())

    def _keep(self, uri: str, document: Document | None) -> None:
        if document is None or len(document.text) > _KEPT_CHARACTERS:
            self._texts.pop(uri, None)
        else:
            self._texts[uri] = document

    def _edit(self, document: Document, change: types.TextDocumentContentChangeEvent) -> TextEdit:
        if isinstance(change, types.TextDocumentContentChangePartial):
            return TextEdit(to_span_within(document, change.range, self.encoding), change.text)
        return smallest_edit(document.text, change.text)

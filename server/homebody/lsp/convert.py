"""LSP's positions and ranges to offsets and spans, and back.

The only module that knows UTF-16 and UTF-8 columns.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from lsprotocol import types

from homebody.errors import PositionOutOfRange
from homebody.text import Document, Span, TextEdit

PositionEncoding: TypeAlias = Literal["utf-8", "utf-16", "utf-32"]

_CODECS: Mapping[PositionEncoding, tuple[str, int]] = {
    "utf-8": ("utf-8", 1),
    "utf-16": ("utf-16-le", 2),
    "utf-32": ("utf-32-le", 4),
}
"""Python's name of each encoding, and the bytes of its unit."""


def to_offset(document: Document, position: types.Position, encoding: PositionEncoding) -> int:
    """Offset of ``position``; a column past the line's end means its end, as in LSP.

    A column inside a character (half of a surrogate pair) means that character's start, a line past the
    document's end its end.
    """
    line = position.line
    if line >= document.line_count:
        return len(document.text)
    text = document.line_text(line)
    codec, width = _CODECS[encoding]
    # Half of a character at the end is left out.
    before = text.encode(codec, "replace")[: position.character * width].decode(codec, "ignore")
    return document.line_starts[line] + len(before)


def to_span(document: Document, lsp_range: types.Range, encoding: PositionEncoding) -> Span:
    """Span of ``lsp_range``; an end past the document, as of a last whole line, means its end.

    Raises
    ------
    PositionOutOfRange
        The range begins past the document's end.

    """
    if (line := lsp_range.start.line) >= document.line_count:
        message = (
            f"Line {line + 1} is past the end: the document has {document.line_count} lines; ask again "
            "once the editor has sent its last changes."
        )
        raise PositionOutOfRange(message)
    return to_span_within(document, lsp_range, encoding)


def to_span_within(document: Document, lsp_range: types.Range, encoding: PositionEncoding) -> Span:
    """Span of ``lsp_range``, cut to the document."""
    start = to_offset(document, lsp_range.start, encoding)
    return Span(start, max(start, to_offset(document, lsp_range.end, encoding)))


def from_offset(document: Document, offset: int, encoding: PositionEncoding) -> types.Position:
    """Position of ``offset``."""
    line, column = document.position_of(offset)
    codec, width = _CODECS[encoding]
    before = document.text[offset - column : offset].encode(codec, "replace")
    return types.Position(line, len(before) // width)


def from_span(document: Document, span: Span, encoding: PositionEncoding) -> types.Range:
    """Range of ``span``."""
    return types.Range(
        start=from_offset(document, span.start, encoding),
        end=from_offset(document, span.end, encoding),
    )


def from_lines(document: Document | None, first: int, last: int, encoding: PositionEncoding) -> types.Range:
    """Range of the whole lines ``first`` to ``last``, inclusive, as far as the document has them.

    If the document is not open, the range ends at the start of the next line.
    """
    if document is None:
        return types.Range(start=types.Position(first, 0), end=types.Position(last + 1, 0))
    bottom = document.line_count - 1
    start = document.line_starts[min(first, bottom)]
    return from_span(document, Span(start, document.line_span_with_end(min(last, bottom)).end), encoding)


def from_edits(
    document: Document, edits: Sequence[TextEdit], encoding: PositionEncoding
) -> list[types.TextEdit]:
    """Convert to LSP's text edits, in document order, all for this version."""
    ordered = sorted(edits, key=lambda edit: edit.span)
    return [
        types.TextEdit(range=from_span(document, edit.span, encoding), new_text=edit.new_text)
        for edit in ordered
    ]

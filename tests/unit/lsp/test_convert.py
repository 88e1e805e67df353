"""LSP positions, compared with a reference that counts units character by character."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from homebody.errors import PositionOutOfRange
from homebody.lsp.convert import (
    PositionEncoding,
    from_offset,
    to_offset,
    to_span,
)
from homebody.text import Document, Span

ENCODINGS: tuple[PositionEncoding, ...] = ("utf-8", "utf-16", "utf-32")
_CODECS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}

texts = st.text(alphabet=st.sampled_from("ab\n\ré𐐷😋\u2028"), max_size=30)


def _units(text: str, encoding: PositionEncoding) -> int:
    codec, width = _CODECS[encoding]
    return len(text.encode(codec)) // width


def _document(text: str) -> Document:
    return Document.create("file:///a.py", "python", 1, text)


@given(texts, st.sampled_from(ENCODINGS), st.data())
def test_offsets_become_what_the_encoding_counts(text: str, encoding: PositionEncoding, data: st.DataObject):
    document = _document(text)
    offset = data.draw(st.integers(0, len(text)))
    line, column = document.position_of(offset)
    before = text[offset - column : offset]
    assert types.Position(line, _units(before, encoding)) == from_offset(document, offset, encoding)


@given(texts, st.sampled_from(ENCODINGS), st.integers(0, 5), st.integers(0, 200))
def test_any_position_on_a_line_is_the_start_of_the_character_it_falls_in(
    text: str, encoding: PositionEncoding, line: int, character: int
):
    document = _document(text)
    line = min(line, document.line_count - 1)
    content = document.line_text(line)
    expected = max(n for n in range(len(content) + 1) if _units(content[:n], encoding) <= character)
    offset = to_offset(document, types.Position(line, character), encoding)
    assert document.line_starts[line] + expected == offset


def test_a_line_past_the_end_is_refused_with_what_to_do():
    with pytest.raises(PositionOutOfRange, match="Line 9 is past the end: the document has 2 lines"):
        to_span(_document("a\nb"), types.Range(types.Position(8, 0), types.Position(9, 0)), "utf-16")


def test_a_range_may_end_behind_the_last_line():
    whole = types.Range(types.Position(1, 0), types.Position(2, 0))
    assert Span(2, 3) == to_span(_document("a\nb"), whole, "utf-16")

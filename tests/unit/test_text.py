"""Documents stay right under edits, whatever the line ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homebody.errors import PositionOutOfRange
from homebody.text import Document, Span, TextEdit, apply_edits, common_start, smallest_edit

TEXT = st.text(alphabet="ab \r\né😀", max_size=40)


def _make(text: str) -> Document:
    return Document.create("file:///a.py", "python", 0, text)


@given(text=TEXT, data=st.data())
def test_edits_one_after_the_other_index_lines_as_if_from_scratch(text, data):
    document = _make(text)
    for version in range(1, data.draw(st.integers(2, 8))):
        start = data.draw(st.integers(0, len(document.text)))
        end = data.draw(st.integers(start, min(start + 5, len(document.text))))
        document = document.edited(TextEdit(Span(start, end), data.draw(TEXT)), version)
        fresh = _make(document.text)
        offsets = range(len(document.text) + 1)
        assert list(fresh.line_starts) == list(document.line_starts)
        assert fresh.line_starts[-1] == document.line_starts[-1]
        assert [fresh.line_of(offset) for offset in offsets] == [document.line_of(o) for o in offsets]


@given(text=TEXT, data=st.data())
def test_positions_and_offsets_agree(text, data):
    document = _make(text)
    offset = data.draw(st.integers(0, len(text)))
    line, column = document.position_of(offset)
    assert min(offset, document.line_span(line).end) == document.offset_at(line, column)


def test_a_line_past_the_end_is_refused():
    with pytest.raises(PositionOutOfRange, match="Line 3 is past the end: the document has 2 lines"):
        _make("a\nb").offset_at(2, 0)


def test_an_edit_outside_the_text_is_refused():
    with pytest.raises(PositionOutOfRange, match="lies outside"):
        _make("ab").edited(TextEdit(Span(1, 3), ""), 1)


@given(one=st.text(alphabet="ab", max_size=50), other=st.text(alphabet="ab", max_size=50))
def test_the_common_beginning_is_the_longest_one(one, other):
    length = common_start(one, other)
    assert one[:length] == other[:length]
    assert length == min(len(one), len(other)) or one[length] != other[length]


@given(old=st.text(alphabet="ab", max_size=30), new=st.text(alphabet="ab", max_size=30))
def test_the_smallest_edit_makes_one_text_of_the_other(old, new):
    edit = smallest_edit(old, new, at=3)
    removed = old[edit.span.start - 3 : edit.span.end - 3]
    assert apply_edits("---" + old, [edit]) == "---" + new
    assert not removed or removed[0] != edit.new_text[:1]
    assert not removed or removed[-1] != edit.new_text[-1:]

"""Documents stay right under edits, whatever the line ends."""

from hypothesis import given
from hypothesis import strategies as st

from homebody.text import Document, Span, TextEdit, apply_edits, smallest_edit

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


@given(old=st.text(alphabet="ab", max_size=30), new=st.text(alphabet="ab", max_size=30))
def test_the_smallest_edit_makes_one_text_of_the_other(old, new):
    edit = smallest_edit(old, new, at=3)
    removed = old[edit.span.start - 3 : edit.span.end - 3]
    assert apply_edits("---" + old, [edit]) == "---" + new
    assert not removed or removed[0] != edit.new_text[:1]
    assert not removed or removed[-1] != edit.new_text[-1:]

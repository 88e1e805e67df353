"""Hunks turn the old text into exactly the new one and touch nothing else."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from homebody.postprocess.edit.hunks import hunks
from homebody.postprocess.lines import fit_line_ends
from homebody.text import Document, Span, TextEdit, apply_edits

LINES = st.lists(st.sampled_from(["a", "b", "  a", "\tb", "}", "", "x = 1", "é😀"]), max_size=30)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])
TEXTS = st.builds(
    lambda lines, end, last: end.join(lines) + last, LINES, ENDS, st.sampled_from(["", "\n", "\r\n"])
)
WILD = st.text(alphabet="ab \t\r\n}\x0c\u2028😀", max_size=40)


@given(old=TEXTS | WILD, new=TEXTS | WILD)
def test_applied_hunks_give_exactly_the_new_text(old, new):
    assert apply_edits(old, hunks(old, new)) == new


@given(old=TEXTS | WILD, new=TEXTS | WILD)
def test_hunks_are_in_order_and_do_not_touch(old, new):
    spans = [edit.span for edit in hunks(old, new)]
    assert all(before.end < after.start for before, after in pairwise(spans))


@given(old=TEXTS | WILD, new=TEXTS | WILD)
def test_no_hunk_splits_a_crlf(old, new):
    """LSP cannot express a position between the two characters."""
    for edit in hunks(old, new):
        for offset in (edit.span.start, edit.span.end):
            assert old[max(0, offset - 1) : offset + 1] != "\r\n"


@given(old=TEXTS, new=TEXTS)
def test_line_ends_of_the_file_are_kept(old, new):
    document = Document.create("file:///a", "python", 1, old)
    result = fit_line_ends(new, old=old, newline=document.newline)
    ends_before = {end for end in ("\r\n", "\n", "\r") if end in old.replace("\r\n", "\0")} | (
        {"\r\n"} if "\r\n" in old else set()
    )
    ends_after = {end for end in ("\n", "\r") if end in result.replace("\r\n", "\0")} | (
        {"\r\n"} if "\r\n" in result else set()
    )
    assert not old or not ends_before or ends_after <= ends_before
    assert not old or not new or result.endswith(("\n", "\r")) == old.endswith(("\n", "\r"))


def check(old: str, new: str, expected: list[tuple[int, int, str]]):
    assert hunks(old, new) == [TextEdit(Span(start, end), text) for start, end, text in expected]


def test_mixed_line_ends_stay_where_lines_stay():
    old = "a\r\nb\nc\r\n"
    assert fit_line_ends("a\nx\nb\nc\n", old=old, newline="\r\n") == "a\r\nx\r\nb\nc\r\n"


def test_a_changed_word_is_the_only_thing_replaced():
    check("a\nx = foo(1)\nb\n", "a\nx = bar(1)\nb\n", [(6, 9, "bar")])


def test_a_large_file_of_equal_lines_is_done():
    old = "}\n{\n" * 20_000
    new = "{\n}\n" * 20_000 + "end\n"
    assert apply_edits(old, hunks(old, new)) == new

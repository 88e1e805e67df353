"""User text that looks like a control token stays out of prompts that are sent as strings."""

from hypothesis import given
from hypothesis import strategies as st

from homebody.context.markers import before_cursor, first_marker, without_marked_lines

_SPECIAL = frozenset({"<|im_start|>", "<|im_end|>"})


def test_of_the_cursors_line_the_part_behind_the_marker_stays():
    cleaned = before_cursor("a\nx = '<|im_start|>' + ", _SPECIAL)
    assert (cleaned.text, cleaned.lines) == ("a\n' + ", (1,))


@given(st.lists(st.sampled_from(["a", "\n", "<|im_start|>", "<|", "im_end|>", " "]), max_size=30))
def test_no_marker_is_ever_left(parts):
    text = "".join(parts)
    for cleaned in (without_marked_lines(text, _SPECIAL), before_cursor(text, _SPECIAL)):
        assert first_marker(cleaned.text, _SPECIAL) is None
        if first_marker(text, _SPECIAL) is None:
            assert (cleaned.text, cleaned.lines) == (text, ())

"""The window around the cursor fits, and rarely moves."""

from hypothesis import given
from hypothesis import strategies as st

from homebody.context.window import Keep, line_anchor, window
from homebody.text import Document, Span


def _count(text: str) -> int:
    return len(text)


def _make(lines: list[str]) -> Document:
    return Document.create("file:///a.py", "python", 0, "\n".join(lines))


def test_the_window_stays_while_the_user_types():
    lines = [f"line_{n} = {n}" for n in range(400)]
    starts: list[int] = []
    keep: Keep | None = None
    for last in range(200, 320):
        document = _make(lines[:last])
        end = len(document.text)
        start = window(document, Span(end, end), 1500, 0.0, _count, keep=keep).prefix.start
        keep = Keep(start, 2250)
        starts.append(start)
    assert len(set(starts)) <= 4


@given(text=st.text(alphabet="ab (é", min_size=1, max_size=600), tokens=st.integers(1, 100))
def test_the_text_that_counts_as_typed_is_bounded(text, tokens):
    anchor = line_anchor(text, Span(0, len(text)), tokens, _count)
    assert 0 <= anchor < len(text)
    assert _count(text[anchor:]) <= tokens
    assert (anchor == 0) == (_count(text) <= tokens)

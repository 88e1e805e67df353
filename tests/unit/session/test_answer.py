"""What is left of an answer once a part of it was typed."""

from hypothesis import given
from hypothesis import strategies as st

from homebody.backend.base import Piece
from homebody.session.result_cache import AnswerState, StoredAnswer, Suggestion

_PIECES = st.lists(st.text(alphabet="ab \n", min_size=1, max_size=4), max_size=8)


def _stored(pieces, state=AnswerState.COMPLETE) -> StoredAnswer:
    return StoredAnswer(tuple(Piece(text, -0.5) for text in pieces), state, wanted="block")


@given(pieces=_PIECES, data=st.data())
def test_typed_text_is_removed_from_the_start_of_the_answer(pieces, data):
    whole = "".join(pieces)
    cut = data.draw(st.integers(0, len(whole)))
    rest = _stored(pieces).after(whole[:cut])
    assert rest.text == whole[cut:]
    assert all(piece.text for piece in rest.pieces)


@given(pieces=_PIECES)
def test_whole_lines_end_at_a_line_end(pieces):
    whole = "".join(pieces)
    lines = _stored(pieces).whole_lines()
    finished = whole[: whole.rfind("\n") + 1]
    assert (lines.text if lines else None) == (finished if finished.strip() else None)


def test_a_suggestion_ends_where_nothing_visible_is_left():
    shown = Suggestion("a b \n", 0.9, None)
    assert shown.after("a ") == Suggestion("b \n", 0.9, None)
    assert shown.after("a b") is None
    assert shown.after("b") is None

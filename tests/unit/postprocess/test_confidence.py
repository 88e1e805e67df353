"""The confidence of an answer, and when a low confidence ends its stream."""

import math

import pytest

from homebody.backend.base import Piece
from homebody.postprocess.ghost.confidence import ConfidenceGate, confidence, looks_wrong
from homebody.syntax.cursor import cursor_context
from homebody.syntax.tree import Tree
from homebody.text import Document


def _fed(least: float, *pieces: tuple[str, float]) -> list[bool]:
    gate = ConfidenceGate(least)
    return [gate.feed(Piece(text, math.log(probability))) for text, probability in pieces]


def test_a_long_line_needs_more_confidence_per_token_than_a_short_one():
    """The confidence is between the mean token's probability and the whole line's."""

    def of(tokens: int) -> float | None:
        return confidence([Piece("x", math.log(0.7))] * tokens, 0, tokens)

    assert of(1) == pytest.approx(0.7)
    assert of(4) == pytest.approx(0.7**2)
    assert of(9) == pytest.approx(0.7**3)


def test_pieces_elsewhere_and_blanks_do_not_count():
    """Without probabilities there is no confidence."""
    pieces = [Piece("a", -1.0), Piece(" ", -50.0), Piece("b", -3.0), Piece("\n", -50.0), Piece("c", -9.0)]
    assert confidence(pieces, 0, 3) == pytest.approx(math.exp(-4 / math.sqrt(2)))
    assert confidence([Piece("a")], 0, 1) is None
    assert confidence(pieces, 7, 9) is None


def test_a_line_that_cannot_reach_the_threshold_any_more_ends_the_stream():
    """Even if the rest of the line had probability 1."""
    assert _fed(0.4, *[("x ", 0.05)] * 3) == [True, False, False]


@pytest.mark.parametrize("pieces", [[("x ", 0.5)] * 4, [("x ", 0.9)] * 40])
def test_a_line_that_may_still_reach_the_threshold_is_read_on(pieces):
    """The stream continues while the threshold is still possible."""
    assert all(_fed(0.4, *pieces))


def test_only_the_first_line_counts():
    """Blank lines before it are no line, and what follows it is not judged."""
    assert all(_fed(0.4, ("\n    ", 0.01), ("x = 1", 0.9), ("\n", 0.9), *[("y", 0.01)] * 9))


def test_without_a_threshold_no_stream_is_ended():
    """Every suggestion is shown then."""
    assert all(_fed(0.0, *[("x ", 1e-9)] * 50))


def test_an_ordinary_line_does_not_look_wrong():
    """Without probabilities, only obvious signs count."""
    document = Document.create("file:///a", "python", 1, "x = ")
    cursor = cursor_context(document, Tree.blank(document), 4)
    assert not looks_wrong("sum(values)", cursor)
    assert looks_wrong("'open", cursor)

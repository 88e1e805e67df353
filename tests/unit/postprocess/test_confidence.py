"""How sure an answer is, and when it is given up."""

import math

import pytest

from homebody.backend.base import Piece
from homebody.postprocess.confidence import Hope


def _fed(least: float, *pieces: tuple[str, float]) -> list[bool]:
    hope = Hope(least)
    return [hope.feed(Piece(text, math.log(probability))) for text, probability in pieces]


def test_a_line_that_cannot_be_sure_enough_any_more_is_given_up():
    """Even if it were certain from there on."""
    assert _fed(0.7, *[("x ", 0.05)] * 3) == [True, False, False]


@pytest.mark.parametrize("pieces", [[("x ", 0.3)] * 4, [("x ", 0.71)] * 40])
def test_a_doubtful_line_is_heard_out(pieces):
    """As long as it may still come to the threshold."""
    assert all(_fed(0.7, *pieces))


def test_only_the_first_line_counts():
    """Blank lines before it are no line, and what follows it is not judged."""
    assert all(_fed(0.7, ("\n    ", 0.01), ("x = 1", 0.9), ("\n", 0.9), *[("y", 0.01)] * 9))


def test_without_a_threshold_there_is_always_hope():
    """Nothing is held back then."""
    assert all(_fed(0.0, *[("x ", 1e-9)] * 50))

"""The confidence of an answer, and when a low confidence ends its stream."""

import math
from collections.abc import Sequence

import pytest

from homebody.backend.base import Piece
from homebody.postprocess.ghost.confidence import ConfidenceGate, confidence
from homebody.postprocess.ghost.finish import Finished, finish
from homebody.syntax.cursor import CursorContext, cursor_context
from homebody.syntax.tree import Tree
from homebody.text import Document


def _cursor(before: str) -> CursorContext:
    document = Document.create("file:///a", "python", 1, before)
    return cursor_context(document, Tree.blank(document), len(before))


def _confidence(pieces: Sequence[Piece], line: str, before: str = "y = ") -> float | None:
    start = "".join(piece.text for piece in pieces).find(line)
    return confidence(pieces, start, start + len(line), _cursor(before))


def test_a_long_line_needs_more_confidence_per_token_than_a_short_one():
    one, eight, many = (_confidence([Piece("x", math.log(0.7))] * n, "x" * n) for n in (1, 8, 27))
    assert eight == pytest.approx(one**4)
    assert many == pytest.approx(one**9)


@pytest.mark.parametrize(
    ("pieces", "line", "tokens"),
    [
        pytest.param("a|b|c", "b", [1], id="the line alone"),
        pytest.param("a| |b|c", "a b", [0, 1, 2], id="blanks in the line"),
        pytest.param("\n    |a|b", "ab", [0, 1, 2], id="the line break before it"),
        pytest.param("a|b|\n  |c", "ab", [0, 1, 2], id="the line break after it"),
        pytest.param("a|\n  |b|\n|c", "b", [1, 2, 3], id="both"),
        pytest.param("a|b)|c", "ab", [0, 1], id="a piece that reaches beyond the line"),
        pytest.param("a|)|b", "a", [0], id="a line that is cut"),
    ],
)
def test_the_tokens_of_a_line_and_of_the_line_breaks_around_it_count(pieces, line, tokens):
    texts = pieces.split("|")
    all_of_them = [Piece(text, -(2.0**-n)) for n, text in enumerate(texts)]
    those = [Piece("x", all_of_them[n].logprob) for n in tokens]
    assert _confidence(all_of_them, line) == pytest.approx(_confidence(those, "x" * len(tokens)))


@pytest.mark.parametrize(
    ("before", "text", "is_rest"), [("sel", "f", True), ("foo(", "self", False), ("self", ".x", False)]
)
def test_a_token_that_continues_a_typed_word_counts_less(before, text, is_rest):
    found = _confidence([Piece(text, math.log(0.2))], text, before)
    assert is_rest == (found > 0.5)


@pytest.mark.parametrize(
    ("before", "answer", "factor"), [("x = ", "y", 1.0), ("x = 1", "\ny", 0.8), ("", "y", 0.9)]
)
def test_a_line_that_begins_here_needs_more_confidence(before, answer, factor):
    document = Document.create("file:///a", "python", 1, before)
    pieces = [Piece(answer, -0.1)]
    shown = finish(document, len(before), answer, _cursor(before), pieces=pieces, wanted="line")
    assert shown.probability == pytest.approx(factor * _confidence([Piece("y", -0.1)], "y"))


@pytest.mark.parametrize(
    ("before", "answer"), [("x = 1", "\n|y = 2"), ("", "y = 2"), ("y = ", "2"), ("sel", "f.y")]
)
def test_the_gate_reads_on_what_is_shown(before, answer):
    pieces = [Piece(text, math.log(0.8)) for text in answer.split("|")]
    document = Document.create("file:///a", "python", 1, before)
    cursor = cursor_context(document, Tree.blank(document), len(before))
    text = "".join(piece.text for piece in pieces)
    found = finish(document, len(before), text, cursor, pieces=pieces, wanted="line")
    assert isinstance(found, Finished)
    gate = ConfidenceGate(found.probability, cursor)
    assert all(gate.feed(piece) for piece in pieces)

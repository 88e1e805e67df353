"""Counting without requests."""

from pathlib import Path

import homebody
from homebody.context.tokens import TokenCounts, estimate


def test_lines_that_were_counted_are_exact():
    """The server's count replaces the estimate, line by line."""
    counts = TokenCounts()
    counts.learn(["a = 1\n", "b\n"], [7, 9])
    assert counts.count("a = 1\nb\n") == 16


def test_only_new_lines_are_asked_for_and_each_once():
    """An idle moment costs one call for what is new."""
    counts = TokenCounts()
    counts.learn(["a\n"], [1])
    assert counts.unknown(["a\nb\n", "b\nc"]) == ["b\n", "c"]


def test_a_higher_count_corrects_the_estimate_at_once():
    """A prompt must not exceed the estimate twice."""
    counts = TokenCounts()
    text = "value = compute(argument)\n" * 20
    guessed = counts.count(text)
    counts.learn_total(text, guessed * 2)
    assert counts.count(text) >= guessed * 2


def test_a_lower_count_corrects_it_slowly():
    """One low count does not prove that the estimate is too high."""
    counts = TokenCounts()
    text = "value = compute(argument)\n" * 20
    guessed = counts.count(text)
    counts.learn_total(text, guessed // 2)
    assert guessed // 2 < counts.count(text) <= guessed


def test_the_estimate_is_bounded_by_the_characters():
    """Every token of ASCII text has at least one character."""
    for path in Path(homebody.__file__).parent.rglob("*.py"):
        text = path.read_text("utf-8")
        if text.isascii():
            assert estimate(text) <= len(text), path

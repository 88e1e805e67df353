"""Traces, holes and intervals of the benchmarks."""

import ast
from collections import Counter
from pathlib import Path

import pytest

from measure.holes import KINDS, choose_regions, without_rest
from measure.interval import difference, ratio
from measure.trace import Passage, make_trace

_SOURCE = Path(ast.__file__)


@pytest.mark.parametrize("seed", [None, 1])
def test_a_trace_ends_with_the_file_as_it_was(seed):
    passages = [Passage(_SOURCE, "python", 60, 12), Passage(_SOURCE, "python", 400, 10)]
    trace = make_trace("x", passages, seed=seed)
    [document] = trace.documents
    for step in trace.steps:
        if step.edit is not None:
            document = document.edited(step.edit, document.version + 1)
    assert document.text == _SOURCE.read_text("utf-8")
    assert trace.pauses == sum(bool(line.strip()) for text in trace.typed for line in text.splitlines())


def test_holes_are_taken_from_each_third_and_hold_the_original_text():
    regions = choose_regions([_SOURCE], 12, seed=2)
    holes = [hole for region in regions for hole in region.holes]
    assert Counter(hole.kind for hole in holes) == dict.fromkeys(KINDS, 4)
    for hole in holes:
        text = without_rest(regions[0].text, hole)
        assert text[: hole.offset] + hole.line + text[hole.offset :] == regions[0].text


def test_an_interval_holds_the_value_and_widens_for_few_groups():
    pair = [(0.0, 1.0), (1.0, 1.0), (0.0, 0.0), (1.0, 1.0)]
    few, many = difference([pair, pair[:2]]), difference([pair] * 50)
    assert many.low <= many.value <= many.high
    assert few.high - few.low > many.high - many.low
    assert ratio([pair] * 10).value == 1.5

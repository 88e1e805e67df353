"""Which candidates of other places go in: best first, each once, none that repeats what is there.

In: candidates in the order of their worth. Out: those that fit, in a stable order, so that
consecutive prompts begin alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from homebody.audit import LeftOut, Source
from homebody.context.window import Count
from homebody.syntax.chunk import Candidate


@dataclass(frozen=True, slots=True)
class Ranked:
    """Chosen candidates with their tokens, and what did not fit."""

    chosen: tuple[tuple[Candidate, int], ...]
    left_out: tuple[LeftOut, ...]
    tokens: int


def choose(candidates: Sequence[Candidate], tokens: int, count: Count, around: Source) -> Ranked:
    """Take candidates while they fit ``tokens``; a smaller one may follow one that does not fit.

    ``around`` are the lines that the prompt shows anyway. The chosen ones are ordered by file and
    line, not by worth: an order that does not change when the worths do.
    """
    chosen: list[tuple[Candidate, int]] = []
    left_out: list[LeftOut] = []
    used = 0
    for candidate in candidates:
        if _repeats(candidate, around) or any(_overlap(candidate, other) for other, _ in chosen):
            continue
        # A path of up to four parts stands in front of it, and a marker or two.
        cost = count(candidate.text) + count("/".join(candidate.uri.split("/")[-4:])) + 4
        if used + cost > tokens:
            why = f"{candidate.why}; did not fit"
            left_out.append(LeftOut(candidate.uri, candidate.first_line, candidate.last_line, why))
            continue
        used += cost
        chosen.append((candidate, cost))
    chosen.sort(key=lambda item: (item[0].uri, item[0].first_line))
    return Ranked(tuple(chosen), tuple(left_out), used)


def _repeats(candidate: Candidate, around: Source) -> bool:
    return candidate.uri == around.uri and _lines_meet(
        candidate.first_line, candidate.last_line, around.first_line, around.last_line
    )


def _overlap(one: Candidate, other: Candidate) -> bool:
    return one.uri == other.uri and _lines_meet(
        one.first_line, one.last_line, other.first_line, other.last_line
    )


def _lines_meet(first: int, last: int, other_first: int, other_last: int) -> bool:
    return first <= other_last and other_first <= last

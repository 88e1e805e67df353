"""Choose candidates from other files: best first, without duplicates of each other or of the prompt.

They are in a stable order, so that consecutive prompts have a common beginning.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from homebody.audit import LeftOut, Source
from homebody.context.window import Count
from homebody.syntax.chunk import Candidate

CELL_ABOVE = "cell above"
"""Why a cell of the same notebook is a candidate; these stay in the notebook's order."""

_REPEATED = 0.8
"""A candidate is a duplicate if at least this share of its lines is in the prompt already."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """Chosen candidates with the tokens of their text, and the candidates that were not chosen.

    ``tokens`` is the part of the budget that the chosen ones use, including their paths and markers.
    """

    chosen: tuple[tuple[Candidate, int], ...]
    left_out: tuple[LeftOut, ...]
    tokens: int


def choose(
    candidates: Sequence[Candidate],
    tokens: int,
    count: Count,
    around: Source,
    shown: str = "",
    *,
    beyond: str = "did not fit the prompt",
) -> Ranked:
    """Take candidates while they fit ``tokens``; a smaller one may follow one that does not fit.

    ``around`` are the lines that the prompt already contains, ``shown`` is their text: a copy of it in
    another file (build folders have many) adds nothing. The chosen ones are ordered by file and line, not by
    rank, so that the order does not change with the ranking. Cells of a notebook follow in the notebook's
    order, the one nearest to the cursor last. ``beyond`` is the reason that is recorded for those that do
    not fit.
    """
    chosen: list[tuple[Candidate, int]] = []
    left_out: list[LeftOut] = []
    texts = [_lines(shown)] if candidates else []
    used = 0
    for candidate in candidates:
        if _overlap(candidate, around) or any(_overlap(candidate, other) for other, _ in chosen):
            continue
        lines = _lines(candidate.text)
        if any(_is_repeat(lines, text) for text in texts):
            left_out.append(_left_out(candidate, "repeats text that is already in the prompt"))
            continue
        # It is preceded by a path of up to four parts and one or two markers.
        text = count(candidate.text)
        cost = text + count("/".join(candidate.uri.split("/")[-4:])) + 4
        if used + cost > tokens:
            left_out.append(_left_out(candidate, beyond))
            continue
        used += cost
        chosen.append((candidate, text))
        texts.append(lines)
    return Ranked(tuple(_ordered(chosen)), tuple(left_out), used)


def _ordered(chosen: Sequence[tuple[Candidate, int]]) -> list[tuple[Candidate, int]]:
    elsewhere = [counted for counted in chosen if counted[0].why != CELL_ABOVE]
    cells = [counted for counted in chosen if counted[0].why == CELL_ABOVE]
    elsewhere.sort(key=lambda counted: (counted[0].uri, counted[0].first_line))
    return [*elsewhere, *reversed(cells)]


def _left_out(candidate: Candidate, why: str) -> LeftOut:
    return LeftOut(candidate.uri, candidate.first_line, candidate.last_line, f"{candidate.why}; {why}")


def _lines(text: str) -> frozenset[str]:
    """Lines that identify a text, without indentation; lines such as a single bracket occur everywhere."""
    lines = (line.strip() for line in text.splitlines())
    return frozenset(line for line in lines if any(sign.isalnum() for sign in line))


def _is_repeat(lines: frozenset[str], text: frozenset[str]) -> bool:
    return bool(lines) and len(lines & text) >= _REPEATED * len(lines)


def _overlap(candidate: Candidate, other: Candidate | Source) -> bool:
    """Whether both are of one file and have lines in common."""
    are_apart = candidate.last_line < other.first_line or other.last_line < candidate.first_line
    return candidate.uri == other.uri and not are_apart

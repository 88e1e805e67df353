"""Match equal lines of two texts with ``difflib``, and convert line ends to those of the file."""

import re
from bisect import bisect
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from homebody.text import common_start

_MOST_STEPS = 200_000_000
"""Maximum estimated steps of a comparison, a second or two; ``difflib``'s worst case is cubic."""


class LineChange(NamedTuple):
    """Lines ``old_start`` to ``old_end`` (from 0, the end excluded) become those of the other text."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


def line_changes(old: Sequence[str], new: Sequence[str]) -> Iterator[LineChange]:
    """Return the differences, in order."""
    old_at = new_at = 0
    for old_line, new_line in [*matched_lines(old, new), (len(old), len(new))]:
        if old_line > old_at or new_line > new_at:
            yield LineChange(old_at, old_line, new_at, new_line)
        old_at, new_at = old_line + 1, new_line + 1


def matched_lines(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Pair the indices of equal lines, in order, with each line in one pair at most.

    Lines that each text has once come first (patience diff), and then the lines between them.
    """
    pairs: list[tuple[int, int]] = []
    old_at = new_at = 0
    for old_end, new_end in [*_anchors(old, new), (len(old), len(new))]:
        between = _matched(old[old_at:old_end], new[new_at:new_end])
        pairs += [(old_at + old_line, new_at + new_line) for old_line, new_line in between]
        pairs.append((old_end, new_end))
        old_at, new_at = old_end + 1, new_end + 1
    return pairs[:-1]


def _anchors(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs of lines that each text has once, the most that are in the same order in both (patience diff)."""
    old_counts, new_counts = Counter(old), Counter(new)
    places = {line: at for at, line in enumerate(new) if new_counts[line] == old_counts[line] == 1}
    # For each length, the sequence that ends first, by its last line; each line has its predecessor.
    ends: list[int] = []
    lasts: list[int] = []
    previous: dict[int, int] = {}
    for at, line in enumerate(old):
        if (place := places.get(line)) is not None:
            length = bisect(ends, place)
            previous[at] = lasts[length - 1] if length else -1
            ends[length : length + 1] = [place]
            lasts[length : length + 1] = [at]
    anchors: list[tuple[int, int]] = []
    at = lasts[-1] if lasts else -1
    while at >= 0:
        anchors.append((at, places[old[at]]))
        at = previous[at]
    return anchors[::-1]


def _matched(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs of equal lines; if ``difflib`` would take too long, only those at the beginnings and the ends."""
    start = common_start(old, new)
    tail = common_start(old[start:][::-1], new[start:][::-1])
    pairs = [(line, line) for line in range(start)]
    old_end, new_end = len(old) - tail, len(new) - tail
    old_rest, new_rest = old[start:old_end], new[start:new_end]
    if not set(old_rest).isdisjoint(new_rest) and not takes_too_long(old_rest, new_rest):
        for block in SequenceMatcher(None, old_rest, new_rest).get_matching_blocks():
            pairs += [(start + block.a + step, start + block.b + step) for step in range(block.size)]
    return pairs + [(old_end + step, new_end + step) for step in range(tail)]


def takes_too_long(old: Sequence[str], new: Sequence[str]) -> bool:
    """Whether a comparison searches the pairs of equal lines too often: again between any two changes."""
    old_counts, new_counts = Counter(old), Counter(new)
    changes = (old_counts - new_counts).total() + (new_counts - old_counts).total()
    # Lines that are frequent in a long text do not count for difflib.
    frequent = len(new) // 100 + 1 if len(new) >= 200 else len(new)
    pairs = sum(new_counts[line] for line in old if new_counts[line] <= frequent)
    return (len(old) + pairs) * (changes + 1) > _MOST_STEPS


_LINE_END = re.compile(r"\r\n|\n|\r")
_LINE = re.compile(r"(?s:(?=.))([^\r\n]*)(\r\n|\n|\r|\Z)")


def with_line_ends(text: str, newline: str) -> str:
    """``text`` with every line end written as ``newline``."""
    if newline == "\n" and "\r" not in text:
        return text
    return _LINE_END.sub(lambda _: newline, text)


def fit_line_ends(new: str, *, old: str, newline: str) -> str:
    """``new`` with the line ends of ``old``, which it replaces.

    Unchanged lines keep their line end, even in a file with mixed ones; other lines get the first line end of
    ``old``, or ``newline`` if ``old`` has none. The line ends at the end are those of ``old``.
    """
    first = _LINE_END.search(old)
    newline = first.group() if first else newline
    if old and new:
        new = new.rstrip("\r\n") + old[len(old.rstrip("\r\n")) :]
    kinds = set(_LINE_END.findall(old))
    if len(kinds) <= 1:
        return with_line_ends(new, newline)
    old_lines, new_lines = split_lines(old), split_lines(new)
    ends = [newline if end else "" for _, end in new_lines]
    for old_index, new_index in matched_lines(
        [line for line, _ in old_lines], [line for line, _ in new_lines]
    ):
        if ends[new_index] and old_lines[old_index][1]:
            ends[new_index] = old_lines[old_index][1]
    return "".join(line + end for (line, _), end in zip(new_lines, ends, strict=True))


def split_lines(text: str) -> list[tuple[str, str]]:
    r"""Lines as (text, line end), as LSP counts lines, but without an empty line after a final line end.

    ``str.splitlines`` would also split at form feeds and other separators that editors do not treat as line
    ends.
    """
    return _LINE.findall(text)

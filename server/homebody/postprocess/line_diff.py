"""Match equal lines of two texts.

In: two sequences of lines. Out: pairs of indices of equal lines, growing on both sides.

Lines that occur once on each side are matched first, in their longest common order (patience diff,
as Bram Cohen described it): they carry the structure of code, unlike ``}`` and blank lines. The ranges
between them are compared by ``difflib`` if they are small.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher

_DIFFLIB_AREA = 250_000
"""Largest product of line counts that is given to ``difflib``, whose worst case is cubic."""

_DEPTH = 12
"""Maximum depth of splitting a range by lines that are unique within it."""


def matched_lines(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Pair the indices of equal lines, in order, with each line in one pair at most.

    Takes ``O(n log n)`` time on any input; for very different texts the match may not be optimal.
    """
    pairs: list[tuple[int, int]] = []
    todo = [(0, len(old), 0, len(new), _DEPTH)]
    while todo:
        old_start, old_end, new_start, new_end, depth = todo.pop()
        while old_start < old_end and new_start < new_end and old[old_start] == new[new_start]:
            pairs.append((old_start, new_start))
            old_start += 1
            new_start += 1
        while old_start < old_end and new_start < new_end and old[old_end - 1] == new[new_end - 1]:
            old_end -= 1
            new_end -= 1
            pairs.append((old_end, new_end))
        if old_start == old_end or new_start == new_end:
            continue
        anchors = _anchors(old[old_start:old_end], new[new_start:new_end]) if depth else []
        if anchors:
            before = (old_start, new_start)
            for old_offset, new_offset in anchors:
                here = (old_start + old_offset, new_start + new_offset)
                todo.append((before[0], here[0], before[1], here[1], depth - 1))
                pairs.append(here)
                before = (here[0] + 1, here[1] + 1)
            todo.append((before[0], old_end, before[1], new_end, depth - 1))
        elif (old_end - old_start) * (new_end - new_start) <= _DIFFLIB_AREA:
            matcher = SequenceMatcher(None, old[old_start:old_end], new[new_start:new_end], autojunk=False)
            for block in matcher.get_matching_blocks():
                pairs += [
                    (old_start + block.a + step, new_start + block.b + step) for step in range(block.size)
                ]
    return sorted(pairs)


def _anchors(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs of lines that occur exactly once on each side, in their longest common order."""
    old_counts, new_counts = Counter(old), Counter(new)
    new_at = {line: index for index, line in enumerate(new) if new_counts[line] == 1}
    unique = [
        (index, new_at[line])
        for index, line in enumerate(old)
        if old_counts[line] == 1 and line in new_at and not line.isspace()
    ]
    return _longest_rising(unique)


def _longest_rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Longest run of pairs, sorted by their first number, whose second number rises too."""
    tails: list[int] = []
    tail_at: list[int] = []
    previous: list[int] = []
    for index, (_, value) in enumerate(pairs):
        place = bisect_left(tails, value)
        # Assigning to a slice appends at the end of the list.
        tails[place : place + 1] = [value]
        tail_at[place : place + 1] = [index]
        previous.append(tail_at[place - 1] if place else -1)
    rising: list[tuple[int, int]] = []
    index = tail_at[-1] if tail_at else -1
    while index >= 0:
        rising.append(pairs[index])
        index = previous[index]
    return rising[::-1]

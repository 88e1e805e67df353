"""Whether lines say the same again.

In: lines. Out: yes or no, and where a repetition begins.
A false alarm costs a good suggestion, so lines count as the same only when they are, but for white
space, the kind of quote and a last comma or semicolon.
"""

import re
from functools import lru_cache

_RUNAWAY = re.compile(r"(.{1,40}?)\1{11,}|([\w.]{3,20}?)\2{6,}")
"""A stretch that stands twelve times in a row, or one without a break seven times."""

_RUNAWAY_FROM = 48
"""Characters from which a line is looked at for that: shorter ones are not noise yet."""

_RUNAWAY_UP_TO = 600
"""Characters of a line that are looked at, which bounds the time."""

_COUNTING = 5
"""Lines in a row that differ by their numbers only: the last is one too many."""

_LONGEST_BLOCK = 8
"""Lines of a block that is looked for a second time."""


def normal(line: str) -> str:
    """``line`` without what two writers of the same line may differ in; the indentation stays."""
    body = line.strip()
    indent = line[: len(line) - len(line.lstrip())]
    return indent + re.sub(r"\s+", " ", body).replace("'", '"').rstrip(",; ")


def says_something(line: str) -> bool:
    """Whether a line is distinct enough to count when it comes again.

    Brackets, numbers and single words of a list (``None,``) come again in good code.
    """
    words = re.findall(r"[^\W\d_]\w*", line)
    return len("".join(words)) >= 2 and not (len(words) == 1 and line.rstrip().endswith(","))


def repeated_from(text: str, line_prefix: str = "") -> int | None:
    """Offset behind the first instance of what the answer says again and again, or ``None``.

    A line counts from its third time in a row, two lines from the third, longer blocks from the
    second; of lines that merely count on (``x1``, ``x2``) four are kept. Only lines that are
    complete are looked at, so that the offset stays as the text grows; of an unfinished line only
    whether it runs in circles. ``line_prefix`` is what stands before the first line.
    """
    lines: list[tuple[str, int]] = []
    start = 0
    for piece in re.findall(r"[^\n]*\n|[^\n]+\Z", text):
        end = start + len(piece.rstrip("\n"))
        if _runs_in_circles(piece):
            return lines[-1][1] if lines else 0
        if piece.endswith("\n") and piece.strip():
            lines.append(((piece if start else line_prefix + piece).rstrip(), end))
            again = _block_again([line for line, _ in lines]) or _counts_on([line for line, _ in lines])
            if again is not None:
                return lines[again - 1][1]
        start += len(piece)
    return None


def _block_again(lines: list[str]) -> int | None:
    """Number of lines up to the end of the first instance, if the last lines are one too many."""
    for size in range(1, _LONGEST_BLOCK + 1):
        times = 3 if size <= 2 else 2
        first = len(lines) - size * times
        if first < 0:
            break
        block = lines[first : first + size]
        if any(lines[first + size * time : first + size * (time + 1)] != block for time in range(1, times)):
            continue
        if sum(says_something(line) for line in block) >= min(size, 2):
            return first + size
    return None


def _counts_on(lines: list[str]) -> int | None:
    """Number of lines to keep, where the last ones only count on."""
    last = lines[-_COUNTING:]
    bare = {re.sub(r"\d+", "0", line) for line in last}
    if len(last) < _COUNTING or len(bare) > 1 or len(set(last)) < _COUNTING or not says_something(last[0]):
        return None
    return len(lines) - 1


@lru_cache(maxsize=64)
def _runs_in_circles(line: str) -> bool:
    """Whether one stretch of a line, with letters in it, runs in circles; see ``_RUNAWAY``."""
    body = line.strip()[:_RUNAWAY_UP_TO]
    if len(body) < _RUNAWAY_FROM:
        return False
    return any(
        re.search(r"[^\W\d_]", stretch) and (len(set(stretch)) > 1 or len(found.group()) >= 40)
        for found in _RUNAWAY.finditer(body)
        for stretch in [found.group(1) or found.group(2)]
    )

"""Repetitions in an answer, and of the document's next line.

A false positive costs a good suggestion, so lines count as equal only if they differ at most in white space,
the kind of quotes and a last comma or semicolon. Compares lines; brackets are handled by ``closers``.
"""

import re
from functools import lru_cache

from homebody.syntax.cursor import CursorContext

_RUNAWAY = re.compile(r"(.{1,40}?)\1{11,}|([\w.]{3,20}?)\2{6,}")
"""A stretch repeated twelve times in a row, or a part of a word seven times."""

_RUNAWAY_FROM, _RUNAWAY_UP_TO = 48, 600
"""Minimum length, in characters, of a line that is checked for that; and how much of it is checked."""

_LONGEST_BLOCK = 8
"""Maximum number of lines of a repeated block."""


def begins_next_lines(line: str, cursor: CursorContext) -> bool:
    """Whether the whole ``line`` is the next one of the document, at its indentation."""
    if not cursor.next_lines or not _is_distinct(line):
        return False
    return _normal(line) == _normal(cursor.next_lines[0])


def repeated_from(text: str, line_prefix: str = "") -> int | None:
    """Offset after the first instance of the text that the answer repeats, or ``None``.

    One line and two lines count as repeated the third time in a row, longer blocks the second time. Only
    complete lines are compared, so that the offset does not change as the text grows; an unfinished line is
    only checked for repetition within itself. ``line_prefix`` is the text before the first line.
    """
    lines: list[str] = []
    ends: list[int] = []
    start = 0
    for piece in re.findall(r"[^\n]*\n|[^\n]+\Z", text):
        end = start + len(piece.rstrip("\n"))
        if _repeats_itself(piece):
            return ends[-1] if ends else 0
        if piece.endswith("\n") and piece.strip():
            lines.append((piece if start else line_prefix + piece).rstrip())
            ends.append(end)
            if (first := _block_again(lines)) is not None:
                return ends[first - 1]
        start += len(piece)
    return None


def _block_again(lines: list[str]) -> int | None:
    """Number of lines up to the end of the first instance, if the last lines are a repetition."""
    for size in range(1, _LONGEST_BLOCK + 1):
        times = 3 if size <= 2 else 2
        first = len(lines) - size * times
        if first < 0:
            break
        block = lines[first : first + size]
        if lines[first:] == block * times and sum(map(_is_distinct, block)) >= min(size, 2):
            return first + size
    return None


@lru_cache(maxsize=64)
def _repeats_itself(line: str) -> bool:
    """Whether a stretch of a line that has letters repeats itself."""
    body = line.strip()[:_RUNAWAY_UP_TO]
    if len(body) < _RUNAWAY_FROM:
        return False
    return any(
        re.search(r"[^\W\d_]", stretch) and (len(set(stretch)) > 1 or len(match.group()) >= 40)
        for match in _RUNAWAY.finditer(body)
        for stretch in [match.group(1) or match.group(2)]
    )


def _normal(line: str) -> str:
    """Normalise spaces, quotes and the final punctuation of ``line``; its indentation is kept."""
    body = line.strip()
    indent = line[: len(line) - len(line.lstrip())]
    return indent + re.sub(r"\s+", " ", body).replace("'", '"').rstrip(",; ")


def _is_distinct(line: str) -> bool:
    """Whether a line is distinct enough to count as a repetition.

    Brackets, numbers and single words of a list (``None,``) are repeated in good code.
    """
    words = re.findall(r"[^\W\d_]\w*", line)
    return len("".join(words)) >= 2 and not (len(words) == 1 and line.rstrip().endswith(","))

"""Rules: remove lines of an answer that repeat the document's lines below or above; find repetitions in it.

A false positive costs a good suggestion, so lines count as equal only if they differ at most in white space,
the kind of quotes and a last comma or semicolon. Compares lines; brackets are handled by ``closers``.
"""

import re
from functools import lru_cache

from msgspec import structs

from homebody.postprocess.ghost.draft import Draft, DropReason
from homebody.syntax.cursor import CursorContext

_RUNAWAY = re.compile(r"(.{1,40}?)\1{11,}|([\w.]{3,20}?)\2{6,}")
"""A stretch repeated twelve times in a row, or seven times without a line break."""

_RUNAWAY_FROM = 48
"""Minimum length, in characters, of a line that is checked for that."""

_RUNAWAY_UP_TO = 600
"""Maximum number of characters of a line that are checked, to limit the time."""

_COUNTING = 5
"""Number of consecutive lines that differ only in their numbers from which on they count as a repetition."""

_LONGEST_BLOCK = 8
"""Maximum number of lines of a repeated block."""


def without_next_lines(draft: Draft) -> Draft | DropReason:
    """Remove the last lines of the text if they are the document's next lines."""
    rows, full = _answer_lines(draft)
    following = [_normal(line) for line in draft.cursor.next_lines[: len(rows)]]
    for size in range(len(following), 0, -1):
        tail = full[len(full) - size :]
        if [_normal(line) for line in tail] == following[:size] and any(map(_is_distinct, tail)):
            text = draft.text[: rows[len(rows) - size][0]].rstrip()
            return structs.replace(draft, text=text) if text else "repeats next lines"
    return draft


def without_previous_lines(draft: Draft) -> Draft | DropReason:
    """Remove the first lines of the text that repeat the lines above, as models in a loop write them.

    A single line must have several words: short lines are often repeated on purpose.
    """
    rows, full = _answer_lines(draft)
    lines = draft.cursor.previous_lines
    if rows and draft.text[: rows[0][0]].count("\n"):
        lines = (*lines, draft.cursor.line_prefix)
    above = [_normal(line) for line in lines if line.strip()]
    for size in range(min(len(rows), len(above)), 0, -1):
        head = full[:size]
        if [_normal(line) for line in head] != above[-size:]:
            continue
        if sum(map(_is_distinct, head)) < 2 and len(" ".join(head).split()) < 2:
            continue
        if size == len(rows):
            return "repeats previous lines"
        return structs.replace(draft, text=draft.text[rows[size][0] :].lstrip(" \t"))
    return draft


def begins_next_lines(line: str, cursor: CursorContext) -> bool:
    """Whether the whole ``line`` is the next one of the document, at its indentation."""
    if not cursor.next_lines or not _is_distinct(line):
        return False
    return _normal(line) == _normal(cursor.next_lines[0])


def repeated_from(text: str, line_prefix: str = "") -> int | None:
    """Offset after the first instance of the text that the answer repeats, or ``None``.

    One line and two lines count as repeated the third time in a row, longer blocks the second time; of lines
    that only count up (``x1``, ``x2``) four are kept. Only complete lines are compared, so that the offset
    does not change as the text grows; an unfinished line is only checked for repetition within itself.
    ``line_prefix`` is the text before the first line.
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
            again = _block_again(lines) or _counts_on(lines)
            if again is not None:
                return ends[again - 1]
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
        if any(lines[first + size * time : first + size * (time + 1)] != block for time in range(1, times)):
            continue
        if sum(_is_distinct(line) for line in block) >= min(size, 2):
            return first + size
    return None


def _counts_on(lines: list[str]) -> int | None:
    """Number of lines to keep, where the last ones differ only by a number that counts up."""
    last = lines[-_COUNTING:]
    bare = {re.sub(r"\d+", "0", line) for line in last}
    if len(last) < _COUNTING or len(bare) > 1 or len(set(last)) < _COUNTING or not _is_distinct(last[0]):
        return None
    return len(lines) - 1


@lru_cache(maxsize=64)
def _repeats_itself(line: str) -> bool:
    """Whether a stretch of a line that has letters repeats itself; see ``_RUNAWAY``."""
    body = line.strip()[:_RUNAWAY_UP_TO]
    if len(body) < _RUNAWAY_FROM:
        return False
    return any(
        re.search(r"[^\W\d_]", stretch) and (len(set(stretch)) > 1 or len(found.group()) >= 40)
        for found in _RUNAWAY.finditer(body)
        for stretch in [found.group(1) or found.group(2)]
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


def _answer_lines(draft: Draft) -> tuple[list[tuple[int, str]], list[str]]:
    """Non-blank lines of an answer: each with its offset, and as it will be in the file."""
    cursor = draft.cursor
    rows: list[tuple[int, str]] = []
    start = 0
    for line in draft.text.split("\n"):
        if line.strip():
            rows.append((start, line))
        start += len(line) + 1
    full = [line if offset else cursor.line_prefix + line for offset, line in rows]
    if rows and not cursor.line_suffix.strip():
        return rows, full
    # The last line continues with the text after the cursor.
    return rows, [*full[:-1], full[-1] + cursor.line_suffix] if full else full

"""What an answer says that the document says already.

In: an answer that ends where it should, and the place where it goes. Out: the answer without the
lines that stand above or below.
Knows lines; brackets are ``closers.py``'s concern.
"""

import re
from collections.abc import Sequence

from homebody.postprocess.ghost.repeats import normal, says_something
from homebody.syntax.cursor import CursorContext
from homebody.syntax.scanner import State, code_of, scan

_BARE_COMMENTS = re.compile(r"(?:(?:\A|\n)[ \t]*+(?:#|//[/!]?|--+|;+|%|\*)?+[ \t]*+)++\Z")


def begins_next_lines(line: str, cursor: CursorContext) -> bool:
    """Whether the whole ``line`` is the next one of the document, at its indentation."""
    if not cursor.next_lines or not says_something(line):
        return False
    return normal(line) == normal(cursor.next_lines[0])


def without_next_lines(text: str, cursor: CursorContext) -> str:
    """Take off the last lines of ``text`` that the document goes on with."""
    rows, full = _rows(text, cursor)
    following = [normal(line) for line in cursor.next_lines[: len(rows)]]
    for size in range(len(following), 0, -1):
        tail = full[len(full) - size :]
        if [normal(line) for line in tail] == following[:size] and any(map(says_something, tail)):
            kept = rows[len(rows) - size][0]
            return text[:kept].rstrip() if kept else ""
    return text


def without_previous_lines(text: str, cursor: CursorContext) -> str:
    """Take off the first lines of ``text`` that stand just above, as models in a loop write them.

    One line alone has to be of several words: short ones are repeated on purpose.
    """
    rows, full = _rows(text, cursor)
    lines = cursor.previous_lines
    if rows and text[: rows[0][0]].count("\n"):
        lines = (*lines, cursor.line_prefix)
    above = [normal(line) for line in lines if line.strip()]
    for size in range(min(len(rows), len(above)), 0, -1):
        head = full[:size]
        if [normal(line) for line in head] != above[-size:]:
            continue
        if sum(map(says_something, head)) < 2 and len(" ".join(head).split()) < 2:
            continue
        return text[rows[size][0] :].lstrip(" \t") if size < len(rows) else ""
    return text


def without_bare_comments(text: str, cursor: CursorContext) -> str:
    """Take off last lines that are a comment mark and nothing more, as models in a loop write them."""
    found = _BARE_COMMENTS.search(text)
    if found is None or (found.start() == 0 and cursor.line_prefix.strip()):
        return text
    return text[: found.start()]


def without_partial_line(text: str, cursor: CursorContext) -> str:
    """Take off what is half of an answer that was cut by its length, unless it is all.

    That is the last line, and those before it that it would have gone on with.
    """
    if text.endswith("\n"):
        return text
    kept = lines = text.split("\n")[:-1]
    while kept and not _may_end(kept, cursor):
        kept = kept[:-1]
    if not "".join(kept).strip():
        kept = lines
    return "\n".join(kept) if "".join(kept).strip() else text


def _may_end(lines: Sequence[str], cursor: CursorContext) -> bool:
    """Whether a statement may end with the last of ``lines``: no open bracket or string, no operator."""
    state = scan("\n".join(lines), cursor.language, State(region=cursor.state.region))
    code = code_of(lines[-1], cursor.language).rstrip()
    ends = not code.endswith(
        (",", "\\", "=", "&&", "||", "+", "-", "*", ".", " and", " or", " not", "?", "->")
    )
    values = ")]}" if cursor.language.braces_are_values else ")]"
    return ends and state.region is None and state.due[-1:] not in tuple(values)


def _rows(text: str, cursor: CursorContext) -> tuple[list[tuple[int, str]], list[str]]:
    """Lines of ``text`` that are not blank with their offsets, and as they will stand in the file."""
    rows: list[tuple[int, str]] = []
    start = 0
    for line in text.split("\n"):
        if line.strip():
            rows.append((start, line))
        start += len(line) + 1
    full = [line if offset else cursor.line_prefix + line for offset, line in rows]
    if rows and not cursor.line_suffix.strip():
        return rows, full
    # The last line goes on with what stands after the cursor.
    return rows, [*full[:-1], full[-1] + cursor.line_suffix] if full else full

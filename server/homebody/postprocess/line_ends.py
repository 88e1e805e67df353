"""Converts line ends of a model's text to those of the file."""

import re

from homebody.postprocess.line_diff import matched_lines

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

r"""Parses positions on the command line: ``FILE:LINE:COLUMN`` and ``FILE[:START[-END]]``.

Read from the right, so that ``C:\x.py:3:4`` works; lines and columns start at 1.
"""

import re
from pathlib import Path

from homebody.errors import UsageError

_POSITION = re.compile(r"(?P<file>.+):(?P<line>[0-9]{1,9}):(?P<column>[0-9]{1,9})", re.DOTALL)
_LINES = re.compile(r"(?P<file>.+):(?P<first>[0-9]{1,9})(?:-(?P<last>[0-9]{1,9}))?", re.DOTALL)
# Malformed line ranges: ``app.py:10-``, ``app.py:-10``, ``app.py:``.
_HALF_LINES = re.compile(r"(?P<file>.+):(?:[0-9]*-[0-9]*)?", re.DOTALL)


def parse_position(text: str) -> tuple[Path, int, int]:
    """Parse file, line and column.

    Raises
    ------
    UsageError
        Line or column are missing.

    """
    match = _POSITION.fullmatch(text)
    if match is None:
        message = f"{text} is not a position; write FILE:LINE:COLUMN, such as src/app.py:12:5."
        raise UsageError(message)
    return Path(match["file"]), int(match["line"]), int(match["column"])


def parse_lines(text: str) -> tuple[Path, tuple[int, int] | None]:
    """Parse a file, and the first and last line if they are given.

    If a file exists whose name looks like it ends with line numbers, the whole text is its name.

    Raises
    ------
    UsageError
        The range is reversed, or is not numeric.

    """
    match = _LINES.fullmatch(text)
    if Path(text).exists():
        return Path(text), None
    if match is None:
        if (half := _HALF_LINES.fullmatch(text)) is not None:
            file = half["file"]
            message = (
                f"{text} is not a line range; write {file}:START or {file}:START-END, such as {file}:10-40."
            )
            raise UsageError(message)
        return Path(text), None
    first = int(match["first"])
    last = int(match["last"] or first)
    if last < first:
        message = f"{text} ends before it begins; write FILE:START-END."
        raise UsageError(message)
    return Path(match["file"]), (first, last)

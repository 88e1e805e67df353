r"""What a command is given: positions, read from the right so that ``C:\x.py:3:4`` works, and piped text."""

import codecs
import re
import sys
from pathlib import Path
from typing import TextIO

from homebody.cli.edge import warn
from homebody.errors import UsageError

HERE = Path("any file in this folder")
"""A file whose workspace is that of the current folder."""

_MOST_BYTES = 20 * 1024 * 1024

# PowerShell on Windows writes UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_POSITION = re.compile(r"(?P<file>.+):(?P<line>[0-9]{1,9}):(?P<column>[0-9]{1,9})", re.DOTALL)
_LINES = re.compile(r"(?P<file>.+):(?P<first>[0-9]{1,9})(?:-(?P<last>[0-9]{1,9}))?", re.DOTALL)


def parse_position(text: str) -> tuple[Path, int, int]:
    """Parse file, line and column, from 1. Raises ``UsageError`` if one is missing."""
    match = _POSITION.fullmatch(text)
    if match is None:
        message = f"{text} is not a position; write FILE:LINE:COLUMN, such as src/app.py:12:5."
        raise UsageError(message)
    return Path(match["file"]), int(match["line"]), int(match["column"])


def parse_lines(text: str) -> tuple[Path, tuple[int, int] | None]:
    """Parse a file, and the first and last line if they are given.

    If a file exists whose name looks like it ends with line numbers, the whole text is its name.
    Raises ``UsageError`` if the text is empty, or its range is reversed.
    """
    if not text:  # it would be the current folder, and everything in it
        message = "An empty name names no file: check the variable that it comes from."
        raise UsageError(message)
    match = _LINES.fullmatch(text)
    if match is None or Path(text).exists():
        return Path(text), None
    first = int(match["first"])
    last = int(match["last"] or first)
    if last < first:
        message = f"{text} ends before it begins; write FILE:START-END."
        raise UsageError(message)
    return Path(match["file"]), (first, last)


def has_terminal_input() -> bool:
    """Whether a person can type into this command."""
    stream = _stdin()
    return stream is not None and stream.isatty()


def read_piped() -> bytes:
    """Return what is piped in; empty where there is nothing, or where a terminal is."""
    return b"" if has_terminal_input() else read_bytes()


def read_bytes() -> bytes:
    """Read the standard input to its end.

    Raises ``UsageError`` if there are more than 20 MiB.
    """
    stream = _stdin()
    if stream is None:
        return b""
    if has_terminal_input():
        warn("Reading what you type or paste; end it with Ctrl-D on a line of its own.")
    # One byte more: an input without an end is refused, and not collected.
    data = stream.buffer.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        message = "The input has more than 20 MiB: pipe less of it, for example with `| tail -n 2000`."
        raise UsageError(message)
    return data


def _stdin() -> TextIO | None:
    """Return the standard input; ``None`` where the command was started without one."""
    return sys.stdin


def decoded(data: bytes) -> str:
    """Return the text of bytes in any encoding; what is no text becomes replacement characters."""
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    return data.decode(encoding, errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")

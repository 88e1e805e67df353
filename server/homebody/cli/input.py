"""Reads text that is piped into a command, in any encoding.

A command that waits for input says so.
"""

import codecs
import sys
import threading
from typing import TextIO

from homebody.cli.edge import warn
from homebody.errors import UsageError

_MOST_BYTES = 16 * 1024 * 1024

_WAIT_SECONDS = 3.0
"""Seconds after which a command says that it still waits for the end of its input."""

_WAITING = "waiting for the standard input to end; `< /dev/null` gives none."

# PowerShell on Windows writes UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def has_terminal_input() -> bool:
    """Whether a person can type into this command."""
    stream = _stdin()
    return stream is not None and stream.isatty()


def read_input() -> str:
    """Return all text of the standard input; empty where there is none, or where a terminal is.

    Bytes that are not text become replacement characters.

    Raises
    ------
    UsageError
        There are more than 16 MiB.

    """
    stream = _stdin()
    if stream is None or stream.isatty():
        return ""
    timer = threading.Timer(_WAIT_SECONDS, warn, [_WAITING])
    timer.daemon = True
    timer.start()
    try:
        # One byte more: an input without an end is refused, and not collected.
        data = stream.buffer.read(_MOST_BYTES + 1)
    finally:
        timer.cancel()
    if len(data) > _MOST_BYTES:
        message = "The input has more than 16 MiB: pipe less of it, for example with `| tail -n 2000`."
        raise UsageError(message)
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    return data.decode(encoding, errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")


def _stdin() -> TextIO | None:
    """Return the standard input; ``None`` where the command was started without one."""
    return sys.stdin

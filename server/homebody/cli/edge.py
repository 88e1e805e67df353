r"""Where a command meets its user: what it is given, and how its errors end.

Positions are read from the right, so that ``C:\x.py:3:4`` works. Each error becomes one sentence on stderr
and an exit code. Imports nothing slow, because ``homebody lsp`` imports this module.
"""

import codecs
import os
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from homebody.errors import HomebodyError, UsageError, sentence

INTERRUPTED = 130
"""Exit code that shells use for Ctrl-C: 128 plus the number of SIGINT."""

UNREAD = 141
"""Exit code that shells use for a closed pipe: 128 plus the number of SIGPIPE."""


def guarded(command: Callable[[], int]) -> int:
    """Run ``command`` without ever printing a traceback, unless ``HOMEBODY_DEBUG=1`` is set."""
    _prepare_streams()
    try:
        code = command()
        # Flush here: at exit, Python would print a traceback and change the exit code.
        sys.stdout.flush()
    except HomebodyError as error:
        return _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        with suppress(OSError, ValueError):
            if sys.stderr.isatty():  # the shell's prompt begins on a line of its own
                sys.stderr.write("\n")
        return INTERRUPTED
    except BrokenPipeError:
        _give_up_stdout()
        return UNREAD
    except Exception as error:
        if os.environ.get("HOMEBODY_DEBUG"):
            raise
        if isinstance(error, OSError):
            _give_up_stdout()
            where = "" if error.filename is None else f"{error.filename}: "
            return _fail(f"{where}{error.strerror or error}.", 1)
        kind = type(error).__name__
        return _fail(f"Internal error ({kind}: {error}); HOMEBODY_DEBUG=1 shows where.", 1)
    return code


def warn(message: str) -> None:
    """Print one sentence on stderr, on one line, with its full stop and without control characters."""
    line = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in sentence(message))
    with suppress(OSError, ValueError):
        sys.stderr.write(f"homebody: {line}\n")
        sys.stderr.flush()


def _fail(message: str, code: int) -> int:
    with suppress(OSError, ValueError):
        sys.stdout.flush()
    warn(message)
    return code


def _prepare_streams() -> None:
    """Make both streams accept any text: a closed one discards it, a limited encoding escapes it."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # started with the stream closed
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - for the life of the process
        elif hasattr(stream, "reconfigure"):
            # Keep line ends as they are in the file: Windows would turn CRLF into CR CR LF.
            stream.reconfigure(errors="backslashreplace", newline="\n")


def _give_up_stdout() -> None:
    """Redirect stdout to the null device, so that the flush at exit does not fail."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


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

"""Error handling of every command: each error becomes one sentence on stderr and an exit code.

Imports nothing slow, because ``homebody lsp`` imports this module.
"""

import os
import sys
from collections.abc import Callable
from contextlib import suppress

from homebody.errors import HomebodyError, sentence

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

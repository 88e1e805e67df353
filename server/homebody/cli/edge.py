"""Where a command ends: every error becomes one sentence on stderr and an exit code.

Imports nothing heavy: ``homebody lsp`` comes through here.
"""

import os
import sys
from collections.abc import Callable
from contextlib import suppress

from homebody.errors import HomebodyError

INTERRUPTED = 130
"""As shells have it: 128 and the number of SIGINT."""


def guarded(command: Callable[[], int]) -> int:
    """Run ``command``; never let a traceback out. ``HOMEBODY_DEBUG=1`` shows it all the same."""
    _prepare_streams()
    try:
        code = command()
        # Here rather than at exit, where Python would print a traceback and change the code.
        sys.stdout.flush()
    except HomebodyError as error:
        return _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _give_up_stdout()
        return 1
    except Exception as error:
        if os.environ.get("HOMEBODY_DEBUG"):
            raise
        if isinstance(error, OSError):
            _give_up_stdout()
            return _fail(f"{error.strerror or error}.", 1)
        kind = type(error).__name__
        return _fail(f"internal error ({kind}: {error}); HOMEBODY_DEBUG=1 shows where.", 1)
    return code


def warn(message: str) -> None:
    """Say one sentence on stderr, on one line and without control characters."""
    line = " ".join(message.split())
    line = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)
    with suppress(OSError, ValueError):
        sys.stderr.write(f"homebody: {line}\n")
        sys.stderr.flush()


def _fail(message: str, code: int) -> int:
    with suppress(OSError, ValueError):
        sys.stdout.flush()
    warn(message)
    return code


def _prepare_streams() -> None:
    """Make both streams accept any text: a closed one swallows it, a narrow one escapes it."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # started with the stream closed
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - for the life of the process
        elif hasattr(stream, "reconfigure"):
            # Line ends as they are in the file: Windows would turn CRLF into CR CR LF.
            stream.reconfigure(errors="backslashreplace", newline="\n")


def _give_up_stdout() -> None:
    """Point stdout to nowhere, so that the flush at exit has nothing to complain about."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)

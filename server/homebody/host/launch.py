"""Start a host process and wait for the state file that has its port.

Sends the host no requests; ``backend/embedded.py`` does.
"""

import asyncio
import re
import subprocess
import sys
import threading
import time
from typing import IO

import msgspec

from homebody import errors
from homebody.errors import BackendTimeout, HomebodyError, ModelError, ModelFileInvalid
from homebody.host import shared
from homebody.host.shared import HostFiles, HostOptions, Ready

START_SECONDS = 180.0
"""Maximum loading time in seconds: 7 GB from a slow disk, or waiting for another host's last answer."""

_POLL_SECONDS = 0.05


async def start_host(
    options: HostOptions, files: HostFiles, *, start_seconds: float = START_SECONDS
) -> Ready | None:
    """Start a host and wait until it is ready; ``None`` if it is already running or starting.

    It is independent of this process, and ends when nobody needs it (``run``).

    Raises
    ------
    ModelError
        The weights cannot be used, or the host crashed while loading them.
    BackendTimeout
        Not ready within ``start_seconds``.

    """
    # Of a host that has crashed, or holds the lock and does not answer.
    before = shared.stored_state(files)
    end = time.monotonic() + start_seconds
    # A file for stderr survives a crash and need not be drained.
    with files.log.open("a+b") as log:
        process = _spawn(options, files, log)
        assert process.stdout is not None  # noqa: S101 - for the type checker: it is a pipe
        with process.stdout as stdout:
            ready = code = None
            try:
                while ready is None and (code := process.poll()) is None and time.monotonic() < end:
                    await asyncio.sleep(_POLL_SECONDS)
                    state = shared.read_state(files)
                    if state is not None and state != before and state.port != shared.LOADING:
                        ready = state
            finally:
                if ready is None:
                    process.kill()
                # It is waited for until it ends, so that no zombie remains.
                threading.Thread(target=process.wait, name="homebody-reaper", daemon=True).start()
            if ready is not None or code == shared.TAKEN:
                return ready
            if code is None:
                message = (
                    f"The embedded model {options.model.name} was not ready after {start_seconds:.0f} s: "
                    "close other programs, or choose a smaller model (`homebody models list`)"
                )
                raise BackendTimeout(message)
            raise _failure(options, stdout.read(), code, log)


def _spawn(options: HostOptions, files: HostFiles, log: IO[bytes]) -> "subprocess.Popen[bytes]":
    # -P: do not import modules from the folder that the editor was started in.
    command = [sys.executable, "-P", "-m", "homebody.host.run", options.to_json(), str(files.lock)]
    windows = sys.platform == "win32"
    # It does not end with the terminal or the editor, and does not prevent the removal of the folder that
    # the editor was started in.
    return subprocess.Popen(  # noqa: S603 - Homebody's own interpreter and arguments
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=log,
        cwd=files.lock.parent,
        start_new_session=not windows,
        creationflags=_DETACHED if windows else 0,
    )


# CREATE_NEW_PROCESS_GROUP and CREATE_NO_WINDOW of Windows' CreateProcess.
_DETACHED = 0x200 | 0x8000000


def _failure(options: HostOptions, report: bytes, code: int, log: IO[bytes]) -> HomebodyError:
    """Return the error that the host reported, or a general one if it ended without a report."""
    words = _last_words(log)
    try:
        failed = msgspec.json.decode(report, type=shared.HostFailed)
    except msgspec.DecodeError:
        reason = f": {words}" if words else ""
        return ModelError(
            f"The embedded model's process ended (code {code}) while it loaded {options.model}{reason}; "
            "choose another model (`homebody models list`)"
        )
    kind = getattr(errors, failed.error, ModelError)
    if kind is ModelFileInvalid and failed.message.startswith("llama.cpp ") and words:
        return ModelFileInvalid(f"{failed.message}: {words}; choose another model (`homebody models list`)")
    return kind(failed.message)


_ERROR_LINE = re.compile(rb"^\S+ E (?:\S+: )?(.+)$", re.MULTILINE)


def _last_words(log: IO[bytes]) -> str | None:
    """Return the first error in llama.cpp's log (later ones follow from it), else the last line."""
    log.seek(0)
    output = log.read()[-64_000:]
    if error := _ERROR_LINE.search(output):
        return error[1].decode(errors="replace").removeprefix("error loading model: ").strip()
    lines = output.decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), None)

"""Start a host process and read the line that reports its port.

Sends the host no requests; ``backend/embedded.py`` does.
"""

import asyncio
import re
import subprocess
import sys
import threading
from typing import IO

import msgspec

from homebody import errors
from homebody.errors import BackendTimeout, HomebodyError, ModelError, ModelFileInvalid
from homebody.host.shared import HostFailed, HostFiles, HostOptions, HostTaken, Ready, decode_event

START_SECONDS = 180.0
"""Maximum loading time in seconds: 7 GB from a slow disk, or waiting for another host's last answer."""


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
    # A file for stderr survives a crash and need not be drained.
    with files.log.open("a+b") as log:
        process = _spawn(options, files, log)
        assert process.stdout is not None  # noqa: S101 - for the type checker: it is a pipe
        with process.stdout as stdout:
            reading = asyncio.create_task(asyncio.to_thread(stdout.readline))
            try:
                line = await asyncio.wait_for(asyncio.shield(reading), start_seconds)
            except TimeoutError as error:
                message = (
                    f"The embedded model {options.model.name} was not ready after {start_seconds:.0f} s: "
                    "close other programs, or choose a smaller model (`homebody models list`)"
                )
                raise BackendTimeout(message) from error
            finally:
                if not reading.done():  # timed out or cancelled: the thread ends with the process
                    process.kill()
                    await asyncio.shield(reading)
                # It is waited for until it ends, so that no zombie remains.
                waiting = threading.Thread(target=process.wait, name="homebody-reaper", daemon=True)
                waiting.start()
        try:
            event = decode_event(line)
        except msgspec.DecodeError:
            event = None
        if isinstance(event, Ready):
            return event
        await asyncio.to_thread(waiting.join)
        if isinstance(event, HostTaken):
            return None
        raise _failure(options, event, process.returncode, log)


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


def _failure(options: HostOptions, event: object, code: int, log: IO[bytes]) -> HomebodyError:
    """Return the error that the host reported, or a general one if it ended without a report."""
    words = _last_words(log)
    if not isinstance(event, HostFailed):
        reason = f": {words}" if words else ""
        return ModelError(
            f"The embedded model's process ended (code {code}) while it loaded {options.model}{reason}; "
            "choose another model (`homebody models list`)"
        )
    kind = getattr(errors, event.error, ModelError)
    if kind is ModelFileInvalid and event.message.startswith("llama.cpp ") and words:
        return ModelFileInvalid(f"{event.message}: {words}; choose another model (`homebody models list`)")
    return kind(event.message)


_ERROR_LINE = re.compile(rb"^\S+ E (?:\S+: )?(.+)$", re.MULTILINE)


def _last_words(log: IO[bytes]) -> str | None:
    """Return the first error in llama.cpp's log (later ones follow from it), else the last line."""
    log.seek(0)
    output = log.read()[-64_000:]
    if error := _ERROR_LINE.search(output):
        return error[1].decode(errors="replace").removeprefix("error loading model: ").strip()
    lines = output.decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), None)

"""Read files from untrusted paths: regular files of bounded size only. Write files whole or not at all.

A FIFO, a device or a network share that does not answer could block a plain ``open`` for ever, and a
link to ``/dev/zero`` has no end.
"""

import asyncio
import os
import stat
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

UNFINISHED = ".new"
"""End of the name of a file that is still being written."""

SECONDS = 2.0
"""Default time limit for one file, in seconds."""

# The file is opened without waiting for a writer (FIFO), and never becomes the controlling terminal.
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
)


class FileRefused(OSError):
    """The file exists and is not read; the message is a clause: ``it is not a regular file``."""


class FileTooLarge(FileRefused):
    """The file is larger than what is read."""


def read_regular(path: Path, *, max_bytes: int, inside: Path | None = None) -> bytes:
    """Return the content of a regular file. Blocks as long as the file system does.

    Parameters
    ----------
    max_bytes
        A larger file is refused, not cut.
    inside
        Folder that the file must lie in after all links are followed.

    Raises
    ------
    FileRefused
        Not a regular file, too large, or a link that leads out of ``inside``.
    OSError
        As ``open`` raises it: ``FileNotFoundError``, ``PermissionError`` and so on.

    """
    try:
        if inside is not None:
            path = _resolved(path, inside)
        # Checked before it is opened: opening a device can already have an effect.
        _check(path.stat(), max_bytes)
        handle = os.open(path, _FLAGS)
    except ValueError as error:  # a NUL in the path
        message = "its name is not a valid file name"
        raise FileRefused(message) from error
    with os.fdopen(handle, "rb") as file:
        _check(os.fstat(handle), max_bytes)
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:  # files in /proc have no size, and others grow meanwhile
        raise _too_large(max_bytes)
    return data


def read_in_time(
    path: Path, *, max_bytes: int, inside: Path | None = None, seconds: float = SECONDS
) -> bytes:
    """``read_regular`` with a time limit, for code that runs outside an event loop.

    Raises
    ------
    FileRefused, OSError
        As ``read_regular`` does, and ``FileRefused`` after ``seconds``.

    """
    outcome = _Outcome()

    def read() -> None:
        try:
            outcome.data = read_regular(path, max_bytes=max_bytes, inside=inside)
        except OSError as error:
            outcome.error = error

    # A daemon thread, not a pool: Python waits for pool threads at exit, and this one may never end.
    thread = threading.Thread(target=read, name="homebody-read", daemon=True)
    thread.start()
    thread.join(seconds)
    if outcome.error is not None:
        raise outcome.error
    if outcome.data is None:
        message = f"it could not be read within {seconds:g} seconds"
        raise FileRefused(message)
    return outcome.data


def write_file(path: Path, data: bytes) -> None:
    """Replace a file atomically; only its owner can read it (on Windows by the profile's permissions)."""
    # mkstemp creates a file that only its owner can read.
    handle, name = tempfile.mkstemp(prefix=f"{path.stem}.", suffix=UNFINISHED, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            # Otherwise a power cut could leave the new name with an empty file.
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


async def read_off_loop(
    path: Path, *, max_bytes: int, inside: Path | None = None, seconds: float = SECONDS
) -> bytes:
    """``read_in_time`` without blocking the event loop. Raises the same."""
    return await asyncio.to_thread(read_in_time, path, max_bytes=max_bytes, inside=inside, seconds=seconds)


@dataclass(slots=True)
class _Outcome:
    """Result of the reading thread."""

    data: bytes | None = None
    error: OSError | None = None


def _resolved(path: Path, folder: Path) -> Path:
    try:
        real = path.resolve(strict=True)
        if real.is_relative_to(folder.resolve()):
            return real
    except RuntimeError as error:  # a loop of links, before Python 3.13
        message = "it is a link to a file that does not exist"
        raise FileRefused(message) from error
    message = "it is a link that leads out of its folder"
    raise FileRefused(message)


def _check(facts: os.stat_result, max_bytes: int) -> None:
    if not stat.S_ISREG(facts.st_mode):
        message = "it is not a regular file"
        raise FileRefused(message)
    if facts.st_size > max_bytes:
        raise _too_large(max_bytes)


def _too_large(max_bytes: int) -> FileTooLarge:
    shown = f"{max_bytes // 1024} KiB" if max_bytes < 1024 * 1024 else f"{max_bytes / 1024 / 1024:g} MiB"
    return FileTooLarge(f"it is larger than {shown}")

"""Read files from untrusted paths: regular files of bounded size only. Write files whole or not at all.

A FIFO, a device or a network share that does not answer could block a plain ``open`` for ever, and a
link to ``/dev/zero`` has no end.
"""

import asyncio
import os
import stat
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from pathlib import Path
from typing import TypeVar

_Value = TypeVar("_Value")

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
    reading = in_thread(lambda: read_regular(path, max_bytes=max_bytes, inside=inside))
    wait([reading], seconds)
    if not reading.done():
        message = f"it could not be read within {seconds:g} seconds"
        raise FileRefused(message)
    return reading.result()


def in_thread(job: Callable[[], _Value]) -> Future[_Value]:
    """Run a job that may never end, such as a look at a disk that does not answer.

    In a daemon thread: Python waits at exit for those of a pool. The future cannot be cancelled.
    """
    future = Future[_Value]()
    future.set_running_or_notify_cancel()

    def work() -> None:
        try:
            value = job()
        except BaseException as error:  # noqa: BLE001 - the waiter gets it
            future.set_exception(error)
        else:
            future.set_result(value)

    threading.Thread(target=work, name="homebody-disk", daemon=True).start()
    return future


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


async def read_off_loop(path: Path, *, max_bytes: int, inside: Path | None = None) -> bytes:
    """``read_in_time`` without blocking the event loop. Raises the same."""
    return await asyncio.to_thread(read_in_time, path, max_bytes=max_bytes, inside=inside)


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

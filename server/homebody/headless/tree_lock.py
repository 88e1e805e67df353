"""Allow only one run at a time to change the files of a tree.

In: a tree. Out: a lock that the operating system releases when the process ends, however it ends.
The lock file lies in the user's state folder, next to a note that names the run that holds it.
"""

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from homebody.errors import JournalUnusable, TreeBusy
from homebody.headless.journal import tree_folder


class Holder(msgspec.Struct, frozen=True):
    """The run that holds a lock."""

    pid: int
    started: str
    command: str


@contextmanager
def tree_lock(root: Path, command: str) -> Generator[None]:
    """Hold the tree's lock.

    Raises
    ------
    TreeBusy
        Another run holds it; the message names that run.
    JournalUnusable
        The state folder cannot be written.

    """
    folder = tree_folder(root)
    note = folder / "holder.json"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = FileLock(folder / "lock", timeout=0)
        lock.acquire()
    except Timeout as error:
        raise TreeBusy(_busy(root, note)) from error
    except OSError as error:
        message = f"{folder} cannot be written ({error.strerror or error}), so no file is changed."
        raise JournalUnusable(message) from error
    try:
        holder = Holder(os.getpid(), f"{datetime.now().astimezone():%H:%M:%S}", command)
        with suppress(OSError):
            note.write_bytes(msgspec.json.encode(holder))
        yield
    finally:
        with suppress(OSError):
            note.unlink()
        lock.release()


def _busy(root: Path, note: Path) -> str:
    try:
        holder = msgspec.json.decode(note.read_bytes(), type=Holder)
        other = f"`{holder.command}` (process {holder.pid}, since {holder.started})"
    except (OSError, msgspec.DecodeError):
        other = "another run"
    return f"Files in {root} are being changed by {other}: wait until it has ended, or stop it."

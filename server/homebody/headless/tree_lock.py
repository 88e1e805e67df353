"""Allow only one run at a time to change the files of a tree, or of trees inside each other.

The operating system releases the lock when the process ends, however it ends. The lock file lies beside the
journals of the tree, with the tree's path and a note that names the run that holds it.
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
from homebody.headless.write import write_synced

_SECONDS = 10.0
"""Maximum time, in seconds, that another run may take to get its own lock."""


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
        Another run holds it, or that of a tree above or below; the message names that run.
    JournalUnusable
        The state folder cannot be written.

    """
    folder = tree_folder(root)
    lock = FileLock(folder / "lock", timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(folder.parent / "lock", timeout=_SECONDS):
            for other in folder.parent.glob("*/root"):
                if _is_nested(root, other):
                    with FileLock(other.with_name("lock"), timeout=0):
                        pass
            if not (folder / "root").exists():
                write_synced(folder / "root", os.fsencode(os.path.realpath(root)))
            lock.acquire()
    except Timeout as error:
        raise TreeBusy(_busy(root, Path(error.lock_file).with_name("holder.json"))) from error
    except OSError as error:
        message = f"{folder} cannot be written ({error.strerror or error}), so no file is changed."
        raise JournalUnusable(message) from error
    note = folder / "holder.json"
    try:
        holder = Holder(os.getpid(), f"{datetime.now().astimezone():%H:%M:%S}", command)
        with suppress(OSError, ValueError):
            note.write_bytes(msgspec.json.encode(holder))
        yield
    finally:
        with suppress(OSError):
            note.unlink()
        lock.release()


def _is_nested(root: Path, other: Path) -> bool:
    """Whether the tree that the file ``other`` names is ``root``, above it or below it."""
    with suppress(OSError):
        above = _folders(root.resolve())
        its_above = _folders(Path(os.fsdecode(other.read_bytes())))
        return above[0] in its_above or its_above[0] in above
    return False


def _folders(root: Path) -> list[tuple[int, int]]:
    """Identify a folder and those above it, whatever the case of their names."""
    return [(facts.st_dev, facts.st_ino) for facts in (path.stat() for path in (root, *root.parents))]


def _busy(root: Path, note: Path) -> str:
    try:
        holder = msgspec.json.decode(note.read_bytes(), type=Holder)
        other = f"`{holder.command}` (process {holder.pid}, since {holder.started})"
    except (OSError, msgspec.DecodeError):
        other = "another run"
    return f"Files in {root} are being changed by {other}: wait until it has ended, or stop it."

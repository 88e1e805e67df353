"""Allow only one run at a time to change the files of a tree, or of trees inside each other.

The operating system releases the lock when the process ends, however it ends. Beside the lock file, in the
folder of the tree's journals, are the path of the tree and a note that names the run that holds the lock.
"""

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from homebody.errors import JournalUnusable, TreeBusy
from homebody.headless.journal import tree_folder
from homebody.headless.write import write_synced

_SECONDS = 10.0
"""Maximum time, in seconds, that another run may take to get its own lock."""


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
    holder = f"`{command}` (process {os.getpid()}, since {datetime.now().astimezone():%H:%M:%S})"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(folder.parent / "lock", timeout=_SECONDS):
            if not (folder / "root").exists():
                write_synced(folder / "root", os.fsencode(os.path.realpath(root)))
            for other in folder.parent.glob("*/root"):
                if other.parent != folder and _is_nested(root, other):
                    with FileLock(other.with_name("lock"), timeout=0):
                        pass
            lock.acquire()
    except Timeout as error:
        other = "another run"
        with suppress(OSError):
            other = Path(error.lock_file).with_name("holder").read_text("utf-8")
        message = f"Files in {root} are being changed by {other}: wait until it has ended, or stop it."
        raise TreeBusy(message) from error
    except OSError as error:
        message = f"{folder} cannot be written ({error.strerror or error}), so no file is changed."
        raise JournalUnusable(message) from error
    try:
        with suppress(OSError):
            (folder / "holder").write_text(holder, "utf-8")
        yield
    finally:
        with suppress(OSError):
            (folder / "holder").unlink()
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

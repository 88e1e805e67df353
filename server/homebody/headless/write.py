"""Replace a file as a whole, or not at all.

In: a ``SourceFile`` and its new text. Out: the file on disk. Whoever reads it meanwhile sees the old
text or the new one, and a file that somebody else has changed is left alone.
"""

import os
import shutil
import stat
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from homebody.errors import DocumentChanged, EditRefused
from homebody.headless.select import SourceFile

_ANY_WRITE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def replace_file(source: SourceFile, text: str) -> None:
    """Put ``text`` in the place of what was read; symlinks stay, and so do mode and owner.

    Raises
    ------
    DocumentChanged
        The file is not the one that was read any more.
    EditRefused
        It is read-only, or its folder cannot be written to.

    """
    check_unchanged(source)
    if not os.access(source.target, os.W_OK) or not source.target.stat().st_mode & _ANY_WRITE:
        # Replacing would work where the folder can be written to: not what read-only means.
        message = f"{source.path} is read-only, so nothing was written; make it writable first."
        raise EditRefused(message)
    data = source.encode(text)
    try:
        handle, name = tempfile.mkstemp(
            dir=source.target.parent, prefix=f".{source.target.name[:32]}.", suffix=".new"
        )
    except OSError as error:
        raise _refused(source, error) from error
    fresh = Path(name)
    try:
        with open(handle, "wb") as file:  # noqa: PTH123 - a file descriptor, not a path
            file.write(data)
            file.flush()
            os.fsync(handle)
        _copy_rights(source.target, fresh)
        check_unchanged(source)
        fresh.replace(source.target)
    except OSError as error:
        raise _refused(source, error) from error
    finally:
        fresh.unlink(missing_ok=True)
    _sync_folder(source.target.parent)


def check_unchanged(source: SourceFile) -> None:
    """Look whether the file on disk still is what was read.

    Raises
    ------
    DocumentChanged
        It was edited, removed, or its symlink leads elsewhere now.

    """
    try:
        same = source.path.resolve(strict=True) == source.target and source.target.read_bytes() == source.data
    except (OSError, RuntimeError):
        same = False
    if not same:
        message = (
            f"{source.path} changed while the model worked, so nothing was written; run the command again."
        )
        raise DocumentChanged(message)


def _copy_rights(old: Path, fresh: Path) -> None:
    found = old.stat()
    if sys.platform != "win32" and (found.st_uid, found.st_gid) != (os.geteuid(), os.getegid()):
        # Only root can give a file away; the mode comes after, since giving away clears set-uid.
        with suppress(PermissionError):
            os.chown(fresh, found.st_uid, found.st_gid)
    shutil.copymode(old, fresh)


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a power cut; Windows cannot open folders, and needs it not."""
    if sys.platform != "win32":
        with suppress(OSError):
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def _refused(source: SourceFile, error: OSError) -> EditRefused:
    return EditRefused(
        f"{source.path} cannot be replaced, so nothing was written: {error.strerror or error}."
    )

"""Replace a file atomically.

In: a file as it was read, and its new bytes. Out: the file on disk. Readers see the old text or the new
one, never a part of it; a file that has changed meanwhile is not touched.
"""

import os
import secrets
import shutil
import stat
import sys
from contextlib import suppress
from pathlib import Path

from homebody.errors import DocumentChanged, EditRefused
from homebody.headless.select import SourceFile

_ANY_WRITE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def check_replaceable(source: SourceFile) -> None:
    """Check that the file on disk has not changed since it was read, and may be written.

    Raises
    ------
    DocumentChanged
        It was edited or removed, or its symlink has a new target.
    EditRefused
        It is read-only.

    """
    check_unchanged(source)
    if is_read_only(source.target):
        message = f"{source.path} is read-only, so nothing was written; make it writable first."
        raise EditRefused(message)


def is_read_only(path: Path) -> bool:
    """Whether a file may not be written. In a writable folder, replacing it would succeed; refuse it anyway.

    Raises ``OSError`` if there is no such file.
    """
    return not (path.stat().st_mode & _ANY_WRITE and os.access(path, os.W_OK))


def check_unchanged(source: SourceFile) -> None:
    """Check that the file on disk has not changed since it was read. Raises ``DocumentChanged``."""
    try:
        same = source.path.resolve(strict=True) == source.target and source.target.read_bytes() == source.data
    except (OSError, RuntimeError):
        same = False
    if not same:
        message = (
            f"{source.path} changed while the model worked, so nothing was written; run the command again."
        )
        raise DocumentChanged(message)


def temporary_name(target: Path) -> str:
    """Return the name of a temporary file next to ``target``; the journal records it for cleaning up."""
    return f".{target.name[:32]}.{secrets.token_hex(4)}.new"


def put_bytes(
    target: Path, data: bytes, *, shown: Path | None = None, temporary: str = "", mode: int = 0
) -> tuple[str, ...]:
    """Replace the content of ``target`` by ``data`` atomically, and keep the file's attributes.

    ``temporary`` is the name of the file, in the same folder, that is written first. ``mode`` is used if
    ``target`` no longer exists. Returns a sentence for each attribute that could not be kept.

    Raises
    ------
    EditRefused
        The folder cannot be written to, or the disk is full; the file is unchanged.

    """
    shown = shown or target
    fresh = target.with_name(temporary or temporary_name(target))
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(fresh, flags, 0o600)
    except OSError as error:
        raise _refused(shown, error) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        notes = _copy_facts(target, fresh, mode, shown)
        fresh.replace(target)
    except OSError as error:
        raise _refused(shown, error) from error
    finally:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
    _sync_folder(target.parent)
    return notes


def _copy_facts(old: Path, fresh: Path, mode: int, shown: Path) -> tuple[str, ...]:
    """Give ``fresh`` the owner, the extended attributes and the mode of ``old``."""
    try:
        found = old.stat()
    except FileNotFoundError:
        if mode:
            fresh.chmod(mode)
        return ()
    notes: list[str] = []
    if found.st_nlink > 1:
        others = found.st_nlink - 1
        notes.append(
            f"{shown} has {others} other name{'s' * (others > 1)} (hard links), which keep the old text."
        )
    if sys.platform != "win32" and (found.st_uid, found.st_gid) != (os.geteuid(), os.getegid()):
        # Set the mode last, because changing the owner clears set-uid.
        try:
            os.chown(fresh, found.st_uid, found.st_gid)
        except PermissionError:
            with suppress(PermissionError):
                os.chown(fresh, -1, found.st_gid)
            if found.st_uid != os.geteuid():
                notes.append(f"{shown} belonged to another user and is yours now.")
    _copy_attributes(old, fresh)
    shutil.copymode(old, fresh)
    return tuple(notes)


def _copy_attributes(old: Path, fresh: Path) -> None:
    """Copy the extended attributes (access lists, labels) that the user may set; on Linux only."""
    if sys.platform != "linux":
        return
    with suppress(OSError):
        for name in os.listxattr(old):
            with suppress(OSError):
                os.setxattr(fresh, name, os.getxattr(old, name))


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut; Windows cannot open folders and does not need it."""
    if sys.platform != "win32":
        with suppress(OSError):
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def _refused(shown: Path, error: OSError) -> EditRefused:
    return EditRefused(f"{shown} cannot be replaced, so nothing was written: {error.strerror or error}.")

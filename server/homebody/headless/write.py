"""Replace a file atomically: readers see the old text or the new one, never a part of it.

A file that has changed meanwhile is not touched.
"""

import hashlib
import os
import secrets
import shutil
import stat
import sys
from contextlib import suppress
from pathlib import Path

from homebody.errors import DocumentChanged, EditRefused
from homebody.headless.select import SourceFile

_BINARY = getattr(os, "O_BINARY", 0)
_CREATE = os.O_WRONLY | os.O_CREAT | _BINARY
_READ = os.O_RDONLY | _BINARY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
_ANY_WRITE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def check_replaceable(source: SourceFile) -> None:
    """Check that the file on disk has not changed since it was read, and may be written.

    Raises ``DocumentChanged``: it was edited or removed, or its symlink has a new target; ``EditRefused``: it
    is read-only.
    """
    try:
        is_same = source.path.resolve(strict=True) == source.target
        is_same = is_same and content_digest(source.target) == digest(source.data)
    except (OSError, RuntimeError, DocumentChanged):
        is_same = False
    if not is_same:
        raise _changed(source.path)
    # In a writable folder, replacing a read-only file would succeed; refuse it anyway.
    if not (source.target.stat().st_mode & _ANY_WRITE and os.access(source.target, os.W_OK)):
        message = f"{source.path} is read-only, so nothing was written; make it writable first."
        raise EditRefused(message)


def digest(data: bytes) -> str:
    """SHA-256 of ``data``, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def content_digest(path: Path) -> str | None:
    """Return the SHA-256 of a file's content; ``None`` if there is no such file.

    ``path`` has no links in it: one that was put there since leads to another file.

    Raises ``DocumentChanged``: something else is there: a folder, a link, a FIFO, a device, or a file that
    cannot be read.
    """
    try:
        # Checked before it is opened: opening a FIFO would wait, and opening a device can have an effect.
        if not stat.S_ISREG(path.lstat().st_mode) or os.path.realpath(path) != str(path):
            message = f"{path} is no longer a regular file, and is not touched."
            raise DocumentChanged(message)
        with os.fdopen(os.open(path, _READ), "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        message = f"{path} cannot be read ({error.strerror or error}), and is not touched."
        raise DocumentChanged(message) from error


def temporary_name(target: Path) -> str:
    """Return the name of a temporary file next to ``target``; the journal records it for cleaning up."""
    return f".{target.name[:32]}.{secrets.token_hex(8)}.new"


def put_bytes(
    target: Path, data: bytes, *, old: str | None, temporary: str, mode: int = 0, shown: Path | None = None
) -> tuple[str, ...]:
    """Replace ``target`` atomically if its content still has the SHA-256 ``old``.

    ``None``: create it, and its folder.
    ``temporary`` is the name of the file, in the same folder, that is written first. A file that is replaced
    keeps its attributes, a new one gets ``mode``. Returns a sentence for each attribute that was not kept.

    Raises ``DocumentChanged`` (the content is another one; the file is unchanged); ``EditRefused`` (the
    folder cannot be written to, or the disk is full; the file is unchanged).
    """
    shown = shown or target
    fresh = target.with_name(temporary)
    notes: tuple[str, ...] = ()
    try:
        if old is None:
            target.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(fresh, _CREATE | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                if old is None:
                    fresh.chmod(mode)
                else:
                    notes = _copy_facts(target, fresh, shown)
                os.fsync(file.fileno())
            # As late as possible: others may write to the file at any time.
            if content_digest(target) != old:
                raise _changed(shown)
            if old is None:
                _rename_to_new(fresh, target)
            else:
                fresh.replace(target)
        finally:
            with suppress(OSError):
                fresh.unlink(missing_ok=True)
    except OSError as error:
        message = f"{shown} cannot be replaced, so nothing was written: {error.strerror or error}."
        raise EditRefused(message) from error
    sync_folder(target.parent)
    return notes


def remove(path: Path) -> None:
    """Remove a file. Raises ``EditRefused``."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        message = f"{path} cannot be removed: {error.strerror or error}."
        raise EditRefused(message) from error


def sync_folder(folder: Path) -> None:
    """Make new names survive a power cut; Windows cannot open folders and does not need it."""
    if sys.platform != "win32":
        with suppress(OSError):
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def _rename_to_new(fresh: Path, target: Path) -> None:
    """Rename a file to a name that must be free. Raises ``OSError``."""
    try:
        os.link(fresh, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links; Windows refuses a name that is taken by itself
        fresh.rename(target)


def _changed(shown: Path) -> DocumentChanged:
    return DocumentChanged(
        f"{shown} changed while the model worked, so nothing was written; run the command again."
    )


def _copy_facts(old: Path, fresh: Path, shown: Path) -> tuple[str, ...]:
    """Give ``fresh`` the owner, the extended attributes and the mode of ``old``."""
    facts = old.stat()
    notes: list[str] = []
    if facts.st_nlink > 1:
        others = facts.st_nlink - 1
        notes.append(
            f"{shown} has {others} other name{'s' * (others > 1)} (hard links), which keep the old text."
        )
    if sys.platform != "win32" and (facts.st_uid, facts.st_gid) != (os.geteuid(), os.getegid()):
        # Set the mode last, because changing the owner clears set-uid.
        try:
            os.chown(fresh, facts.st_uid, facts.st_gid)
        except PermissionError:
            with suppress(PermissionError):
                os.chown(fresh, -1, facts.st_gid)
            if facts.st_uid != os.geteuid():
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

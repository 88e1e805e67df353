"""Shared parts of all downloads: the installation lock, the progress, and the checksum."""

import errno
import hashlib
import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from filelock import FileLock

from homebody.errors import ModelInstallFailed
from homebody.models.library import models_dir

OnProgress: TypeAlias = Callable[[int, int], None]
"""Called with the bytes downloaded so far and the total."""


@contextmanager
def installing() -> Generator[None]:
    """Lock the models folder for one installation; report a full disk in one sentence.

    Raises
    ------
    ModelInstallFailed
        The folder cannot be written to.

    """
    folder = models_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / "install.lock"):
            yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            message = f"the disk of {folder} is full: make room, then try again"
        else:
            message = f"{folder} cannot be written to ({error.strerror or error}): check its permissions"
        raise ModelInstallFailed(message) from error


def check_space(what: str, needed: int) -> None:
    """Raise ``ModelInstallFailed`` unless the disk of the models folder has room for ``needed`` bytes."""
    free = shutil.disk_usage(models_dir()).free
    if free < needed:
        message = (
            f"{models_dir()} has {free / 1e6:.0f} MB free and {what} {needed / 1e6:.0f} MB: "
            "make room, or set HOMEBODY_DATA_DIR to another disk"
        )
        raise ModelInstallFailed(message)


def bytes_under(folder: Path) -> int:
    """Total bytes of all files in ``folder``, including files that are being written."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:  # pip has just moved it
            continue
    return total


def sha256_of(path: Path) -> str:
    """Compute the checksum of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_sha256(path: Path, name: str, expected: str) -> None:
    """Delete a file and raise ``ModelInstallFailed`` unless it has that checksum."""
    if (actual := sha256_of(path)) != expected:
        path.unlink()
        message = (
            f"{name} has the checksum {actual[:12]}… instead of {expected[:12]}…: "
            "it was damaged or changed during the download and was deleted; try again, over another network"
        )
        raise ModelInstallFailed(message)

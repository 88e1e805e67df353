"""The files of a workspace folder that may serve as context.

In: a folder and its rules. Out: entries, nearest to the top first, with size and time, by which changes of a
file are detected.
Symlinks are not followed: targets inside the folder are found under their own names, and targets outside
do not belong to the workspace. All limits are fixed, so a walk ends even if ``/`` was opened by mistake.
"""

import os
import stat
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from homebody.workspace.ignore import FolderRules
from homebody.workspace.secrets import is_secret


@dataclass(frozen=True, slots=True)
class WalkedFile:
    """One file.

    Attributes
    ----------
    path
        Below the workspace folder, with ``/`` between its parts.
    size
        In bytes.
    mtime_ns
        Time of the last change, in nanoseconds.

    """

    path: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a walk.

    The defaults suit a large monorepo; a home folder opened as a workspace exceeds them. ``max_looks``
    counts every entry, including ignored files and folders. ``max_bytes`` is the total size of all files,
    about seven million lines.
    """

    max_file_bytes: int = 1024 * 1024
    max_files: int = 100_000
    max_bytes: int = 256 * 1024 * 1024
    max_looks: int = 1_000_000
    max_depth: int = 60


class Walk:
    """The entries below ``root``. Iterate once, then read the attributes.

    Attributes
    ----------
    unreadable
        Folders that could not be listed.
    too_large
        Files above ``max_file_bytes``.
    cut
        Whether a limit ended the walk early.

    """

    def __init__(self, root: Path, rules: FolderRules, limits: Limits | None = None) -> None:
        self.unreadable = 0
        self.too_large = 0
        self.cut = False
        self._root = root
        self._rules = rules
        self._limits = limits or Limits()

    def __iter__(self) -> Iterator[WalkedFile]:
        limits = self._limits
        folders = deque([("", self._rules, 0)])
        files = looks = size = 0
        while folders:
            below, rules, depth = folders.popleft()
            listed = self._listed(below)
            names = {entry.name for entry in listed}
            rules = rules.inside(names)
            for entry in listed:
                looks += 1
                if looks > limits.max_looks or files >= limits.max_files:
                    self.cut = True
                    return
                if entry.is_dir(follow_symlinks=False):
                    if depth >= limits.max_depth:
                        self.cut = True
                    elif not rules.ignores_folder(entry.name) and not _is_junction(entry):
                        folders.append((f"{below}{entry.name}/", rules.below(entry.name), depth + 1))
                elif (found := self._file(entry, below, rules)) is not None:
                    files += 1
                    size += found.size
                    if size > limits.max_bytes:
                        self.cut = True
                        return
                    yield found

    def _listed(self, below: str) -> list[os.DirEntry[str]]:
        """Entries of one folder by name, none if it cannot be read."""
        try:
            with os.scandir(self._root / below) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except OSError:
            self.unreadable += 1
            return []

    def _file(self, entry: os.DirEntry[str], below: str, rules: FolderRules) -> WalkedFile | None:
        """The entry, if it is a file that counts."""
        path = below + entry.name
        if not entry.is_file(follow_symlinks=False) or rules.ignores_file(entry.name) or is_secret(path):
            return None
        try:
            path.encode()  # a name that is not valid Unicode cannot be stored or shown
            facts = entry.stat(follow_symlinks=False)
        except (UnicodeEncodeError, OSError):
            return None
        if facts.st_size > self._limits.max_file_bytes:
            self.too_large += 1
            return None
        return WalkedFile(path, facts.st_size, facts.st_mtime_ns)


def _is_junction(entry: os.DirEntry[str]) -> bool:
    """Whether a folder on Windows is a mount point, which leads elsewhere like a symlink."""
    if not hasattr(stat, "IO_REPARSE_TAG_MOUNT_POINT") or os.name != "nt":
        return False
    tag = getattr(entry.stat(follow_symlinks=False), "st_reparse_tag", 0)
    return tag == stat.IO_REPARSE_TAG_MOUNT_POINT

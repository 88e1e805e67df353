"""The files below a folder, for the index and for runs that change files; and one file as a document.

Symlinks are not followed by a walk: targets inside the folder are found under their own names, and targets
outside do not belong to the workspace. All limits are fixed, so a walk ends even if ``/`` was opened by
mistake. The text of a document is unchanged, with its byte order mark and line ends.
"""

import os
import stat
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, TypeAlias

from homebody.errors import FileUnreadable
from homebody.regular_file import FileRefused, FileTooLarge, read_regular
from homebody.syntax.language import find_by_text
from homebody.text import Document
from homebody.workspace.ignore import FolderRules
from homebody.workspace.secrets import holds_private_key, is_secret
from homebody.workspace.uri import uri_of

ReasonAgainst: TypeAlias = Callable[[os.DirEntry[str], str, str], str | None]
"""From an entry, its path below the folder and the rule that ignores it, if any, to why it is left out.

``None`` for an entry that counts; empty for one that is not even counted among the skipped ones.
"""


class WalkedFile(NamedTuple):
    """One file: its path below the folder, with ``/`` between its parts, and its size in bytes.

    ``mtime_ns`` is the time of the last change, in nanoseconds.
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
    max_bytes: int = 256 * 1024 * 1024
    max_looks: int = 1_000_000


def reason_against_context(entry: os.DirEntry[str], path: str, rule: str) -> str | None:
    """Return why an entry may not serve as context."""
    if rule:
        return "ignored"
    if entry.is_dir(follow_symlinks=False):
        return None
    if not entry.is_file(follow_symlinks=False):
        return "not regular"
    return "secret" if is_secret(path) else None


@dataclass
class Walk:
    """The files below ``root``, the nearest to it first, each folder by name. Iterate once.

    Attributes
    ----------
    skipped
        Number of entries left out, by reason; an ignored folder counts once, as does one that cannot be
        listed (``unreadable``).
    looks
        Number of entries seen.
    cut
        Whether a limit ended the walk early.

    """

    root: Path
    rules: FolderRules
    limits: Limits = Limits()
    reason_against: ReasonAgainst = reason_against_context
    skipped: Counter[str] = field(default_factory=Counter[str], init=False)
    looks: int = field(default=0, init=False)
    cut: bool = field(default=False, init=False)

    def __iter__(self) -> Iterator[WalkedFile]:
        limits = self.limits
        folders = deque([("", self.rules)])
        size = 0
        while folders:
            below, rules = folders.popleft()
            listed = self._listed(below)
            rules = rules.inside({entry.name for entry in listed})
            for entry in listed:
                self.looks += 1
                if self.looks > limits.max_looks:
                    self.cut = True
                    return
                if entry.is_dir(follow_symlinks=False):
                    if (inner := self._inside(entry, below, rules)) is not None:
                        folders.append((f"{below}{entry.name}/", inner))
                elif (file := self._file(entry, below, rules)) is not None:
                    size += file.size
                    if size > limits.max_bytes:
                        self.cut = True
                        return
                    yield file

    def _listed(self, below: str) -> list[os.DirEntry[str]]:
        """Entries of one folder by name, none if it cannot be read."""
        try:
            with os.scandir(self.root / below) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except OSError:
            self.skipped["unreadable"] += 1
            return []

    def _inside(self, entry: os.DirEntry[str], below: str, rules: FolderRules) -> FolderRules | None:
        """The rules of a folder that the walk enters."""
        inner = rules.below(entry.name)
        why = self.reason_against(entry, below + entry.name, inner.closed)
        if why is None and not _is_junction(entry):
            return inner
        self._skip(why or "")
        return None

    def _file(self, entry: os.DirEntry[str], below: str, rules: FolderRules) -> WalkedFile | None:
        """The entry, if it is a file that counts."""
        path = below + entry.name
        why = self.reason_against(entry, path, rules.reason_against(entry.name))
        if why is not None:
            return self._skip(why)
        try:
            path.encode()  # a name that is not valid Unicode cannot be stored or shown
            facts = entry.stat(follow_symlinks=False)
        except UnicodeEncodeError:
            return self._skip("oddly named")
        except OSError:
            return self._skip("unreadable")
        if facts.st_size > self.limits.max_file_bytes:
            return self._skip("too large")
        return WalkedFile(path, facts.st_size, facts.st_mtime_ns)

    def _skip(self, why: str) -> None:
        if why:
            self.skipped[why] += 1


def _is_junction(entry: os.DirEntry[str]) -> bool:
    """Whether a folder on Windows is a mount point, which leads elsewhere like a symlink."""
    if not hasattr(stat, "IO_REPARSE_TAG_MOUNT_POINT") or os.name != "nt":
        return False
    tag = getattr(entry.stat(follow_symlinks=False), "st_reparse_tag", 0)
    return tag == stat.IO_REPARSE_TAG_MOUNT_POINT


def read_document(path: Path, *, max_bytes: int) -> Document:
    """Return the file at ``path``, version 0.

    ``max_bytes`` is ``context.maxFileBytes``.

    Raises
    ------
    FileUnreadable
        The file does not exist, is not permitted, larger than ``max_bytes``, binary, not UTF-8, or on the
        list of secrets. The message is for the user.

    """
    try:
        if is_secret(path) or is_secret(path.resolve()):
            message = f"{path} is on the list of files that hold secrets: it is never put into a prompt."
            raise FileUnreadable(message)
        data = read_regular(path, max_bytes=max_bytes)
    except (OSError, RuntimeError, ValueError) as error:  # a symlink loop; a NUL in the path
        message = f"{path} {_why_unread(path, error, max_bytes)}."
        raise FileUnreadable(message) from error
    text = decoded(data, str(path))
    language = find_by_text(path.name, text)
    return Document.create(uri_of(path), language.ids[0] if language else "plaintext", 0, text)


def _why_unread(path: Path, error: Exception, max_bytes: int) -> str:
    match error:
        case FileTooLarge():
            limit = f"{max_bytes} bytes, the limit for files that are read"
            return f"is larger than {limit}: raise context.maxFileBytes to read it"
        case FileRefused() if path.is_dir():
            return "is a folder: name a file in it"
        case FileNotFoundError() | NotADirectoryError():
            return "does not exist: check the path"
        case _:
            return f"cannot be read: {getattr(error, 'strerror', None) or error}"


def decoded(data: bytes, name: str) -> str:
    """Return the text of a file that may go into a prompt; messages call it ``name``.

    Raises
    ------
    FileUnreadable
        It is binary or not UTF-8, or it holds a private key.

    """
    if b"\0" in data:
        message = f"{name} is a binary file: Homebody reads only text."
        raise FileUnreadable(message)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"{name} is not UTF-8 (line {line}): convert it first."
        raise FileUnreadable(message) from error
    if holds_private_key(text):
        message = f"{name} holds a private key: it is never put into a prompt."
        raise FileUnreadable(message)
    return text

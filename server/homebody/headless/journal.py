"""The journal of a run: the old content of each changed file, stored before the file changes.

Lies in the user's state folder; nothing is written into the work tree. Every file in it is written under
another name, synced and renamed, so that it is whole or absent; the state of a change is the name of its
record, so that a power cut cannot leave half of it.

    runs/TREE/NUMBER/run.json    the request
    runs/TREE/NUMBER/3.old       old content of the third file that the run changed
    runs/TREE/NUMBER/3.open      its record, while the change is unverified
    runs/TREE/NUMBER/3.kept      the same record, once the change is verified, or if there is no command
    runs/TREE/NUMBER/done        files that need no further work, one JSON string per line
    runs/TREE/NUMBER/ended       empty: the run ended
    runs/TREE/NUMBER/undone      empty: the run was undone

A record is deleted as soon as its file has the old content again.
"""

import hashlib
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec
from filelock import FileLock, Timeout

from homebody.errors import DocumentChanged, HomebodyError, JournalUnusable, TreeBusy
from homebody.headless.write import content_digest, digest, put_bytes, remove, sync_folder
from homebody.regular_file import write_file
from homebody.settings.paths import state_dir

KEPT_RUNS = 20
"""Number of journals to keep for each tree."""

Mark: TypeAlias = Literal["ended", "undone"]


class Work(msgspec.Struct, frozen=True, omit_defaults=True):
    """One file of a run, relative to its tree, and the lines that the user named."""

    path: str
    lines: tuple[tuple[int, int], ...] = ()


class RunHeader(msgspec.Struct, frozen=True):
    """The request of a run: the command line for display, and the options that ``cli`` needs to resume it."""

    started: str
    command: str
    request: msgspec.Raw
    files: tuple[Work, ...]


class Record(msgspec.Struct, frozen=True):
    """One change of a file.

    Attributes
    ----------
    path
        Relative to the tree, with ``/`` between its parts.
    old, new
        SHA-256 of the content before and after; ``old`` is ``None``, and recorded so, for a file that the run
        creates.
    mode
        Permission bits before the change.
    temporary
        Name of the file in the same folder that holds the content until it replaces the file.

    """

    path: str
    old: str | None
    new: str
    mode: int
    temporary: str


@dataclass(frozen=True, slots=True)
class RecordedChange:
    """A record in the journal: ``place`` is its file."""

    place: Path
    record: Record

    @property
    def is_kept(self) -> bool:
        """Whether no command decides about the change any more; until then it may be unverified."""
        return self.place.suffix == ".kept"

    @property
    def old_place(self) -> Path:
        """Where the old content is."""
        return self.place.with_suffix(".old")

    @property
    def where(self) -> str:
        """A sentence about the old content, to append to a message; empty for a created file."""
        return f" Its old content is {self.old_place}." if self.record.old is not None else ""


class Journal:
    """The journal of one run of the tree ``root``. ``create`` makes a new one."""

    def __init__(self, folder: Path, root: Path) -> None:
        self.folder = folder
        self.run = folder.name
        self.root = Path(os.path.realpath(root))
        self._last = 0

    def header(self) -> RunHeader:
        """Read the request. Raises ``JournalUnusable``."""
        try:
            return msgspec.json.decode((self.folder / "run.json").read_bytes(), type=RunHeader)
        except (OSError, ValueError) as error:
            message = f"The journal {self.folder} has no readable run.json."
            raise JournalUnusable(message) from error

    def begin(self, record: Record, old: bytes, *, is_kept: bool) -> RecordedChange:
        """Record a change before it is made, with the old content; both survive a power cut.

        ``is_kept``: no command decides about it. Raises ``JournalUnusable``.
        """
        with _translated(f"{record.path} is not changed"):
            self._last = 1 + (self._last or max(_numbers(self.folder), default=0))
            place = self.folder / f"{self._last}.{'kept' if is_kept else 'open'}"
            if record.old is not None:
                write_file(place.with_suffix(".old"), old)
            write_file(place, msgspec.json.encode(record))
            sync_folder(self.folder)
        return RecordedChange(place, record)

    def keep(self, change: RecordedChange) -> None:
        """Record that a change stays. Raises ``JournalUnusable``."""
        with _translated("the change counts as unverified"):
            change.place.replace(change.place.with_suffix(".kept"))

    def drop(self, change: RecordedChange) -> None:
        """Forget a change whose file has its old content. Raises ``JournalUnusable``."""
        with _translated(f"the next undo checks {change.record.path} again"):
            change.place.unlink(missing_ok=True)
            change.old_place.unlink(missing_ok=True)

    def changes(self) -> tuple[list[RecordedChange], list[str]]:
        """Return the changes in order, and a sentence for each record that is damaged."""
        changes: list[RecordedChange] = []
        damaged: list[str] = []
        places = [path for path in self.folder.glob("*") if path.suffix in {".open", ".kept"}]
        for place in sorted(places, key=_number):
            try:
                changes.append(RecordedChange(place, msgspec.json.decode(place.read_bytes(), type=Record)))
            except (OSError, ValueError):
                old = place.with_suffix(".old")
                damaged.append(f"{place} is damaged, so its file is not touched; the old content is {old}.")
        return changes, damaged

    def old(self, change: RecordedChange) -> bytes:
        """Return the old content of a file. Raises ``JournalUnusable`` if it is missing or damaged."""
        data = b""
        with suppress(OSError):
            data = change.old_place.read_bytes()
        if digest(data) != change.record.old:
            message = f"{change.old_place} is damaged, so {change.record.path} was not put back."
            raise JournalUnusable(message)
        return data

    def finished(self, path: Path) -> None:
        """Record that the run needs no further work on a file. Losing this record only repeats work."""
        with suppress(OSError, ValueError), (self.folder / "done").open("ab") as file:
            # The first line end keeps the line apart from one that was cut.
            file.write(b"\n" + msgspec.json.encode(place_in(self.root, path)) + b"\n")

    def done(self) -> set[str]:
        """Return the files that need no further work after ``settle``: those that are finished or changed."""
        done = {change.record.path for change in self.changes()[0]}
        with suppress(OSError):
            for line in (self.folder / "done").read_bytes().split(b"\n"):
                with suppress(msgspec.DecodeError):
                    done.add(msgspec.json.decode(line, type=str))
        return done

    def mark(self, mark: Mark) -> None:
        """Record the end of the run, or that it was undone; a full disk only loses the note."""
        with suppress(OSError):
            (self.folder / mark).touch()

    def has(self, mark: Mark) -> bool:
        """Whether the run ended, or was undone."""
        return (self.folder / mark).exists()


def create(root: Path, command: str, request: bytes, files: tuple[Work, ...]) -> Journal:
    """Create the journal of a run, and delete the oldest ones of its tree. Raises ``JournalUnusable``."""
    started = datetime.now().astimezone().isoformat(timespec="seconds")
    header = RunHeader(started, command, msgspec.Raw(request), files)
    tree = tree_folder(root)
    folder = tree / str(1 + max(_numbers(tree), default=0))
    with _translated("no file is changed"):
        folder.mkdir(parents=True, mode=0o700)
        write_file(folder / "run.json", msgspec.json.encode(header))
        for parent in (tree, *tree.parents[:2]):  # the first run of a user creates these
            sync_folder(parent)
    for old in sorted(filter(Path.is_dir, tree.iterdir()), key=_number)[:-KEPT_RUNS]:
        shutil.rmtree(old, ignore_errors=True)
    return Journal(folder, root)


def list_runs(root: Path) -> list[Journal]:
    """Return the runs of a tree, newest first, without those that were killed before they had a request."""
    tree = tree_folder(root)
    runs = [Journal(tree / str(number), root) for number in sorted(_numbers(tree), reverse=True)]
    return [run for run in runs if (run.folder / "run.json").exists() or any(run.changes())]


@contextmanager
def tree_lock(root: Path) -> Generator[None]:
    """Let only one run at a time change the files of a tree.

    The operating system releases the lock when the process ends, however it ends.

    Raises ``TreeBusy``; ``JournalUnusable``: the state folder cannot be written.
    """
    folder = tree_folder(root)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = FileLock(folder / "lock", timeout=0).acquire()
    except Timeout as error:
        message = f"Files in {root} are being changed by another run: wait until it has ended, or stop it."
        raise TreeBusy(message) from error
    except OSError as error:
        message = f"{folder} cannot be written ({error.strerror or error}), so no file is changed."
        raise JournalUnusable(message) from error
    with lock:
        yield


def place_in(root: Path, path: Path) -> str:
    """Return the path of a file in its tree; a file that is a link is the link."""
    folder = os.path.realpath(path.parent)
    return Path(os.path.relpath(Path(folder, path.name), os.path.realpath(root))).as_posix()


def tree_folder(root: Path) -> Path:
    """Return the folder that holds the journals of a tree; two paths to one tree give the same folder."""
    real = os.path.normcase(os.path.realpath(root))
    return state_dir() / "runs" / hashlib.blake2b(os.fsencode(real), digest_size=16).hexdigest()


def _number(path: Path) -> int:
    """Return the number that a file or folder is named by; 0 for other names."""
    return int(path.stem) if path.stem.isdecimal() else 0


def _numbers(folder: Path) -> list[int]:
    """Return the numbers of the files or folders in a folder, which need not exist."""
    return [number for number in map(_number, folder.glob("*")) if number]


@contextmanager
def _translated(so: str) -> Generator[None]:
    try:
        yield
    except OSError as error:
        message = (
            f"The journal in {state_dir() / 'runs'} cannot be written ({error.strerror or error}), so {so}."
        )
        raise JournalUnusable(message) from error


@dataclass(frozen=True, slots=True)
class Undone:
    """Result: paths that have their old content, relative to the tree, and a sentence for each other file."""

    restored: tuple[str, ...]
    left: tuple[str, ...]


def undo(journal: Journal) -> Undone:
    """Restore every file that still holds what the run wrote, in reverse order."""
    changes, left = journal.changes()
    restored: list[str] = []
    for change in reversed(changes):
        try:
            put_back(journal, change)
        except HomebodyError as error:
            left.append(str(error))
        else:
            restored.append(change.record.path)
    if not left:
        journal.mark("ended")
        journal.mark("undone")
    return Undone(tuple(restored), tuple(left))


def settle(journal: Journal) -> list[str]:
    """Restore what a stopped run left unverified, and forget changes that were never made.

    Returns a sentence for each file that was restored or that holds something else.
    """
    sentences: list[str] = []
    for change in journal.changes()[0]:
        record = change.record
        _remove_temporary(journal, change)
        try:
            is_made = change.is_kept and content_digest(journal.root / record.path) != record.old
            if not is_made and put_back(journal, change):
                sentences.append(f"{record.path} has its old content again: it was not verified.")
        except HomebodyError as error:
            sentences.append(str(error))
            if isinstance(error, DocumentChanged):
                with suppress(HomebodyError):
                    journal.keep(change)
    return sentences


def put_back(journal: Journal, change: RecordedChange, old: bytes | None = None) -> bool:
    """Restore the old content of one file, and forget the change; return whether the file differed.

    ``old`` is the old content if the caller has it. A file that is gone is restored only if its change was
    never verified: no user can have removed it on purpose.

    Raises ``DocumentChanged``: the file holds something else than the run wrote; ``EditRefused`` or
    ``JournalUnusable``: the file cannot be replaced, or the old content is lost.
    """
    record = change.record
    target = journal.root / record.path
    _remove_temporary(journal, change)
    content = _replaceable(target, change)
    if content != record.old:
        if record.old is None:
            remove(target)
        else:
            data = journal.old(change) if old is None else old
            put_bytes(target, data, old=content, temporary=record.temporary, mode=record.mode)
    journal.drop(change)
    return content != record.old


def _replaceable(target: Path, change: RecordedChange) -> str | None:
    """Return the digest of a file that may be restored. Raises ``DocumentChanged`` for any other."""
    record = change.record
    try:
        content = content_digest(target)
    except DocumentChanged as error:
        message = f"{error}{change.where}"
        raise DocumentChanged(message) from error
    if content is None and record.old is not None and change.is_kept:
        message = f"{record.path} no longer exists, so it is not restored.{change.where}"
        raise DocumentChanged(message)
    if content not in {None, record.old, record.new}:
        message = f"{record.path} was changed since, and is not touched.{change.where}"
        raise DocumentChanged(message)
    return content


def _remove_temporary(journal: Journal, change: RecordedChange) -> None:
    """Remove the file that a killed process did not rename."""
    with suppress(OSError):
        (journal.root / change.record.path).with_name(change.record.temporary).unlink(missing_ok=True)

"""The journal of a run: the old content of each changed file, stored before the file changes.

Lies in the user's state folder; nothing is written into the work tree. Every file in it is written under
another name, synced and renamed, so that it is whole or absent; the state of a change is the name of its
record, so that a power cut cannot leave half of it.

    runs/TREE/NUMBER/run.json    the request
    runs/TREE/NUMBER/3.old       old content of the third file that the run changed
    runs/TREE/NUMBER/3.open      its record, while the change is unverified
    runs/TREE/NUMBER/3.kept      the same record, once the change is kept
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

from homebody.errors import JournalUnusable
from homebody.headless.write import digest, sync_folder, write_synced
from homebody.settings.paths import state_dir

KEPT_RUNS = 20
"""Number of journals to keep for each tree."""

Mark: TypeAlias = Literal["ended", "undone"]


class Work(msgspec.Struct, frozen=True, omit_defaults=True):
    """One file of a run, relative to its tree, and the lines that the user named."""

    path: str
    lines: tuple[tuple[int, int], ...] = ()


class Header(msgspec.Struct, frozen=True):
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
    is_verified
        Whether a command decides about the change.

    """

    path: str
    old: str | None
    new: str
    mode: int
    temporary: str
    is_verified: bool


@dataclass(frozen=True, slots=True)
class Change:
    """A record in the journal: ``place`` is its file."""

    place: Path
    record: Record

    @property
    def is_kept(self) -> bool:
        """Whether the change stays; until then, a run that was killed may have left it unverified."""
        return self.place.suffix == ".kept"

    @property
    def old_place(self) -> Path:
        """Where the old content is."""
        return self.place.with_suffix(".old")


class Journal:
    """The journal of one run of the tree ``root``. ``create`` makes a new one."""

    def __init__(self, folder: Path, root: Path) -> None:
        self.folder = folder
        self.named_root = Path(os.path.abspath(root))  # noqa: PTH100 - the tree as the user named it
        self.root = Path(os.path.realpath(root))
        self._last = 0

    @property
    def run(self) -> str:
        """Number of the run."""
        return self.folder.name

    def header(self) -> Header:
        """Read the request. Raises ``JournalUnusable``."""
        try:
            return msgspec.json.decode((self.folder / "run.json").read_bytes(), type=Header)
        except (OSError, ValueError) as error:
            message = f"The journal {self.folder} has no readable run.json."
            raise JournalUnusable(message) from error

    def begin(self, record: Record, old: bytes) -> Change:
        """Record a change before it is made, with the old content; both survive a power cut.

        Raises ``JournalUnusable``.
        """
        self._last = 1 + (self._last or max(self._numbers(), default=0))
        place = self.folder / f"{self._last}.open"
        with _translated(f"{record.path} is not changed"):
            if record.old is not None:
                write_synced(place.with_suffix(".old"), old)
            write_synced(place, msgspec.json.encode(record))
        return Change(place, record)

    def keep(self, change: Change) -> None:
        """Record that a change stays. Raises ``JournalUnusable``."""
        with _translated("the change counts as unverified"):
            change.place.replace(change.place.with_suffix(".kept"))

    def drop(self, change: Change) -> None:
        """Forget a change whose file has its old content again. Raises ``JournalUnusable``."""
        with _translated(f"{change.record.path} is checked again by the next undo"):
            change.place.unlink(missing_ok=True)
            change.old_place.unlink(missing_ok=True)

    def changes(self) -> tuple[list[Change], list[str]]:
        """Return the changes in order, and a sentence for each record that is damaged."""
        changes: list[Change] = []
        damaged: list[str] = []
        for number in self._numbers():
            for place in (self.folder / f"{number}.open", self.folder / f"{number}.kept"):
                try:
                    changes.append(Change(place, msgspec.json.decode(place.read_bytes(), type=Record)))
                except FileNotFoundError:
                    continue
                except (OSError, ValueError):
                    damaged.append(
                        f"The record {place} is damaged, so its file is not touched; "
                        f"the old content is {place.with_suffix('.old')}."
                    )
        return changes, damaged

    def old(self, change: Change) -> bytes:
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
        name = os.path.relpath(os.path.abspath(path), self.named_root)  # noqa: PTH100 - links stay links
        with suppress(OSError, ValueError), (self.folder / "done").open("ab") as file:
            # The first line end keeps the line apart from one that was cut.
            file.write(b"\n" + msgspec.json.encode(Path(name).as_posix()) + b"\n")

    def done(self) -> set[str]:
        """Return the files that need no further work: those that were finished or are changed."""
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

    def _numbers(self) -> list[int]:
        """Return the numbers of the changes in order."""
        with suppress(OSError):
            return sorted({int(path.stem) for path in self.folder.iterdir() if path.stem.isdecimal()})
        return []


def create(root: Path, command: str, request: bytes, files: tuple[Work, ...]) -> Journal:
    """Create the journal of a run, and delete the oldest ones of its tree. Raises ``JournalUnusable``."""
    started = datetime.now().astimezone().isoformat(timespec="seconds")
    header = Header(started, command, msgspec.Raw(request), files)
    tree = tree_folder(root)
    with _translated("no file is changed"):
        tree.mkdir(parents=True, exist_ok=True, mode=0o700)
        before = sorted((path for path in tree.iterdir() if path.is_dir()), key=_age)
        folder = tree / str(1 + max(map(_age, before), default=0))
        folder.mkdir(mode=0o700)
        try:
            write_synced(folder / "run.json", msgspec.json.encode(header))
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        sync_folder(tree)
    for old in before[: 1 - KEPT_RUNS or None]:
        shutil.rmtree(old, ignore_errors=True)
    return Journal(folder, root)


def list_runs(root: Path) -> list[Journal]:
    """Return the runs of a tree, newest first."""
    folders: list[Path] = []
    with suppress(OSError):
        folders = [path for path in tree_folder(root).iterdir() if path.name.isdecimal()]
    runs = (Journal(folder, root) for folder in sorted(folders, key=_age, reverse=True))
    # A run that was killed before it had a request has changed nothing.
    return [run for run in runs if (run.folder / "run.json").exists() or any(run.changes())]


def runs_of_older_versions(root: Path) -> str:
    """Return a sentence about journals that only an older version can read, or nothing."""
    found = sorted(tree_folder(root).glob("*/events.jsonl"))
    if not found:
        return ""
    return (
        f" Runs of an older version of Homebody are in {found[-1].parent.parent}: in each, events.jsonl "
        "names the files (path) and their old content in texts (old), which you can copy back."
    )


def tree_folder(root: Path) -> Path:
    """Return the folder that holds the journals of a tree; two paths to one tree give the same folder."""
    real = os.path.normcase(os.path.realpath(root))
    return state_dir() / "runs" / hashlib.blake2b(os.fsencode(real), digest_size=16).hexdigest()


def _age(folder: Path) -> int:
    """Return a run's number; names of older versions come first."""
    return int(folder.name) if folder.name.isdecimal() else 0


@contextmanager
def _translated(so: str) -> Generator[None]:
    try:
        yield
    except OSError as error:
        message = (
            f"The journal in {state_dir() / 'runs'} cannot be written ({error.strerror or error}), so {so}."
        )
        raise JournalUnusable(message) from error

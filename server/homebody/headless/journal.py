"""The journal of a run: the old text of each file, and the progress of the run.

In: each step of a run, before it is taken. Out: folders under the user's state folder, from which a run
can be resumed or undone, even after the process was killed. Nothing is written into the work tree.

    runs/TREE/RUN/run.json        the request
    runs/TREE/RUN/events.jsonl    one event per line
    runs/TREE/RUN/texts/SHA256    old texts of files, as bytes
"""

import hashlib
import os
import secrets
import shutil
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from homebody.errors import JournalUnusable
from homebody.settings.paths import state_dir

Kind: TypeAlias = Literal["begin", "kept", "restored", "left", "done", "ended", "undone"]

KEPT_RUNS = 20
"""Number of journals to keep for each tree."""


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """One step, recorded before the next one begins.

    Attributes
    ----------
    kind
        ``begin``: ``path`` is about to be replaced. ``kept``: its current text (``new``) stays.
        ``restored``: its old text was restored. ``left``: another program changed it, so it was not
        touched. ``done``: the run is done with the file; the result is ``status``. ``ended``: the run
        ended. ``undone``: the whole run was undone.
    path
        Relative to the tree, with ``/`` between its parts.
    old, new
        SHA-256 of the bytes before and after; ``old`` is empty for a file that the run creates.
    temporary
        Name of the file in the same folder that holds the new text until it replaces the old file.

    """

    kind: Kind
    path: str = ""
    old: str = ""
    new: str = ""
    mode: int = 0
    temporary: str = ""
    status: str = ""


class Work(msgspec.Struct, frozen=True, omit_defaults=True):
    """One file of a run, relative to its tree, and the lines that the user named."""

    path: str
    lines: tuple[tuple[int, int], ...] = ()


class Header(msgspec.Struct, frozen=True):
    """The request of a run, with everything needed to resume it.

    Attributes
    ----------
    command
        The command line, for display.
    request
        The options of the run as JSON, encoded by ``cli``.

    """

    run: str
    root: str
    started: str
    pid: int
    command: str
    request: msgspec.Raw
    files: tuple[Work, ...]


@dataclass(slots=True)
class FileState:
    """State of one file of a run, from its events."""

    path: str
    old: str = ""
    new: str = ""
    mode: int = 0
    temporary: str = ""
    open: bool = False
    """Whether a change was begun but neither kept nor restored: the file may hold unverified text."""
    kept: bool = False
    status: str = ""


@dataclass(slots=True)
class RunState:
    """State of a whole run, from its events."""

    files: dict[str, FileState] = field(default_factory=dict[str, FileState])
    ended: bool = False
    undone: bool = False


class Journal:
    """The journal of one run. ``create`` makes a new one."""

    def __init__(self, folder: Path, header: Header) -> None:
        self.folder = folder
        self.header = header

    @property
    def root(self) -> Path:
        """Top folder of the run's tree."""
        return Path(self.header.root)

    def state(self) -> RunState:
        """Read the events. Raises ``JournalUnusable``."""
        state = RunState()
        for event in self._events():
            if event.kind in {"ended", "undone"}:
                state.ended = True
                state.undone = state.undone or event.kind == "undone"
                continue
            file = state.files.setdefault(event.path, FileState(event.path))
            match event.kind:
                case "begin":
                    # A second attempt starts from the same old text as the first.
                    file.old, file.new, file.mode = event.old, event.new, event.mode
                    file.temporary, file.open, file.kept = event.temporary, True, False
                case "kept":
                    file.new, file.open, file.kept = event.new, False, True
                case "restored" | "left":
                    file.open, file.kept = False, False
                case "done":
                    file.status = event.status
                case _:
                    pass
        return state

    def record(self, event: Event) -> None:
        """Append an event. Raises ``JournalUnusable``.

        Every event survives the end of the process; ``begin`` survives a power cut as well. Losing one of
        the others only repeats work: a change not recorded as verified is undone, a file is processed again.
        """
        with _translated():
            line = msgspec.json.encode(event) + b"\n"
            with (self.folder / "events.jsonl").open("ab") as file:
                file.write(line)
                file.flush()
                if event.kind == "begin":
                    os.fsync(file.fileno())

    def keep_text(self, data: bytes) -> str:
        """Store bytes under their hash, and return the hash. Raises ``JournalUnusable``."""
        name = digest(data)
        path = self.folder / "texts" / name
        if not path.exists():
            with _translated():
                _write(path, data)
        return name

    def text(self, name: str) -> bytes:
        """Return stored bytes. Raises ``JournalUnusable`` if they are missing or damaged."""
        try:
            data = (self.folder / "texts" / name).read_bytes()
        except OSError as error:
            message = (
                f"The journal {self.folder} has lost an old text ({error.strerror}): nothing was put back."
            )
            raise JournalUnusable(message) from error
        if digest(data) != name:
            message = f"The journal {self.folder} is damaged: nothing was put back."
            raise JournalUnusable(message)
        return data

    def _events(self) -> Iterator[Event]:
        try:
            lines = (self.folder / "events.jsonl").read_bytes().split(b"\n")
        except FileNotFoundError:
            return
        except OSError as error:
            message = f"The journal {self.folder} cannot be read ({error.strerror})."
            raise JournalUnusable(message) from error
        for line in lines:
            with suppress(msgspec.DecodeError):  # a last line truncated by a power cut
                if line:
                    yield msgspec.json.decode(line, type=Event)


def create(root: Path, command: str, request: bytes, files: tuple[Work, ...]) -> Journal:
    """Create the journal of a run, and delete the oldest ones of its tree. Raises ``JournalUnusable``."""
    now = datetime.now().astimezone()
    run = f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    folder = tree_folder(root) / run
    header = Header(
        run=run,
        root=os.path.realpath(root),
        started=now.isoformat(timespec="seconds"),
        pid=os.getpid(),
        command=command,
        request=msgspec.Raw(request),
        files=files,
    )
    with _translated():
        (folder / "texts").mkdir(parents=True, mode=0o700)
        _write(folder / "run.json", msgspec.json.encode(header))
    for old in list_runs(root)[KEPT_RUNS:]:
        shutil.rmtree(old.folder, ignore_errors=True)
    return Journal(folder, header)


def list_runs(root: Path) -> list[Journal]:
    """Return the runs of a tree, newest first; unreadable journals are left out."""
    folder = tree_folder(root)
    found: list[Journal] = []
    with suppress(OSError):
        for path in sorted(folder.iterdir(), reverse=True):
            with suppress(OSError, msgspec.DecodeError):
                found.append(
                    Journal(path, msgspec.json.decode((path / "run.json").read_bytes(), type=Header))
                )
    return found


def tree_folder(root: Path) -> Path:
    """Return the folder that holds the journals of a tree; two paths to one tree give the same folder."""
    real = os.path.normcase(os.path.realpath(root))
    return state_dir() / "runs" / hashlib.blake2b(os.fsencode(real), digest_size=16).hexdigest()


def digest(data: bytes) -> str:
    """SHA-256 of ``data``, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _write(path: Path, data: bytes) -> None:
    """Write a file atomically, readable only by the user."""
    fresh = path.with_name(f"{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


@contextmanager
def _translated() -> Generator[None]:
    try:
        yield
    except OSError as error:
        message = (
            f"The journal in {state_dir() / 'runs'} cannot be written ({error.strerror or error}), "
            "so no file is changed."
        )
        raise JournalUnusable(message) from error

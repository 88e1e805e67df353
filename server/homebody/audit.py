"""Record what was sent and answered, so that the origin of every suggestion can be looked up.

The last record of each document is in memory; a log, if enabled, and always a few local counts are in the
user's state folder, for ``homebody log`` and ``doctor``. A disk error never affects an answer.
"""

import itertools
import os
import re
import sys
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from io import FileIO
from pathlib import Path
from typing import TypeAlias, TypeVar

import msgspec
from filelock import FileLock, Timeout
from msgspec import UNSET, UnsetType

from homebody.media import Media
from homebody.regular_file import write_file
from homebody.settings import LogSettings
from homebody.settings.paths import state_dir

Timings: TypeAlias = dict[str, float]

_NUMBERS = itertools.count(1)

_MAX_DOCUMENTS = 64
"""Number of documents whose last prompt is kept in memory."""

_MAX_LOGGED = 512
"""Number of recent requests that are remembered as logged; the cache of answers is not larger."""

_MAX_LOG_BYTES = 4 * 1024 * 1024
"""Size at which the log is rotated; one older log is kept, so at most twice as much is on disk."""


BEYOND_CONTEXT = "more than fits the context of the model"
BEYOND_TIME = "more than the model reads in chat.readingSeconds"
BEYOND_DIFF = "larger than 4 MiB; what follows here was not read"
"""Ends of reasons for a ``LeftOut`` of explain, ask and refactor; another limit would let the lines in."""

_T = TypeVar("_T")


class AnswerUsage(msgspec.Struct, frozen=True, rename="camel"):
    """Token counts of one answer, the server's own if it reports them."""

    prompt_tokens: int
    output_tokens: int
    context_length: int

    def __add__(self, other: "AnswerUsage") -> "AnswerUsage":
        """Return the sum of the tokens."""
        return AnswerUsage(
            self.prompt_tokens + other.prompt_tokens,
            self.output_tokens + other.output_tokens,
            other.context_length,
        )


@dataclass(frozen=True, slots=True)
class Source:
    """Lines that went into a prompt.

    Lines count from 0, both inclusive (a picture has none: 0 to -1). ``why`` is a few words for the user:
    ``"prefix"``, ``"suffix"``, ``"signature of parse"``, ``"edited lately"``.
    """

    uri: str
    first_line: int
    last_line: int
    tokens: int
    why: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Lines that were left out of a prompt, and why: a few words for the user."""

    uri: str
    first_line: int
    last_line: int
    why: str


def uris_of(sources: Iterable[Source]) -> tuple[str, ...]:
    """Return the URI of each source, each once."""
    return tuple(dict.fromkeys(source.uri for source in sources))


class Listing:
    """Lists the sources of a prompt and what was left out; called when somebody looks at its record."""

    def __init__(self, make: Callable[[], tuple[tuple[Source, ...], tuple[LeftOut, ...]]]) -> None:
        self.make = make


@dataclass(frozen=True, slots=True)
class PromptRecord:
    """One request, as it was sent and answered.

    ``when`` is in seconds since the epoch; ``timings`` are milliseconds by name
    (``first_token``, ``total``); token counts are the server's own if it reports them.
    ``number`` tells the requests of one process apart; changed copies of a record have the same.
    ``media`` are the pictures, which are kept in memory alone, not in the log.
    ``notes`` describe problems: a count that differs, a prompt that was cut. ``listing`` makes ``sources``
    and ``left_out`` of a request that is sent at each keystroke.
    """

    feature: str
    uri: str
    model: str
    backend: str
    text: str
    prompt_tokens: int
    context_length: int
    sources: tuple[Source, ...]
    left_out: tuple[LeftOut, ...]
    when: float
    listing: Listing | UnsetType = UNSET
    answer: str = ""
    outcome: str = ""
    evaluated_tokens: int | None = None
    output_tokens: int | None = None
    notes: tuple[str, ...] = ()
    media: tuple[Media, ...] = ()
    timings: Timings = field(default_factory=Timings)
    number: int = field(default_factory=lambda: next(_NUMBERS), compare=False)

    def listed(self) -> "PromptRecord":
        """Return the record with its sources and what was left out."""
        if isinstance(self.listing, UnsetType):
            return self
        sources, left_out = self.listing.make()
        return replace(self, sources=sources, left_out=left_out, listing=UNSET)


@dataclass(frozen=True, slots=True)
class ModelNote:
    """A problem with one model, when it was first seen. ``when`` as in the record."""

    backend: str
    model: str
    text: str
    when: float


class Audit:
    """The last prompt behind an answer, by document and overall; log, notes and counts on disk.

    ``folder`` replaces the user's state folder. ``on_note`` is called once for each model and kind of note.
    """

    def __init__(self, settings: LogSettings | None = None, folder: Path | None = None) -> None:
        self.on_note: Callable[[ModelNote], None] | None = None
        self._settings = settings or LogSettings()
        self._folder = folder
        self._last: OrderedDict[str, PromptRecord] = OrderedDict()
        self._noted: set[tuple[str, str, str]] = set()
        self._logged = deque[int](maxlen=_MAX_LOGGED)
        self._unsaved = Counter[str]()
        # One thread: lines stay in order, and no keystroke waits for the disk.
        self._writer = ThreadPoolExecutor(1, "homebody-log")

    def apply(self, settings: LogSettings) -> None:
        """Log what new settings allow from now on."""
        self._settings = settings

    def record(self, record: PromptRecord) -> None:
        """Keep ``record`` as the newest of its document, and log it if logging is enabled.

        An answer that is shown again while the user types its text is logged once.
        """
        self._last[record.uri] = record
        self._last.move_to_end(record.uri)
        if len(self._last) > _MAX_DOCUMENTS:
            self._last.popitem(last=False)
        for text in record.notes:
            self._note(ModelNote(record.backend, record.model, text, record.when))
        if self._settings.enabled and record.number not in self._logged:
            self._logged.append(record.number)
            shown = {} if self._settings.prompts else {"text": "", "answer": ""}
            kept = replace(record, media=(), **shown)
            self._writer.submit(_append, self._path("log.jsonl"), kept)

    def note(self, record: PromptRecord, notes: tuple[str, ...]) -> None:
        """Report problems that were found after the answer to ``record``, and add them to the record."""
        for text in notes:
            self._note(ModelNote(record.backend, record.model, text, record.when))
        shown = self._last.get(record.uri)
        if notes and shown is not None and shown.number == record.number:
            self._last[record.uri] = replace(shown, notes=notes)

    def forget(self, is_forgotten: Callable[[str], bool]) -> None:
        """Drop the records of the URIs that are forgotten, and erase them from the log in the background."""
        for uri in [uri for uri in self._last if is_forgotten(uri)]:
            del self._last[uri]
        self._writer.submit(erase_logged, is_forgotten, self._folder)

    def last(self, uri: str | None = None) -> PromptRecord | None:
        """Return the newest record of ``uri``, or of all documents."""
        record = next(reversed(self._last.values()), None) if uri is None else self._last.get(uri)
        return None if record is None else record.listed()

    def last_outcome(self, uri: str) -> str:
        """Return the outcome of the newest record of ``uri``; empty if there is none."""
        record = self._last.get(uri)
        return "" if record is None else record.outcome

    def count(self, what: str) -> None:
        """Count suggestions (``shown``, ``accepted``, …), or next edits (``edits_shown``, …)."""
        self._unsaved[what] += 1

    @property
    def counts(self) -> Counter[str]:
        """Return all counts on this machine, those since the last ``save`` among them."""
        return read_counts(self._folder) + self._unsaved

    def flush(self) -> None:
        """Wait until everything that is logged is on disk."""
        self._writer.submit(lambda: None).result()

    def save(self) -> None:
        """Flush, and add the counts to those on disk. Call it at the end; it never raises."""
        self.flush()
        if not self._unsaved.total():
            return
        path = self._path("counts.json")
        with suppress(OSError, Timeout):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with FileLock(path.with_suffix(".lock"), timeout=2):
                write_file(path, msgspec.json.encode(self.counts))
        self._unsaved.clear()

    def _note(self, note: ModelNote) -> None:
        """Store and report a note once; notes that differ only in numbers are the same."""
        key = (note.backend, note.model, re.sub(r"\d+", "#", note.text))
        if key not in self._noted:
            self._noted.add(key)
            self._writer.submit(_append, self._path("notes.jsonl"), note)
            if self.on_note is not None:
                self.on_note(note)

    def _path(self, name: str) -> Path:
        return (self._folder or state_dir()) / name


def read_log(folder: Path | None = None) -> Iterator[PromptRecord]:
    """Yield the logged records, the oldest first; unreadable lines are skipped."""
    return _read_lines((folder or state_dir()) / "log.jsonl", PromptRecord)


def erase_logged(is_forgotten: Callable[[str], bool], folder: Path | None = None) -> int:
    """Overwrite the logged records of the URIs that are forgotten with blanks. Returns how many.

    In place: what other processes append meanwhile is not lost, and no copy of the old text stays.
    """
    path = (folder or state_dir()) / "log.jsonl"
    return sum(_erase(part, is_forgotten) for part in (_older(path), path))


def read_notes(folder: Path | None = None) -> Iterator[ModelNote]:
    """Yield the problems with models, the oldest first; a problem may occur once for each session."""
    return _read_lines((folder or state_dir()) / "notes.jsonl", ModelNote)


def read_counts(folder: Path | None = None) -> Counter[str]:
    """Return the counts on disk, by what ``count`` counts; an unreadable file counts as empty."""
    with suppress(OSError, msgspec.DecodeError, UnicodeDecodeError):
        data = ((folder or state_dir()) / "counts.json").read_bytes()
        return Counter(msgspec.json.decode(data, type=dict[str, int]))
    return Counter()


def _append(path: Path, entry: PromptRecord | ModelNote) -> None:
    """Append a line by one write, so that lines of two processes never mix."""
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size >= _MAX_LOG_BYTES:
            _rotate(path)
        line = msgspec.json.encode(entry.listed() if isinstance(entry, PromptRecord) else entry)
        with _opened(path) as file:
            file.write(line + b"\n")


def _rotate(path: Path) -> None:
    with suppress(Timeout), FileLock(path.with_suffix(".lock"), timeout=0):
        # Another process may have rotated it meanwhile.
        if path.stat().st_size >= _MAX_LOG_BYTES:
            path.replace(_older(path))


def _read_lines(path: Path, kind: type[_T]) -> Iterator[_T]:
    for part in (_older(path), path):
        try:
            file = part.open("rb")
        except OSError:
            continue
        with file:
            for line in file:
                with suppress(msgspec.DecodeError, UnicodeDecodeError):
                    yield msgspec.json.decode(line, type=kind)


class _Logged(msgspec.Struct):
    """The part of a log line that identifies its record's document."""

    uri: str


def _erase(path: Path, is_forgotten: Callable[[str], bool]) -> int:
    erased = at = 0
    with suppress(OSError), path.open("r+b") as file:
        while line := file.readline():
            with suppress(msgspec.DecodeError, UnicodeDecodeError):
                if is_forgotten(msgspec.json.decode(line, type=_Logged).uri):
                    file.seek(at)
                    file.write(b" " * len(line.rstrip(b"\n")))
                    file.seek(at + len(line))
                    erased += 1
            at += len(line)
        file.flush()
        os.fsync(file.fileno())
    return erased


def _older(path: Path) -> Path:
    return path.with_suffix(".1.jsonl")


def _opened(path: Path) -> FileIO:
    """Open for appending without a buffer, readable by the owner only (on Windows as the profile is)."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o600)
    if sys.platform != "win32":
        os.fchmod(handle, 0o600)  # an older version may have created the file with other rights
    return FileIO(handle, "wb")

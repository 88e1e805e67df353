"""The indexing process: ``python -P -m homebody.workspace.indexer``.

Takes jobs on standard input and reports events on standard output (``process`` has both).
It is a separate process because parsing holds the interpreter's lock, and has the lowest priority so that
typing stays smooth. It ends with its standard input, so it never outlives the server.

Only changed files are read. A file is unchanged if its size and time are; if only the text's hash is
unchanged, the new time is stored.
"""

import contextlib
import faulthandler
import hashlib
import os
import queue
import signal
import sqlite3
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

import msgspec
from filelock import FileLock

from homebody.workspace.files import Limits, Walk, WalkedFile
from homebody.workspace.ignore import rules_for
from homebody.workspace.process import Done, Event, Failed, IndexJob, Notice, Working
from homebody.workspace.store import (
    FileRow,
    IndexWriter,
    Known,
    StoreDamagedError,
    StoreUnusableError,
    connect,
    create,
    prune,
)

if TYPE_CHECKING:
    from homebody.workspace.extract import Extract

_REBUILT = "The workspace index was damaged or from another version of Homebody; it is being rebuilt."
_CUT = (
    "The workspace is too large to index completely: only the {files} files closest to its top folder are "
    "indexed. List folders to leave out in .homebodyignore."
)
# A file of 1 MiB takes 3 seconds.
_MOST_SECONDS = 60.0
# One crash may be a coincidence: the machine was switched off, or somebody ended the process.
_STRIKES = 2
_REPORT_SECONDS = 0.25
_LOCK_POLL_SECONDS = 0.2


def main() -> None:
    """Run jobs until standard input ends."""
    # Output of libraries must not mix with the events.
    events = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # on Windows it receives the parent's Ctrl-C
    _lower_priority()
    jobs: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    worker = Worker(events)
    listening = threading.Thread(target=_listen, args=(sys.stdin.fileno(), jobs, worker.stop), daemon=True)
    listening.start()
    try:
        while True:
            worker.run(msgspec.json.decode(jobs.get(), type=IndexJob))
    except Exception:  # noqa: BLE001 - whatever it is, the parent sees this process end
        traceback.print_exc()
        os._exit(1)  # the listening thread would block a normal exit


class Worker:
    """Runs jobs one after the other and writes events to ``out``."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._reported = 0.0
        self._guard: GuardedExtract | None = None

    def run(self, job: IndexJob) -> None:
        """Run ``job``; the last event is ``Done`` or ``Failed``."""
        database = Path(job.database)
        try:
            database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # One writer at a time; a second one finds the work already done.
            lock = FileLock(f"{database}.lock")
            with lock.acquire(poll_interval=_LOCK_POLL_SECONDS):
                done = self._update(job, database)
        except (StoreDamagedError, StoreUnusableError, OSError) as error:
            text = f"The workspace index cannot be written ({error}): check {database.parent}."
            self._say(Failed(text=text))
        else:
            self._say(done)

    def _update(self, job: IndexJob, database: Path) -> Done:
        if database.exists() and not job.rebuild:
            with contextlib.suppress(StoreDamagedError):
                return self._fill(job, connect(database))
        if database.exists():
            self._say(Notice(text=_REBUILT))
        return self._fill(job, create(database))

    def _fill(self, job: IndexJob, connection: sqlite3.Connection) -> Done:
        """Run the job on an open index."""
        self._guard = GuardedExtract(job.note)
        with contextlib.closing(IndexWriter(connection)) as writer:
            done = update(job, self._guard, writer, self._report)
        self.stop()
        if done.cut:
            self._say(Notice(text=_CUT.format(files=done.files)))
        os.utime(job.database)  # in use: see prune
        prune(Path(job.database).parent)
        return done

    def stop(self) -> None:
        """Delete the note of the file being parsed: the process is being ended, it did not crash."""
        if self._guard is not None:
            self._guard.done()

    def _report(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._reported > _REPORT_SECONDS:
            self._reported = now
            self._say(Working(done=done, total=total))

    def _say(self, event: Event) -> None:
        self._out.write(msgspec.json.encode(event) + b"\n")
        self._out.flush()


class GuardedExtract:
    """Calls ``extract``, and ends the process if that takes longer than ``seconds``.

    Native code can crash, and deep nesting can take hours. The path of the file is written to ``note`` first;
    if that still exists at the next start, it names the file that caused the crash. A file that did so twice
    has no content. Call ``done`` when all is well.

    The seconds are processor time, except on Windows: this process has the lowest priority, so on a busy
    machine it may wait for minutes.
    """

    def __init__(self, note: Path, seconds: float = _MOST_SECONDS) -> None:
        self._note = note
        self._seconds = seconds
        self._suspect, self._strikes = _read(note)

    def __call__(self, path: str, data: bytes) -> "Extract | None":
        """Return what ``extract`` returns."""
        from homebody.workspace.extract import extract  # most starts have nothing to parse

        strikes = self._strikes if path == self._suspect else 0
        if strikes >= _STRIKES:
            return "", (), ()
        self._note.write_text(f"{strikes + 1} {path}", encoding="utf-8")
        _limit(self._seconds)
        try:
            return extract(path, data)
        finally:
            _limit(0)

    def done(self) -> None:
        """Delete the note: no file is being parsed."""
        self._note.unlink(missing_ok=True)


def _listen(source: int, jobs: "queue.SimpleQueue[bytes]", stop: Callable[[], None]) -> None:
    """Queue jobs as they arrive; end the process at once when the stream ends."""
    waiting = b""
    while data := os.read(source, 1 << 16):
        *lines, waiting = (waiting + data).split(b"\n")
        for line in lines:
            jobs.put(line)
    with contextlib.suppress(OSError):
        stop()
    os._exit(0)  # the index stays consistent: an unfinished transaction has no effect


def _lower_priority() -> None:
    """Give this process the lowest priority."""
    with contextlib.suppress(OSError, ImportError):
        if os.name == "nt":
            import psutil

            psutil.Process().nice(psutil.IDLE_PRIORITY_CLASS)
        else:
            os.nice(19)


def _limit(seconds: float) -> None:
    """End the process after ``seconds``; 0 for no limit.

    Native code that holds the interpreter's lock cannot be stopped in any other way.
    """
    if sys.platform != "win32":
        # Nobody handles the signal, so it ends the process.
        signal.setitimer(signal.ITIMER_PROF, seconds)
    elif seconds:
        faulthandler.dump_traceback_later(seconds, exit=True)
    else:
        faulthandler.cancel_dump_traceback_later()


def _read(note: Path) -> tuple[str, int]:
    """(path, number of failed attempts)."""
    try:
        strikes, _, path = note.read_text(encoding="utf-8").partition(" ")
        return path, int(strikes)
    except (OSError, ValueError):
        return "", 0


# A file that changed this recently may change again within the resolution of its time stamp (2 s on FAT)
# and look the same. Its time is not stored, so the next scan reads it again.
_GRAIN_NS = 2_000_000_000
# Long enough to make a transaction worthwhile, short enough that readers see results soon.
_COMMIT_SECONDS = 0.5

_Work: TypeAlias = tuple[WalkedFile, Known | None]

Extractor: TypeAlias = "Callable[[str, bytes], Extract | None]"

Report: TypeAlias = Callable[[int, int], None]
"""Called with the number of files done and of files to do."""


def update(job: IndexJob, extract: Extractor, writer: IndexWriter, report: Report) -> Done:
    """Index what changed of the workspace.

    ``extract`` returns the content to store for a path and bytes; ``None`` if it failed.

    Raises
    ------
    StoreDamagedError, StoreUnusableError
        As for the writer.

    """
    return _Update(job, extract, writer, report).run()


class _Update:
    """One job on an open index."""

    def __init__(self, job: IndexJob, extract: Extractor, writer: IndexWriter, report: Report) -> None:
        self._job = job
        self._root = Path(job.root)
        self._limits = Limits(max_file_bytes=job.max_file_bytes)
        self._extract = extract
        self._writer = writer
        self._report = report

    def run(self) -> Done:
        """Walk the whole workspace and index what changed, the newest first."""
        known = self._writer.known()
        walk = Walk(self._root, rules_for(self._root, self._job.exclude), self._limits)
        changed: list[_Work] = []
        files = 0
        for entry in walk:
            files += 1
            was = known.pop(entry.path, None)
            if was is None or (was.size, was.mtime_ns) != (entry.size, entry.mtime_ns):
                changed.append((entry, was))
        if walk.skipped["unreadable"] and not files:
            known.clear()  # the index of a folder that is temporarily unavailable (a network drive) is kept
        self._drop(known.values())
        self._index(sorted(changed, key=lambda work: -work[0].mtime_ns))
        return Done(files=files, indexed=len(changed), dropped=len(known), cut=walk.cut)

    def _drop(self, gone: Iterable[Known]) -> None:
        with self._writer.transaction():
            for file in gone:
                self._writer.drop(file.id)

    def _index(self, work: Sequence[_Work]) -> None:
        """Write files to the index, in a transaction every half second."""
        done = 0
        while done < len(work):
            until = time.monotonic() + _COMMIT_SECONDS
            with self._writer.transaction():
                while done < len(work) and time.monotonic() < until:
                    self._index_file(*work[done])
                    done += 1
            self._report(done, len(work))

    def _index_file(self, entry: WalkedFile, was: Known | None) -> None:
        data = _content(self._root / entry.path, self._limits.max_file_bytes)
        mtime_ns = entry.mtime_ns if time.time_ns() - entry.mtime_ns > _GRAIN_NS else 0
        digest = hashlib.blake2b(data, digest_size=16).digest()
        if was is not None and was.hash == digest:
            self._writer.touch(was.id, entry.size, mtime_ns)
        elif (content := self._extract(entry.path, data)) is not None:
            self._writer.put(FileRow(entry.path, entry.size, mtime_ns, digest, *content))
        else:
            self._writer.put(FileRow(entry.path, entry.size, 0, b""))


def _content(path: Path, max_bytes: int) -> bytes:
    """At most ``max_bytes`` of the file, nothing if it cannot be read; symlinks are not followed."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        with open(path, "rb", opener=lambda name, _: os.open(name, flags)) as file:
            return file.read(max_bytes)
    except OSError:
        return b""


if __name__ == "__main__":
    main()

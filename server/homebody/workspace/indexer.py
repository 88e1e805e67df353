"""The indexing process: ``python -P -m homebody.workspace.indexer``.

Takes a job on standard input and reports progress on standard output (``process`` has both).
It is a separate process because parsing holds the interpreter's lock, and has the lowest priority so that
typing stays smooth. It ends with the job, or when nobody reads its output any more.

Only changed files are read. A file is unchanged if its size and time are.
"""

import faulthandler
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path

import msgspec
from filelock import FileLock

from homebody.regular_file import read_regular
from homebody.workspace.files import Limits, Walk, WalkedFile
from homebody.workspace.ignore import PathRules
from homebody.workspace.process import IndexJob, IndexProgress
from homebody.workspace.store import (
    IndexEntry,
    IndexWriter,
    StoreDamagedError,
    StoreUnusableError,
    connect,
    create,
    prune,
)

_CUT = (
    "The workspace is too large to index completely: only the {files} files closest to its top folder are "
    "indexed. List folders to leave out in .homebodyignore."
)
# A file of 1 MiB takes 3 seconds.
_MOST_SECONDS = 60.0
# One crash may be a coincidence: the machine was switched off, or somebody ended the process.
_STRIKES = 2
_LOCK_POLL_SECONDS = 0.2
# A file that changed this recently may change again within the resolution of its time stamp (2 s on FAT)
# and look the same. Its time is not stored, so the next scan reads it again.
_GRAIN_NS = 2_000_000_000
# Long enough to make a transaction worthwhile, short enough that readers see results soon.
_COMMIT_SECONDS = 0.5


def main() -> None:
    """Run the job."""
    # Output of libraries must not mix with the progress.
    out = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # on Windows it receives the parent's Ctrl-C
    with suppress(BrokenPipeError):
        for line in sys.stdin.buffer:
            job = msgspec.json.decode(line, type=IndexJob)
            until = time.monotonic() + job.seconds
            for progress in run(job):
                if time.monotonic() > until:
                    _lower_priority()
                os.write(out, msgspec.json.encode(progress) + b"\n")


def run(job: IndexJob) -> Iterator[IndexProgress]:
    """Run ``job``; the last state is ``ready`` or ``off``."""
    if not job.seconds:
        _lower_priority()
    database = Path(job.database)
    try:
        database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # One writer at a time; a second one finds the work already done.
        with FileLock(f"{database}.lock").acquire(poll_interval=_LOCK_POLL_SECONDS):
            prune(database)
            yield from _updated(job, database)
    except (StoreDamagedError, StoreUnusableError, OSError) as error:
        text = f"The workspace index cannot be written ({error}): check {database.parent}."
        yield IndexProgress("off", notice=text)


def _updated(job: IndexJob, database: Path) -> Iterator[IndexProgress]:
    if database.exists():
        with suppress(StoreDamagedError):  # damaged, or of another version
            yield from update(job, connect(database))
            return
    yield from update(job, create(database))


def update(job: IndexJob, connection: sqlite3.Connection) -> Iterator[IndexProgress]:
    """Walk the whole workspace and index what changed, the newest first; close the connection.

    Raises
    ------
    StoreDamagedError, StoreUnusableError
        As for the writer.

    """
    with closing(IndexWriter(connection)) as writer, closing(GuardedExtract(job.note)) as extract:
        root = Path(job.root)
        rules = PathRules((root,), job.exclude, is_index=True).of(root)
        walk = Walk(root, rules, Limits(max_file_bytes=job.max_file_bytes))
        files = set(walk)
        known = writer.known()
        if walk.looks or not walk.skipped["unreadable"]:  # the index of a network drive that is away is kept
            with writer.transaction():
                writer.drop({file.path for file in known} - {file.path for file in files})
        changed = sorted(files - known, key=lambda file: (-file.mtime_ns, file.path))
        done = 0
        while done < len(changed):
            until = time.monotonic() + _COMMIT_SECONDS
            with writer.transaction():
                while done < len(changed) and time.monotonic() < until:
                    file = changed[done]
                    if time.time_ns() - file.mtime_ns < _GRAIN_NS:
                        file = file._replace(mtime_ns=0)
                    writer.put(file, *extract(file.path, _content(root, file, job.max_file_bytes)))
                    done += 1
            yield IndexProgress("indexing", done, len(changed))
    yield IndexProgress("ready", notice=_CUT.format(files=len(files)) if walk.cut else "")


def _content(root: Path, file: WalkedFile, max_bytes: int) -> bytes:
    """Content of a file, nothing if it cannot be read: it may have become another kind of file meanwhile."""
    try:
        return read_regular(root / file.path, max_bytes=max_bytes, inside=root)
    except OSError:
        return b""


class GuardedExtract:
    """Calls ``extract``, and ends the process if that takes longer than ``seconds``.

    Native code can crash, and deep nesting can take hours. The path of the file is written to ``note`` first;
    if that still exists at the next start, it names the file that caused the crash. A file that did so twice
    has no content. Call ``close`` when all is well.

    The seconds are processor time, except on Windows: this process has the lowest priority, so on a busy
    machine it may wait for minutes.
    """

    def __init__(self, note: Path, seconds: float = _MOST_SECONDS) -> None:
        self._note = note
        self._seconds = seconds
        self._crashed = note.read_bytes().split(b"\0") if note.exists() else []

    def __call__(self, path: str, data: bytes) -> tuple[str, Sequence[IndexEntry]]:
        """Return what ``extract`` returns."""
        from homebody.workspace.extract import extract  # most starts have nothing to parse

        name = path.encode()
        if self._crashed.count(name) >= _STRIKES:
            return "", ()
        self._note.write_bytes(b"\0".join([*self._crashed, name]))
        _limit(self._seconds)
        try:
            return extract(path, data)
        finally:
            _limit(0)

    def close(self) -> None:
        """Delete the note: no file is being parsed."""
        self._note.unlink(missing_ok=True)


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


def _lower_priority() -> None:
    """Give this process the lowest priority."""
    import psutil  # 15 ms that nobody waits for

    with suppress(psutil.Error):
        psutil.Process().nice(getattr(psutil, "IDLE_PRIORITY_CLASS", 19))  # Windows has classes


if __name__ == "__main__":
    main()

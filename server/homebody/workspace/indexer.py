"""The indexing process: ``python -P -m homebody.workspace.indexer``.

In: jobs on standard input. Out: events on standard output (``messages``), and the index on disk.
It is a separate process because parsing holds the interpreter's lock, and has the lowest priority so that
typing stays smooth. It ends with its standard input, so it never outlives the server.
"""

import contextlib
import os
import queue
import signal
import sqlite3
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import msgspec
from filelock import FileLock

from homebody.workspace import update
from homebody.workspace.guard import GuardedExtract, note_beside
from homebody.workspace.messages import Done, Event, Failed, Job, Notice, Refresh, Scan, Working
from homebody.workspace.store import (
    StoreDamagedError,
    StoreUnusableError,
    connect,
    create,
    prune,
)
from homebody.workspace.update import Updated, Workspace
from homebody.workspace.walk import Limits
from homebody.workspace.writer import Writer

_REBUILT = "The workspace index was damaged or from another version of Homebody; it is being rebuilt."
_CUT = (
    "The workspace is too large to index completely: only the {files} files closest to its top folder are "
    "indexed. List folders to leave out in .homebodyignore."
)
_REPORT_SECONDS = 0.25
_LOCK_POLL_SECONDS = 0.2


def main() -> None:
    """Run jobs until standard input ends."""
    # Output of libraries must not mix with the events.
    events = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is the parent's
    _lower_priority()
    jobs: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    worker = Worker(events)
    listening = threading.Thread(target=_listen, args=(sys.stdin.fileno(), jobs, worker.stop), daemon=True)
    listening.start()
    try:
        while True:
            worker.run(msgspec.json.decode(jobs.get(), type=Job))
    except Exception:  # noqa: BLE001 - whatever it is, the parent sees this process end
        traceback.print_exc()
        os._exit(1)  # the listening thread would block a normal exit


class Worker:
    """Runs jobs one after the other and writes events to ``out``."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._reported = 0.0
        self._guard: GuardedExtract | None = None

    def run(self, job: Job) -> None:
        """Run ``job``; the last event is ``Done`` or ``Failed``."""
        started = time.monotonic()
        database = Path(job.database)
        try:
            database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # One writer at a time; a second one finds the work already done.
            lock = FileLock(f"{database}.lock")
            with lock.acquire(poll_interval=_LOCK_POLL_SECONDS):
                updated = self._update(job, database)
        except (StoreDamagedError, StoreUnusableError, OSError) as error:
            text = f"The workspace index cannot be written ({error}): check {database.parent}."
            self._say(Failed(text=text))
            return
        self._say(
            Done(
                files=updated.files,
                indexed=updated.indexed,
                dropped=updated.dropped,
                seconds=time.monotonic() - started,
            )
        )

    def _update(self, job: Job, database: Path) -> Updated:
        if database.exists() and not (isinstance(job, Scan) and job.rebuild):
            try:
                return self._fill(job, connect(database))
            except StoreDamagedError:
                pass
        if database.exists():
            self._say(Notice(text=_REBUILT))
        return self._fill(_whole(job), create(database))

    def _fill(self, job: Job, connection: sqlite3.Connection) -> Updated:
        """Run the job on an open index."""
        limits = Limits(max_file_bytes=job.max_file_bytes)
        self._guard = GuardedExtract(note_beside(Path(job.database)))
        workspace = Workspace(Path(job.root), self._guard, job.exclude, limits)
        with contextlib.closing(Writer(connection)) as writer:
            if isinstance(job, Refresh):
                updated = update.refresh(workspace, job.paths, writer, self._report)
            else:
                updated = update.scan(workspace, writer, self._report)
        self.stop()
        if updated.cut:
            self._say(Notice(text=_CUT.format(files=updated.files)))
        os.utime(job.database)  # in use: see prune
        prune(Path(job.database).parent)
        return updated

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


def _whole(job: Job) -> Scan:
    """Return the full scan that an empty index needs, instead of the job."""
    return Scan(root=job.root, database=job.database, exclude=job.exclude, max_file_bytes=job.max_file_bytes)


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


if __name__ == "__main__":
    main()

"""The indexing process from the server's side: jobs in, events out, one JSON object per line.

Starts the process with the first job, ends it after a minute without jobs, restarts it after a crash, and
gives up after repeated crashes. A job ends with ``Done`` or ``Failed``; jobs run in order.
"""

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import msgspec
from msgspec import Struct

from homebody.workspace.ignore import Exclude

SCHEMA = 3
"""Format of the index: increase it when a table, ``store.words`` or a result of syntax queries changes."""


class IndexJob(Struct, frozen=True, kw_only=True):
    """Index again what changed below ``root``; ``rebuild``: discard the old index first."""

    root: str
    database: str
    exclude: Exclude = Exclude()
    max_file_bytes: int = 1024 * 1024
    rebuild: bool = False

    @property
    def note(self) -> Path:
        """Path of the note about the file being parsed, which survives if that crashes the process."""
        return Path(f"{self.database}.trying")


class Working(Struct, frozen=True, tag="working", kw_only=True):
    """``done`` of ``total`` files are indexed."""

    done: int
    total: int


class Notice(Struct, frozen=True, tag="notice", kw_only=True):
    """A sentence for the user."""

    text: str


class Done(Struct, frozen=True, tag="done", kw_only=True):
    """The job is done.

    Attributes
    ----------
    files
        Number of indexed files in the workspace.
    indexed, dropped
        Files that were read again, and files that were removed.
    cut
        Whether a limit of ``files.Limits`` ended the walk early.

    """

    files: int = 0
    indexed: int = 0
    dropped: int = 0
    cut: bool = False


class Failed(Struct, frozen=True, tag="failed", kw_only=True):
    """The job could not be done, for the reason in ``text``, a sentence for the user."""

    text: str


Event: TypeAlias = Working | Notice | Done | Failed


_IDLE_SECONDS = 60.0
_END_SECONDS = 3.0
# Saving all files of an editor, or switching a branch, causes many events at once.
_GATHER_SECONDS = 0.2
# A job looks at every file, for 25 µs: the next one waits as long as the last took, and at most this.
_LONGEST_REST = 3.0
# Consecutive crashes without a finished job. A file that crashes a grammar causes two, and is skipped after
# that (``indexer.GuardedExtract``).
_MAX_BREAKDOWNS = 8
_BROKEN = "The indexing process keeps crashing, so other files are not used for completion."


class IndexerProcess:
    """Runs jobs one after the other, in a separate process, for one event loop.

    ``on_event`` is called with each job and each of its events, in order. ``folder`` is the process's working
    directory; it is created if necessary.

    Attributes
    ----------
    given_up
        No more jobs are accepted: the process keeps crashing, or this was closed.

    """

    def __init__(self, folder: Path, on_event: Callable[[IndexJob, Event], None]) -> None:
        self._folder = folder
        self._on_event = on_event
        self._jobs: dict[str, IndexJob] = {}
        self._took = 0.0
        self._wake = asyncio.Event()
        self._hurry = asyncio.Event()
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._task: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._breakdowns = 0
        self._job: IndexJob | None = None
        self.given_up = False

    @property
    def pid(self) -> int | None:
        """Id of the process, ``None`` while none is running."""
        return None if self._process is None else self._process.pid

    def submit(self, job: IndexJob, *, after_events: bool = False) -> None:
        """Queue ``job``, in place of a waiting one for the same workspace.

        After events of files it begins a moment later, since there may be more.
        """
        if self.given_up:
            return
        waiting = self._jobs.get(job.root)
        rebuild = job.rebuild or (waiting is not None and waiting.rebuild)
        self._jobs[job.root] = msgspec.structs.replace(job, rebuild=rebuild)
        self._quiet.clear()
        self._wake.set()
        if not after_events:
            self._hurry.set()
        if self._task is None:
            self._task = asyncio.create_task(self._work(), name="homebody-indexer")

    async def settled(self) -> None:
        """Return when nothing is left to do."""
        await self._quiet.wait()

    async def aclose(self) -> None:
        """End the process; unfinished work is done at the next start."""
        self.given_up = True
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._jobs.clear()
        self._quiet.set()
        await self._end()

    async def _work(self) -> None:
        while True:
            try:
                async with asyncio.timeout(_IDLE_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                await self._end()
                await self._wake.wait()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(_GATHER_SECONDS, min(self._took, _LONGEST_REST))):
                    await self._hurry.wait()
            self._hurry.clear()
            began = time.monotonic()
            while self._jobs:
                await self._do(self._jobs.pop(next(iter(self._jobs))))
            self._took = time.monotonic() - began
            self._wake.clear()
            self._quiet.set()

    async def _do(self, job: IndexJob) -> None:
        """Run one job; restart the process if it crashes."""
        self._job = job
        while not await self._done(job):
            await self._end()
            self._breakdowns += 1
            if self._breakdowns >= _MAX_BREAKDOWNS:
                self.given_up = True
                self._jobs.clear()
                self._on_event(job, Failed(text=_BROKEN))
                return
        self._breakdowns = 0

    async def _done(self, job: IndexJob) -> bool:
        """Whether the process finished ``job``."""
        try:
            process = self._process = self._process or await self._start()
            stdin, stdout = process.stdin, process.stdout
            if stdin is None or stdout is None:
                return False
            stdin.write(msgspec.json.encode(job) + b"\n")
            await stdin.drain()
            async for line in stdout:
                event = msgspec.json.decode(line, type=Event)
                self._on_event(job, event)
                if isinstance(event, Done | Failed):
                    return True
        except (OSError, ValueError, msgspec.MsgspecError):
            pass  # it has ended, or sent something that is not an event
        return False

    async def _start(self) -> asyncio.subprocess.Process:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return await asyncio.create_subprocess_exec(
            sys.executable,
            # Without -P, Python would import a folder named homebody in the current folder.
            *("-P", "-m", "homebody.workspace.indexer"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=self._folder,
            # Ctrl-C in a terminal is the parent's, also while this process still imports.
            start_new_session=os.name != "nt",
        )

    async def _end(self) -> None:
        """End the process by closing its input, or by killing it if that does not help."""
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(_END_SECONDS):
                await process.communicate()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.communicate()
            if self._job is not None:
                # The file that it was reading has not crashed it.
                self._job.note.unlink(missing_ok=True)
        self._process = None

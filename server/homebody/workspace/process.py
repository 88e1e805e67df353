"""The indexing process from the server's side: jobs in, progress out, one JSON object per line.

Starts the process with the first job, ends it after a minute without jobs, restarts it after a crash, and
gives up after repeated crashes. Jobs run in order.
"""

import asyncio
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

from homebody.workspace.ignore import Exclude

SCHEMA = 5
"""Format of the index: increase it when a table, ``store.words`` or a result of syntax queries changes."""

State: TypeAlias = Literal["indexing", "ready", "off"]

_IDLE_SECONDS = 60.0
# A job looks at every file, for 25 µs: the next one waits as long as the last took, and at most this.
_LONGEST_REST = 3.0
# Consecutive crashes without a finished job. A file that crashes a grammar causes two, and is skipped after
# that (``indexer.GuardedExtract``).
_MAX_CRASHES = 8
_CRASHING = "The indexing process keeps crashing, so other files are not used for completion."


class IndexJob(Struct, frozen=True, kw_only=True):
    """Index what changed below ``root``.

    ``real`` is the root with its links followed. The job runs with the lowest priority, after the
    ``seconds`` for which somebody waits for it.
    """

    root: str
    real: str
    database: str
    exclude: Exclude = Exclude()
    max_file_bytes: int = 1024 * 1024
    seconds: float = 0.0

    @property
    def note(self) -> Path:
        """Path of the note about the file being parsed, which survives if that crashes the process."""
        return Path(f"{self.database}.trying")

    def below(self, path: Path | None) -> str:
        """Return a path below the root with ``/`` between its parts; empty for others."""
        for root in (self.root, self.real):
            if path is not None and Path(root) in path.parents:
                return path.relative_to(root).as_posix()
        return ""


class IndexProgress(Struct, frozen=True):
    """Progress of the index. A job ends with another state than ``indexing``.

    Attributes
    ----------
    state
        ``off``: it failed, or there is nothing to index.
    done, total
        Files of the current job; both 0 while unknown.
    notice
        A sentence for the user, or nothing.

    """

    state: State
    done: int = 0
    total: int = 0
    notice: str = ""


class IndexerProcess:
    """Runs jobs one after the other, in a separate process, for one event loop.

    ``folder`` is the process's working directory; it is created if necessary.

    Attributes
    ----------
    given_up
        No more jobs are accepted: the process keeps crashing, or this was closed.

    """

    def __init__(self, folder: Path, on_progress: Callable[[IndexProgress], None]) -> None:
        self._folder = folder
        self._on_progress = on_progress
        self._jobs: asyncio.Queue[IndexJob] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._job: IndexJob | None = None
        self._crashes = 0
        self.given_up = False

    def submit(self, job: IndexJob) -> None:
        """Queue ``job``."""
        if self.given_up:
            return
        self._jobs.put_nowait(job)
        if self._task is None:
            self._task = asyncio.create_task(self._work(), name="homebody-indexer")

    async def settled(self) -> None:
        """Return when nothing is left to do."""
        await self._jobs.join()

    async def aclose(self) -> None:
        """End the process; unfinished work is done at the next start."""
        self.given_up = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        for _ in self._waiting():
            self._jobs.task_done()
        await self._end()
        if self._job is not None:
            self._job.note.unlink(missing_ok=True)  # the file that was being parsed has not crashed it

    async def _work(self) -> None:
        took = 0.0
        while True:
            jobs = [await self._next()]
            try:
                await asyncio.sleep(min(took, _LONGEST_REST))  # there may be more events of files
                jobs += self._waiting()
                began = time.monotonic()
                for job in {job.root: job for job in jobs}.values():
                    await self._run(job)
                took = time.monotonic() - began
            finally:
                for _ in jobs:
                    self._jobs.task_done()

    async def _next(self) -> IndexJob:
        try:
            async with asyncio.timeout(_IDLE_SECONDS):
                return await self._jobs.get()
        except TimeoutError:
            await self._end()
            return await self._jobs.get()

    def _waiting(self) -> list[IndexJob]:
        return [self._jobs.get_nowait() for _ in range(self._jobs.qsize())]

    async def _run(self, job: IndexJob) -> None:
        """Run one job; restart the process if it crashes."""
        self._job = job
        while not self.given_up and not await self._is_done(job):
            await self._end()
            self._crashes += 1
            if self._crashes == _MAX_CRASHES:
                self.given_up = True
                self._on_progress(IndexProgress("off", notice=_CRASHING))
        self._job, self._crashes = None, 0

    async def _is_done(self, job: IndexJob) -> bool:
        """Whether the process finished ``job``."""
        try:
            process = self._process = self._process or await self._start()
            stdin, stdout = process.stdin, process.stdout
            if stdin is None or stdout is None:
                return False
            stdin.write(msgspec.json.encode(job) + b"\n")
            await stdin.drain()
            async for line in stdout:
                progress = msgspec.json.decode(line, type=IndexProgress)
                self._on_progress(progress)
                if progress.state != "indexing":
                    return True
        except (OSError, ValueError, msgspec.MsgspecError):
            pass  # it has ended, or sent something else
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
        """Kill the process: the index stays consistent, an unfinished transaction has no effect."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.communicate()
            self._process = None

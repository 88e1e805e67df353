"""The workspace's index: start it, report changes to it, ask it. The public interface of this package.

Used on one event loop, which it never blocks: files are read in a process (``process``), the database in a
thread (``query``). Several servers and command-line runs may have the same workspace open.
"""

import asyncio
import hashlib
import os
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from homebody.settings import Settings
from homebody.settings.paths import cache_dir
from homebody.syntax.chunk import Candidate
from homebody.workspace.ignore import Exclude
from homebody.workspace.process import SCHEMA, IndexJob, IndexProgress, State, run_job

if TYPE_CHECKING:
    from homebody.workspace.query import IndexReader

Question: TypeAlias = "Callable[[IndexReader], list[Candidate]]"

WAIT_SECONDS = 5.0
"""Seconds that a command or a question waits; only the first index of a large workspace takes longer."""

_LONGEST_REST = 3.0
"""A job looks at every file, for 25 µs: the next one waits as long as the last took, and at most this."""


class WorkspaceIndex:
    """The index of the workspace's folders ``roots``; end it with ``aclose``.

    A root inside another one is part of that one. The index of an earlier run can be asked immediately;
    nothing is built before ``start``. With ``context.snippets`` off there is no index, and all results are
    empty. ``progress`` is called for each change; each notice is reported only once.
    """

    def __init__(
        self,
        roots: Sequence[Path],
        settings: Settings,
        progress: Callable[[IndexProgress], None] | None = None,
    ) -> None:
        self.state: State = "off"
        self._progress = progress
        outermost = [root for root in roots if not any(other in root.parents for other in roots)]
        self._roots = [root.absolute() for root in dict.fromkeys(outermost)]
        self._jobs = self._jobs_of(settings)
        self._waiting: dict[str, IndexJob] = {}
        self._work: asyncio.Task[None] | None = None
        self._rest = 0.0
        self._told = {""}
        self._closed = False
        self._started = False

    def apply(self, settings: Settings) -> None:
        """Use other settings; what they change of the index is updated in the background."""
        jobs = self._jobs_of(settings)
        if jobs != self._jobs and not self._closed:
            self._jobs = jobs
            if self._started:
                self.start()

    def start(self, seconds: float = 0.0) -> None:
        """Update the index in the background: build it, or index what changed since the last run.

        ``seconds`` is for how long somebody waits for it.
        """
        self._started = True
        if self._submit(msgspec.structs.replace(job, seconds=seconds) for job in self._jobs):
            self._tell(IndexProgress("indexing"))

    def refresh(self, paths: Iterable[Path]) -> None:
        """Index again in the background after ``paths`` were saved, created or removed: files or folders."""
        paths = list(paths)
        self._submit(job for job in self._jobs if any(map(job.below, paths)))

    async def updated(self, seconds: float = WAIT_SECONDS) -> bool:
        """Update the index, and return whether that was done in time.

        If not, it goes on in the background, and answers use what is indexed so far.
        """
        self.start(seconds)
        try:
            await asyncio.wait_for(self.settled(), seconds)
        except TimeoutError:
            return False
        return True

    async def settled(self) -> None:
        """Return when all requested work is done, or the index is off."""
        while self._work is not None and not self._work.done():
            await asyncio.wait({self._work})

    async def ask(self, question: Question) -> list[Candidate]:
        """Return the answer of the index to ``question``, best first.

        The answers of several folders take turns: ranks of different indexes cannot be compared.
        """
        if self._closed or not self._jobs:
            return []
        jobs = self._jobs
        answers = await asyncio.to_thread(_answers, jobs, question)
        self._submit(job for job, answer in zip(jobs, answers, strict=True) if answer is None)
        turns = zip_longest(*(answer or () for answer in answers))
        return [candidate for turn in turns for candidate in turn if candidate is not None]

    async def aclose(self) -> None:
        """End the indexing process; unfinished work is done at the next start. There are no answers then."""
        self._closed = True
        if self._work is not None:
            self._work.cancel()
            await asyncio.wait({self._work})

    def _submit(self, jobs: Iterable[IndexJob]) -> bool:
        """Run ``jobs`` in the background; return whether there is anything to run."""
        if not self._closed:
            self._waiting |= {job.root: job for job in jobs}
            if self._waiting and (self._work is None or self._work.done()):
                self._work = asyncio.create_task(self._run_waiting(), name="homebody-indexer")
        return bool(self._waiting)

    async def _run_waiting(self) -> None:
        while self._waiting:
            await asyncio.sleep(self._rest)  # there may be more events of files
            jobs, self._waiting = self._waiting, {}
            began = time.monotonic()
            for job in jobs.values():
                if not await run_job(job, self._tell):
                    self._closed = True
                    self._waiting.clear()
            self._rest = min(time.monotonic() - began, _LONGEST_REST)

    def _jobs_of(self, settings: Settings) -> tuple[IndexJob, ...]:
        return tuple(
            IndexJob(
                root=str(root),
                real=os.path.realpath(root),
                database=str(database_of(root, cache_dir())),
                exclude=Exclude.from_settings(settings),
                max_file_bytes=settings.context.max_file_bytes,
            )
            for root in self._roots
            if settings.context.snippets
        )

    def _tell(self, progress: IndexProgress) -> None:
        if progress.notice in self._told:
            progress = msgspec.structs.replace(progress, notice="")
        again = progress == IndexProgress(self.state)
        self.state = progress.state
        self._told.add(progress.notice)
        if self._progress is not None and not again:
            self._progress(progress)


def _answers(jobs: Sequence[IndexJob], question: Question) -> list[list[Candidate] | None]:
    # Loading the database code takes 30 ms, so it is not done at the server's start.
    from homebody.workspace.query import answer

    return [answer(job, question) for job in jobs]


def database_of(root: Path, cache: Path) -> Path:
    """Return the path of the index of the workspace ``root`` below the folder ``cache``.

    The name is derived from the real path, so that two paths to one folder have one index, and ends with the
    format: two versions of Homebody that run at the same time do not replace each other's index.
    """
    real = os.path.normcase(os.path.realpath(root))
    name = hashlib.blake2b(os.fsencode(real), digest_size=16).hexdigest()
    return cache / "index" / f"{name}-{SCHEMA}.sqlite3"

"""The workspace's index: start it, report changes to it, ask it. The public interface of this package.

Used on one event loop, which it never blocks: files are read in the indexing process (``process``), the
database in a thread (``query``). Several servers and command-line runs may have the same workspace open.
"""

import asyncio
import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from homebody.settings import Settings
from homebody.settings.paths import cache_dir
from homebody.syntax.chunk import Candidate
from homebody.workspace.ignore import Exclude
from homebody.workspace.process import SCHEMA, IndexerProcess, IndexJob, IndexProgress, State

if TYPE_CHECKING:
    from homebody.workspace.query import IndexReader

Question: TypeAlias = "Callable[[IndexReader], list[Candidate]]"

WAIT_SECONDS = 5.0
"""Seconds that a command or a question waits; only the first index of a large workspace takes longer."""


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
        self._readers: dict[IndexJob, IndexReader] = {}  # used in the thread only
        self._process = IndexerProcess(cache_dir() / "index", self._tell)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="homebody-index")
        self._told = {""}
        self._closed = False
        self._started = False

    def apply(self, settings: Settings) -> None:
        """Use other settings; what they change of the index is updated in the background."""
        jobs = self._jobs_of(settings)
        if jobs != self._jobs and not self._closed:
            self._jobs = jobs
            self._thread.submit(self._close_readers)
            if self._started:
                self.start()

    def start(self, seconds: float = 0.0) -> None:
        """Update the index in the background: build it, or index what changed since the last run.

        ``seconds`` is for how long somebody waits for it.
        """
        self._started = True
        if self._process.given_up or not self._jobs:
            return
        for job in self._jobs:
            self._process.submit(msgspec.structs.replace(job, seconds=seconds))
        self._tell(IndexProgress("indexing"))

    def refresh(self, paths: Iterable[Path]) -> None:
        """Index again in the background after ``paths`` were saved, created or removed: files or folders."""
        paths = list(paths)
        for job in self._jobs:
            if any(map(job.below, paths)):
                self._process.submit(job)

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
        await self._process.settled()

    async def ask(self, question: Question) -> list[Candidate]:
        """Return the answer of the index to ``question``, best first.

        The answers of several folders take turns: ranks of different indexes cannot be compared.
        """
        if self._closed or not self._jobs:
            return []
        jobs, loop = self._jobs, asyncio.get_running_loop()
        answers = await loop.run_in_executor(self._thread, self._answers, jobs, question)
        for job, answer in zip(jobs, answers, strict=True):
            if answer is None:
                self._process.submit(job)
        turns = zip_longest(*(answer or () for answer in answers))
        return [candidate for turn in turns for candidate in turn if candidate is not None]

    async def aclose(self) -> None:
        """End the indexing process and the thread. There are no answers from then on."""
        if not self._closed:
            self._closed = True
            await self._process.aclose()
            self._thread.submit(self._close_readers)
            self._thread.shutdown(wait=True)

    def _answers(self, jobs: Sequence[IndexJob], question: Question) -> list[list[Candidate] | None]:
        # Loading the database code takes 30 ms, so it is not done at the server's start.
        from homebody.workspace.query import IndexReader

        for job in jobs:
            self._readers[job] = self._readers.get(job) or IndexReader(job)
        return [self._readers[job].answer(question) for job in jobs]

    def _close_readers(self) -> None:
        for reader in self._readers.values():
            reader.close()
        self._readers.clear()

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


def database_of(root: Path, cache: Path) -> Path:
    """Return the path of the index of the workspace ``root`` below the folder ``cache``.

    The name is derived from the real path, so that two paths to one folder have one index, and ends with the
    format: two versions of Homebody that run at the same time do not replace each other's index.
    """
    real = os.path.normcase(os.path.realpath(root))
    name = hashlib.blake2b(os.fsencode(real), digest_size=16).hexdigest()
    return cache / "index" / f"{name}-{SCHEMA}.sqlite3"

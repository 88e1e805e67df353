"""The workspace's index: start it, report changes to it, query it. The public interface of this package.

Used on one event loop, which it never blocks: files are read in the indexing process (``process``), the
database in a thread (``query``). Several servers and command-line runs may have the same workspace open.
"""

import asyncio
import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from homebody.settings import Settings
from homebody.settings.paths import cache_dir
from homebody.syntax.chunk import Candidate
from homebody.syntax.language import find
from homebody.syntax.scope import Import
from homebody.workspace.ignore import Exclude
from homebody.workspace.process import SCHEMA, Done, Event, Failed, IndexerProcess, IndexJob, Notice, Working
from homebody.workspace.uri import path_of

if TYPE_CHECKING:
    from homebody.workspace.query import IndexReader

_Question: TypeAlias = "Callable[[IndexReader, _Folder], list[Candidate]]"

WAIT_SECONDS = 5.0
"""Seconds that a command or a question waits; only the first index of a large workspace takes longer."""

State: TypeAlias = Literal["indexing", "ready", "off"]


@dataclass(frozen=True, slots=True)
class IndexProgress:
    """Progress of the index.

    Attributes
    ----------
    state
        ``off``: it failed, or there is nothing to index.
    done, total
        Files of the current job; both 0 while unknown.
    notice
        A sentence for the user, or nothing. Each is reported only once.

    """

    state: State
    done: int = 0
    total: int = 0
    notice: str = ""


class WorkspaceIndex:
    """The index of the workspace's folders ``roots``; end it with ``aclose``.

    A root inside another one is part of that one. The index of an earlier run can be queried immediately;
    nothing is built before ``start``. With ``context.snippets`` off there is no index, and all results are
    empty.
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
        self._roots = [root.absolute() for root in dict.fromkeys(outermost) if _is_text(root)]
        self._settings = settings
        self._folders = self._opened()
        self._process = IndexerProcess(cache_dir() / "index", self._on_event)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="homebody-index")
        self._told = {""}
        self._closed = False
        self._started = False

    def apply(self, settings: Settings) -> None:
        """Use other settings; what they change of the index is updated in the background."""
        before, self._settings = self._settings, settings
        changed = (before.context, before.folder_ignore) != (settings.context, settings.folder_ignore)
        if not changed or self._closed:
            return
        for folder in self._folders:
            self._thread.submit(folder.close)
        self._folders = self._opened()
        if self._started:
            self.start()

    def start(self) -> None:
        """Update the index in the background: build it, or index what changed since the last run."""
        self._started = True
        if self._process.given_up or not self._folders:
            return
        for folder in self._folders:
            self._process.submit(folder.job())
        self._tell("indexing")

    def refresh(self, paths: Iterable[Path]) -> None:
        """Index again in the background after ``paths`` were saved, created or removed: files or folders."""
        changed: set[_Folder] = set()
        for path in paths:
            changed.update(folder for folder in self._folders if folder.below(path))
            if len(changed) == len(self._folders):
                break
        for folder in changed:
            self._process.submit(folder.job(), after_events=True)

    async def updated(self, seconds: float = WAIT_SECONDS) -> bool:
        """Update the index, and return whether that was done in time.

        If not, it goes on in the background, and queries use what is indexed so far.
        """
        self.start()
        try:
            await asyncio.wait_for(self.settled(), seconds)
        except TimeoutError:
            return False
        return True

    async def settled(self) -> None:
        """Return when all requested work is done, or the index is off."""
        await self._process.settled()

    async def definitions(
        self,
        names: Sequence[str],
        *,
        language: str,
        near_path: Path | None,
        imports: Sequence[Import] = (),
    ) -> list[Candidate]:
        """Return definitions of ``names``, the most certain first.

        First those in the indexed version of the document's own file, then those in imported files, then
        names with few definitions. At most three for each name; adjacent ones in one file are one candidate.

        Parameters
        ----------
        names
            Identifiers used near the cursor; the first 64 are used.
        language
            LSP's language identifier of the document; only files of its family are searched.
        near_path
            Path of the document; ``None`` for one that is not on disk.
        imports
            Its imports (``syntax.scope.imports``).

        """
        known = _name_of(language, near_path)
        answers = await self._ask(
            lambda reader, folder: reader.definitions(
                names, language=known, path=folder.below(near_path), imports=imports
            )
        )
        return [candidate for answer in answers for candidate in answer]

    async def similar(self, text: str, *, exclude: Iterable[str] = (), limit: int = 8) -> list[Candidate]:
        """Return at most ``limit`` chunks that share rare words with ``text``, the most similar first.

        ``exclude`` are URIs of files to leave out, such as the document itself.
        """
        paths = [path for path in map(path_of, exclude) if path is not None]
        return await self._best(
            limit,
            lambda reader, folder: reader.similar(
                text, exclude=frozenset(filter(None, map(folder.below, paths))), limit=limit
            ),
        )

    async def callers(
        self, name: str, *, language: str, near_path: Path | None, limit: int = 4
    ) -> list[Candidate]:
        """Return at most ``limit`` places in other files where ``name`` is called, the nearest first.

        ``language`` and ``near_path`` as in ``definitions``.
        """
        known = _name_of(language, near_path)
        return await self._best(
            limit,
            lambda reader, folder: reader.callers(
                name, language=known, path=folder.below(near_path), limit=limit
            ),
        )

    async def files(self, query: str, *, limit: int) -> list[Candidate]:
        """Return at most ``limit`` files whose path contains ``query``; ``why`` is the path."""
        return await self._best(limit, lambda reader, _: reader.files(query, limit=limit))

    async def symbols(self, query: str, *, limit: int) -> list[Candidate]:
        """Return at most ``limit`` definitions whose name contains ``query``; ``why`` is the name."""
        return await self._best(limit, lambda reader, _: reader.symbols(query, limit=limit))

    async def named(
        self,
        name: str,
        *,
        container: str = "",
        near_path: Path | None = None,
        limit: int = 3,
        is_plain: bool = False,
    ) -> list[Candidate]:
        """Return at most ``limit`` definitions of exactly ``name``, in any language, the nearest first.

        If some are inside ``container`` (``Order`` in ``Order.total``), only those are returned.
        ``near_path`` is the path of the document; ``None`` for one that is not on disk. A name that
        ``is_plain`` may be an ordinary word: it counts only if it is rare (``candidates.is_rare``).
        """
        return await self._best(
            limit,
            lambda reader, folder: reader.named(
                name, container=container, path=folder.below(near_path), limit=limit, is_plain=is_plain
            ),
        )

    async def aclose(self) -> None:
        """End the indexing process and the thread. Queries return nothing from then on."""
        if self._closed:
            return
        self._closed = True
        await self._process.aclose()
        for folder in self._folders:
            self._thread.submit(folder.close)
        self._thread.shutdown(wait=True)

    async def _best(self, limit: int, question: _Question) -> list[Candidate]:
        """Interleave the folders' answers: ranks of different indexes cannot be compared."""
        rows = zip_longest(*await self._ask(question))
        return [candidate for row in rows for candidate in row if candidate is not None][:limit]

    async def _ask(self, question: _Question) -> list[list[Candidate]]:
        """Ask every folder's reader, in the thread."""
        loop = asyncio.get_running_loop()
        answers: list[list[Candidate]] = []
        for folder in self._folders:
            if self._closed:
                break
            answer = await loop.run_in_executor(self._thread, folder.answer, question)
            if answer is None and not folder.rebuilding:
                folder.rebuilding = True
                self._process.submit(folder.job(rebuild=True))
            answers.append(answer or [])
        return answers

    def _opened(self) -> "list[_Folder]":
        return [_Folder(root, self._settings) for root in self._roots if self._settings.context.snippets]

    def _on_event(self, job: IndexJob, event: Event) -> None:
        match event:
            case Working():
                self._tell("indexing", event.done, event.total)
            case Notice():
                self._tell(self.state, notice=event.text)
            case Done():
                for folder in self._folders:
                    if str(folder.root) == job.root:
                        folder.rebuilding = False
                self._tell("ready")
            case Failed():
                self._tell("off", notice=event.text)

    def _tell(self, state: State, done: int = 0, total: int = 0, notice: str = "") -> None:
        again = state == self.state and not total and notice in self._told
        self.state = state
        if self._progress is not None and not again:
            self._progress(IndexProgress(state, done, total, "" if notice in self._told else notice))
        self._told.add(notice)


def database_of(root: Path, cache: Path) -> Path:
    """Return the path of the index of the workspace ``root`` below the folder ``cache``.

    The name is derived from the real path, so that two paths to one folder have one index, and ends with the
    format: two versions of Homebody that run at the same time do not replace each other's index.
    """
    real = os.path.normcase(os.path.realpath(root))
    name = hashlib.blake2b(os.fsencode(real), digest_size=16).hexdigest()
    return cache / "index" / f"{name}-{SCHEMA}.sqlite3"


class _Folder:
    """One root folder, its index and its reader."""

    def __init__(self, root: Path, settings: Settings) -> None:
        self.root = root
        self.rebuilding = False
        self._real = Path(os.path.realpath(root))
        self._database = database_of(root, cache_dir())
        self._exclude = Exclude.from_settings(settings)
        self._max_file_bytes = settings.context.max_file_bytes
        self._reader: IndexReader | None = None

    def below(self, path: Path | None) -> str | None:
        """Path below the root with ``/`` between its parts, ``None`` for the root and for paths outside."""
        if path is None:
            return None
        if path.is_relative_to(self.root):
            inside = path.relative_to(self.root)
        elif path.is_relative_to(self._real):
            inside = path.relative_to(self._real)
        else:
            return None
        return inside.as_posix() if inside.parts else None

    def job(self, *, rebuild: bool = False) -> IndexJob:
        """Return the job that indexes everything that changed."""
        return IndexJob(
            root=str(self.root),
            database=str(self._database),
            exclude=self._exclude,
            max_file_bytes=self._max_file_bytes,
            rebuild=rebuild,
        )

    # These methods run in the thread.

    def answer(self, question: _Question) -> list[Candidate] | None:
        """Return the result; ``None`` if the index is damaged."""
        # Loading the database code takes 30 ms, so it is not done at the server's start.
        from homebody.workspace.query import IndexReader
        from homebody.workspace.store import StoreDamagedError

        self._reader = self._reader or IndexReader(self.root, self._database, self._exclude)
        try:
            return self._reader.answer(lambda reader: question(reader, self))
        except StoreDamagedError:
            return None

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()


def _name_of(language: str, near_path: Path | None) -> str:
    """Name of the row of ``syntax.language`` for a document."""
    row = find(language, near_path.name if near_path else "")
    return row.name if row else language


def _is_text(path: Path) -> bool:
    """Whether the path is valid Unicode without a NUL; other paths are not indexed."""
    try:
        return b"\0" not in str(path).encode()
    except UnicodeEncodeError:
        return False

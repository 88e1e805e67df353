"""The workspace's index: start it, report changes to it, query it. The public interface of this package.

In: the workspace's folders and settings. Out: candidates (``syntax/chunk.py``) and progress.
Used on one event loop, which it never blocks: files are read in the indexing process, the database in a
thread. Several servers and command-line runs may have the same workspace open.
"""

import asyncio
import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

from homebody.settings import Settings
from homebody.settings.paths import cache_dir
from homebody.syntax.chunk import Candidate
from homebody.syntax.language import find
from homebody.syntax.scope import Import
from homebody.workspace.ignore import Exclude, PathRules
from homebody.workspace.imports import rows_of
from homebody.workspace.messages import Done, Event, Failed, Job, Notice, Refresh, Scan, Working
from homebody.workspace.process import IndexerProcess
from homebody.workspace.store import SCHEMA
from homebody.workspace.uri import path_of

if TYPE_CHECKING:
    from homebody.workspace.query import Reader

_T = TypeVar("_T")

WAIT_SECONDS = 5.0
"""Seconds that a command or a question waits; only the first index of a large workspace takes longer."""

State: TypeAlias = Literal["indexing", "ready", "off"]


@dataclass(frozen=True, slots=True)
class Progress:
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
    """The index of the workspace's folders. Make it with ``open``, end it with ``aclose``."""

    def __init__(
        self,
        roots: Sequence[Path],
        settings: Settings,
        progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self.state: State = "off"
        self._progress = progress
        self._roots = tuple(roots)
        self._settings = settings
        self._folders = [_Folder(root, settings) for root in roots if settings.context.snippets]
        self._process = IndexerProcess(cache_dir() / "index", self._on_event)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="homebody-index")
        self._told = {""}
        self._closed = False
        self._started = False

    @classmethod
    def open(
        cls,
        roots: Sequence[Path],
        settings: Settings,
        *,
        progress: Callable[[Progress], None] | None = None,
    ) -> "WorkspaceIndex":
        """Open the index of ``roots``; the index of an earlier run can be queried immediately.

        A root inside another one is part of that one. Nothing is built before ``start``. With
        ``context.snippets`` off there is no index, and all results are empty.
        """
        outermost = [root for root in roots if not any(other in root.parents for other in roots)]
        wanted = [root.absolute() for root in dict.fromkeys(outermost) if _is_text(root)]
        return cls(wanted, settings, progress)

    def apply(self, settings: Settings) -> None:
        """Use other settings; what they change of the index is updated in the background."""
        before, self._settings = self._settings, settings
        changed = (before.context, before.folder_ignore) != (settings.context, settings.folder_ignore)
        if not changed or self._closed:
            return
        if before.context.snippets != settings.context.snippets:
            for folder in self._folders:
                self._thread.submit(folder.close)
            self._folders = [_Folder(root, settings) for root in self._roots if settings.context.snippets]
        else:
            for folder in self._folders:
                folder.apply(settings)
        if self._started:
            self.start()

    def start(self) -> None:
        """Update the index in the background: build it, or index what changed since the last run."""
        self._started = True
        if self._process.given_up or not self._folders:
            return
        for folder in self._folders:
            self._process.submit(folder.scan())
        self._tell("indexing")

    def refresh(self, paths: Iterable[Path]) -> None:
        """Index ``paths`` again in the background: files or folders that were saved, created or removed.

        A name that is not text (bytes that are no UTF-8) is skipped, as a scan does.
        """
        changed: dict[int, list[str]] = {}
        for path in filter(_is_text, paths):
            for number, folder in enumerate(self._folders):
                below = folder.below(path)
                if below:
                    changed.setdefault(number, []).append(below)
                    break
        for number, below in changed.items():
            self._process.submit(self._folders[number].refresh(below))

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
        imports: Sequence[Import] | None = None,
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
            Its imports (``syntax.scope.imports``). ``None``: those from its last indexing.

        """
        row = find(language, near_path.name if near_path else "")
        name = row.name if row else language
        rows = None if imports is None else rows_of(imports)
        answers = await self._ask_each(
            lambda reader, path: reader.definitions(names, language=name, path=path, imports=rows), near_path
        )
        return [one for answer in answers for one in answer]

    async def similar(self, text: str, *, exclude: Iterable[str] = (), limit: int = 8) -> list[Candidate]:
        """Return at most ``limit`` chunks that share rare words with ``text``, the most similar first.

        ``exclude`` are URIs of files to leave out, such as the document itself.
        """
        paths = [path for path in map(path_of, exclude) if path is not None]
        answers: list[list[Candidate]] = []
        for folder in self._folders:
            below = frozenset(filter(None, map(folder.below, paths)))
            answers.append(
                await self._ask(folder, lambda reader, e=below: reader.similar(text, exclude=e, limit=limit))
            )
        return _woven(answers)[:limit]

    async def callers(
        self, name: str, *, language: str, near_path: Path | None, limit: int = 4
    ) -> list[Candidate]:
        """Return at most ``limit`` places in other files where ``name`` is called, the nearest first.

        ``language`` and ``near_path`` as in ``definitions``.
        """
        row = find(language, near_path.name if near_path else "")
        wanted = row.name if row else language
        answers = await self._ask_each(
            lambda reader, path: reader.callers(name, language=wanted, path=path, limit=limit), near_path
        )
        return _woven(answers)[:limit]

    async def files(self, query: str, *, limit: int) -> list[Candidate]:
        """Return at most ``limit`` files whose path contains ``query``; ``why`` is the path."""
        answers = await self._ask_each(lambda reader, _: reader.files(query, limit=limit))
        return _woven(answers)[:limit]

    async def symbols(self, query: str, *, limit: int) -> list[Candidate]:
        """Return at most ``limit`` definitions whose name contains ``query``; ``why`` is the name."""
        answers = await self._ask_each(lambda reader, _: reader.symbols(query, limit=limit))
        return _woven(answers)[:limit]

    async def named(
        self, name: str, *, container: str = "", near_path: Path | None = None, limit: int = 3
    ) -> list[Candidate]:
        """Return at most ``limit`` definitions of exactly ``name``, in any language, the nearest first.

        If some are inside ``container`` (``Order`` in ``Order.total``), only those are returned.
        ``near_path`` is the path of the document; ``None`` for one that is not on disk.
        """
        answers = await self._ask_each(
            lambda reader, path: reader.named(name, container=container, path=path, limit=limit), near_path
        )
        return _woven(answers)[:limit]

    async def aclose(self) -> None:
        """End the indexing process and the thread. Queries return nothing from then on."""
        if self._closed:
            return
        self._closed = True
        await self._process.aclose()
        for folder in self._folders:
            self._thread.submit(folder.close)
        self._thread.shutdown(wait=True)

    async def _ask_each(
        self, question: "Callable[[Reader, str | None], list[Candidate]]", near_path: Path | None = None
    ) -> list[list[Candidate]]:
        """Ask every folder's reader; the question also gets ``near_path`` below that folder."""
        answers: list[list[Candidate]] = []
        for folder in self._folders:
            below = folder.below(near_path) if near_path else None
            answers.append(await self._ask(folder, lambda reader, path=below: question(reader, path)))
        return answers

    async def _ask(
        self, folder: "_Folder", question: "Callable[[Reader], list[Candidate]]"
    ) -> list[Candidate]:
        if self._closed:
            return []
        answer, damaged = await asyncio.get_running_loop().run_in_executor(
            self._thread, folder.answer, question
        )
        if damaged and not folder.rebuilding:
            folder.rebuilding = True
            self._process.submit(folder.scan(rebuild=True))
        return answer

    def _on_event(self, job: Job, event: Event) -> None:
        match event:
            case Working():
                self._tell("indexing", event.done, event.total)
            case Notice():
                self._tell(self.state, notice=event.text)
            case Done():
                for folder in self._folders:
                    if str(folder.root) == job.root and isinstance(job, Scan):
                        folder.rebuilding = False
                self._tell("ready")
            case Failed():
                self._tell("off", notice=event.text)

    def _tell(self, state: State, done: int = 0, total: int = 0, notice: str = "") -> None:
        again = state == self.state and not total and notice in self._told
        self.state = state
        if self._progress is not None and not again:
            self._progress(Progress(state, done, total, "" if notice in self._told else notice))
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
        self.apply(settings)
        self._reader: Reader | None = None

    def below(self, path: Path) -> str | None:
        """Path below the root with ``/`` between its parts, ``None`` for the root and for paths outside."""
        if path.is_relative_to(self.root):
            inside = path.relative_to(self.root)
        elif path.is_relative_to(self._real):
            inside = path.relative_to(self._real)
        else:
            return None
        return inside.as_posix() if inside.parts else None

    def apply(self, settings: Settings) -> None:
        """Use other rules and limits from now on."""
        self._exclude = Exclude.from_settings(settings)
        self._rules = PathRules((self.root,), self._exclude, is_index=True)
        self._max_file_bytes = settings.context.max_file_bytes

    # These methods run in the thread.

    def answer(self, question: "Callable[[Reader], list[Candidate]]") -> tuple[list[Candidate], bool]:
        """Return the result, and whether the index is damaged."""
        if self._reader is None:
            # Loading the database code takes 30 ms, so it is not done at the server's start.
            from homebody.workspace.query import Reader

            self._reader = Reader(self.root, self._database)
        self._reader.rules = self._rules
        return question(self._reader), self._reader.damaged

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()

    def scan(self, *, rebuild: bool = False) -> Scan:
        return Scan(
            root=str(self.root),
            database=str(self._database),
            exclude=self._exclude,
            max_file_bytes=self._max_file_bytes,
            rebuild=rebuild,
        )

    def refresh(self, paths: Sequence[str]) -> Refresh:
        return Refresh(
            root=str(self.root),
            database=str(self._database),
            exclude=self._exclude,
            max_file_bytes=self._max_file_bytes,
            paths=tuple(paths),
        )


def _woven(answers: Sequence[Sequence[_T]]) -> list[_T]:
    """Interleave the answers: ranks of different indexes cannot be compared."""
    return [item for row in zip_longest(*answers) for item in row if item is not None]


def _is_text(path: Path) -> bool:
    """Whether the path is valid Unicode without a NUL; other paths are not indexed."""
    try:
        return b"\0" not in str(path).encode()
    except UnicodeEncodeError:
        return False

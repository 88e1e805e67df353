"""Query the index of one workspace folder: definitions, calls, files, and chunks that are similar to a text.

Synchronous; used in one thread, with its own connection. Results are best first, and their files still
exist. With an index that is missing, unfinished or damaged they are empty, without an error.
"""

import math
import os
import re
import sqlite3
import stat
import time
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any, TypeAlias

from homebody.syntax.chunk import Candidate
from homebody.syntax.scope import Import
from homebody.workspace.candidates import IndexRow, call_sites, candidates, is_rare, under_headers
from homebody.workspace.ignore import Exclude, PathRules
from homebody.workspace.imports import distance, follows_imports, read_imports, resolve
from homebody.workspace.secrets import is_secret
from homebody.workspace.store import (
    StoreDamagedError,
    StoreUnusableError,
    connect,
    translated_errors,
    words,
)
from homebody.workspace.uri import uri_of

_Row: TypeAlias = tuple[Any, ...]

# Time limit for one query, in seconds: queries run in idle moments, on small machines too.
_MAX_SECONDS = 0.25
_BUSY_SECONDS = 0.2
# A name with more definitions (get, close, main) is too common to be useful without an import.
_MAX_NAMESAKES = 8
_PER_NAME = 3
_MAX_NAMES = 64
_MAX_IMPORTS = 200
# Number of words in a query, the rarest first, and how common one may be: larger values are slow and
# match unrelated code.
_MAX_WORDS = 16
_MAX_CHUNKS_A_WORD = 2000
_MIN_SHARED = 2

_DEFINING = (
    "SELECT name, path, first_line, last_line, text, scopes FROM definitions JOIN files ON files.id = file"
)
# A name in more than 60 chunks is a common word, whose calls are of no use.
_MENTIONING = (
    "SELECT path, first_line, text, scopes FROM chunk_words JOIN chunks ON chunks.id = chunk_words.rowid "
    "JOIN files ON files.id = file WHERE chunk_words MATCH ? AND language IN ({}) LIMIT 60"
)
_FILES = (
    "SELECT path FROM files WHERE path LIKE ? ESCAPE '!' "
    "ORDER BY path LIKE ? ESCAPE '!' DESC, length(path), path LIMIT 200"
)
_SYMBOLS = (
    f"{_DEFINING} WHERE name LIKE ? ESCAPE '!' AND kind NOT IN ('variable', 'key', 'rule', 'section') "
    "ORDER BY name = ? DESC, name LIKE ? ESCAPE '!' DESC, length(name), name, path LIMIT 200"
)
_NAMED = (
    f"{_DEFINING} WHERE name = ? AND kind NOT IN ('key', 'rule', 'section') "
    "AND (kind <> 'variable' OR scopes = '') LIMIT 200"
)
_USES_OF_A_NAME = (
    "SELECT kind = 'variable' OR scopes <> '' FROM definitions "
    "WHERE name = ? AND kind NOT IN ('key', 'rule', 'section') LIMIT 8"
)
_RESEMBLING = (
    "SELECT path, first_line, last_line, text, scopes FROM "
    "(SELECT rowid AS chunk, rank FROM chunk_words WHERE chunk_words MATCH ? ORDER BY rank LIMIT ?) "
    "JOIN chunks ON chunks.id = chunk JOIN files ON files.id = file ORDER BY rank"
)
_COUNTING = "SELECT count(*) FROM (SELECT 1 FROM chunk_words WHERE chunk_words MATCH ? LIMIT ?)"

# Languages that can use each other's definitions.
_FAMILIES = (
    frozenset({"javascript", "javascriptreact", "typescript", "typescriptreact"}),
    frozenset({"c", "cpp"}),
    frozenset({"java", "kotlin", "scala"}),
)


class IndexReader:
    """Queries the index of the workspace ``root``. Create, use and close it in one thread.

    Query methods are called inside ``answer``; their ``path`` is the document's, below the root, or ``None``
    outside of it, and their ``language`` is the name of a row of ``syntax.language``.

    ``exclude`` is asked for files that were indexed before they were excluded.
    """

    def __init__(self, root: Path, database: Path, exclude: Exclude | None = None) -> None:
        self._rules = PathRules((root,), exclude, is_index=True)
        self._root = root
        self._database = database
        self._connection: sqlite3.Connection | None = None
        self._opened: tuple[int, int] | None = None
        self._deadline = 0.0
        self._there: dict[str, bool] = {}

    def answer(self, question: "Callable[[IndexReader], list[Candidate]]") -> list[Candidate]:
        """Return what ``question`` returns for the current index; nothing without one, or after 250 ms.

        Raises
        ------
        StoreDamagedError
            The index has to be built again.

        """
        try:
            with translated_errors():
                if not self._connect():
                    return []
                self._deadline = time.monotonic() + _MAX_SECONDS
                self._there.clear()
                self._rules = self._rules.now()
                return question(self)
        except StoreDamagedError:
            self.close()
            raise
        except StoreUnusableError:  # busy, or it took too long: it is repeated in the next idle moment
            return []

    def definitions(
        self,
        names: Sequence[str],
        *,
        language: str,
        path: str | None,
        imports: "Sequence[Import]" = (),
    ) -> list[Candidate]:
        """Return definitions of ``names``, the most certain first; adjacent ones are one candidate.

        ``imports`` are those of the document; ``None``: those from its last indexing. Definitions in the
        document come first, then those in imported files, in the order of the names; then names with few
        definitions, for each at most three from the files nearest to ``path``. If imports can be resolved, a
        name that is not imported has to be distinctive: a lower-case word is usually a local variable.
        """
        near = path or ""
        imported = read_imports(language, imports, near)
        files = resolve(imported, near, self._files_of_stems)[:_MAX_IMPORTS]
        family = _family_of(language)
        ranked: list[tuple[int, IndexRow]] = []
        wanted = dict.fromkeys(imported.original.get(name, name) for name in names[:_MAX_NAMES])
        at_hand = self._rows_at_hand(near, [name for name in wanted if name not in imported.names])
        for name in wanted:
            if name.startswith("__"):
                continue
            own = [row for row in at_hand if row.name == name]
            rows = [] if _hides(own) else self._rows_defining(name, family, files) if files else []
            namesakes = 0
            if not rows and not _hides(own) and (name in imported.names or _tells(name, language)):
                rows = self._rows_defining(name, family)
                namesakes = len(rows)
            if namesakes > _MAX_NAMESAKES:
                rows = []
            rows = [row for row in rows if row.path != near]
            rows.sort(key=lambda row: (_farness(row.path, near, files), row.path, row.first_line))
            for order, offered in ((-1, own), (namesakes, rows)):
                ranked += [(order, row) for row in islice(filter(self._offers, offered), _PER_NAME)]
        ranked.sort(key=lambda item: item[0])
        return candidates([row for _, row in ranked], self._root, near)

    def similar(self, text: str, *, exclude: Collection[str], limit: int) -> list[Candidate]:
        """Return at most ``limit`` chunks that share words with ``text``, most alike first.

        ``exclude`` are paths below the root.
        """
        wanted = self._rarest(Counter(words(text)))
        if not wanted or limit < 1:
            return []
        any_of = " OR ".join(f'"{word}"' for word in wanted)

        def chunks() -> Iterator[IndexRow]:
            seen: set[str] = set()
            for path, first_line, last_line, packed, scopes in self._rows(_RESEMBLING, any_of, 2 * limit + 8):
                piece = zlib.decompress(packed).decode()
                shared = len(set(wanted).intersection(words(piece)))
                if path not in exclude and piece not in seen and shared >= min(_MIN_SHARED, len(wanted)):
                    seen.add(piece)
                    yield IndexRow("", path, first_line, last_line, piece, scopes)

        return self._offered(chunks(), "resembles the code at the cursor", limit)

    def callers(self, name: str, *, language: str, path: str | None, limit: int) -> list[Candidate]:
        """Return at most ``limit`` places in other files where ``name`` is called, the nearest first.

        Only files of the language's family are searched.
        """
        all_of = " ".join(f'"{word}"' for word in dict.fromkeys(words(name)))
        if not all_of:
            return []
        near, family = path or "", _family_of(language)
        calls: list[IndexRow] = []
        for file, first_line, packed, scopes in self._rows(
            _MENTIONING.format(_marks(family)), all_of, *family
        ):
            if file != near:
                text = zlib.decompress(packed).decode()
                calls += call_sites(name, IndexRow(name, file, first_line, first_line, text, scopes))
        calls.sort(key=lambda row: (distance(row.path, near), row.path, row.first_line))
        return self._offered(calls, f"calls {name}", limit)

    def files(self, query: str, *, limit: int) -> list[Candidate]:
        """Return at most ``limit`` indexed files whose path contains ``query``, without their text.

        Those whose name begins with it come first, then short paths.
        """
        escaped = _escaped(query)
        rows = self._rows(_FILES, f"%{escaped}%", f"%/{escaped}%")
        return self._offered((IndexRow("", path, 0, 0, "", "") for (path,) in rows), "", limit)

    def symbols(self, query: str, *, limit: int) -> list[Candidate]:
        """Return at most ``limit`` definitions whose name contains ``query``.

        That name comes first, then names that begin with it, then short names.
        """
        if not query:
            return []
        escaped = _escaped(query)
        rows = self._rows(_SYMBOLS, f"%{escaped}%", query, f"{escaped}%")
        return self._offered((IndexRow(*row) for row in rows), "", limit)

    def named(
        self, name: str, *, container: str, path: str | None, limit: int, is_plain: bool
    ) -> list[Candidate]:
        """Return at most ``limit`` definitions of exactly ``name``, the nearest to the document first.

        If some are inside ``container`` (a class, a receiver, or a file of that name), only those are
        returned; with ``is_plain``, only those of a rare name.
        """
        if is_plain and not is_rare(bool(is_minor) for (is_minor,) in self._rows(_USES_OF_A_NAME, name)):
            return []
        near = path or ""
        rows = [IndexRow(*row) for row in self._rows(_NAMED, name)]
        rows = [row for row in rows if container and _is_inside(row, container)] or rows
        rows.sort(key=lambda row: (distance(row.path, near), row.path.count("/"), row.path, row.first_line))
        return self._offered(rows, f"defines {name}", limit)

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> bool:
        """Connect to the current file; whether there is one."""
        try:
            facts = self._database.stat()
        except OSError:
            self.close()
            return False
        if (there := (facts.st_dev, facts.st_ino)) != self._opened:
            self.close()
            self._opened = there
        if self._connection is None:
            self._connection = connect(self._database, timeout=_BUSY_SECONDS)
            self._connection.execute("PRAGMA query_only=1")
            self._connection.set_progress_handler(lambda: time.monotonic() > self._deadline, 10_000)
        return True

    def _rows(self, query: str, *values: str | int) -> Iterable[_Row]:
        return () if self._connection is None else self._connection.execute(query, values)

    def _offered(self, rows: Iterable[IndexRow], why: str, limit: int) -> list[Candidate]:
        """Convert rows to candidates, without those of removed or ignored files.

        Without ``why``, the name or the path says what was found.
        """
        return [
            Candidate(
                uri_of(self._root / row.path),
                row.first_line,
                row.last_line,
                under_headers(row),
                why or row.name or row.path,
            )
            for row in islice(filter(self._offers, rows), limit)
        ]

    def _rarest(self, wanted: Counter[str]) -> list[str]:
        """The rarest words of ``wanted``, by the number of chunks that contain them."""
        chunks = self._count("SELECT count(*) FROM chunks")
        telling: list[tuple[float, str]] = []
        for word, times in wanted.most_common(4 * _MAX_WORDS):
            count = self._count(_COUNTING, f'"{word}"', _MAX_CHUNKS_A_WORD + 1)
            if 0 < count <= min(_MAX_CHUNKS_A_WORD, max(50, chunks // 5)):
                telling.append((-math.log1p(times) * math.log1p(chunks / count), word))
        return [word for _, word in sorted(telling)[:_MAX_WORDS]]

    def _count(self, query: str, *values: str | int) -> int:
        ((count,),) = self._rows(query, *values)
        return count

    def _rows_defining(self, name: str, family: Collection[str], files: Sequence[str] = ()) -> list[IndexRow]:
        """Definitions of ``name`` in the languages ``family``: in ``files``, or anywhere if that is empty."""
        where = f"name = ? AND language IN ({_marks(family)})"
        if files:
            where += f" AND path IN ({_marks(files)}) AND (kind <> 'variable' OR scopes = '')"
        else:
            where += " AND kind <> 'variable'"
        query = f"{_DEFINING} WHERE {where} LIMIT {2 * _MAX_NAMESAKES}"
        return [IndexRow(*row) for row in self._rows(query, name, *family, *files)]

    def _rows_at_hand(self, path: str, names: Sequence[str]) -> list[IndexRow]:
        """Definitions of ``names`` in the file ``path``, in its order."""
        if not path:
            return []
        # Selected by file, not by name: some names have thousands of definitions.
        where = f"path = ? AND +name IN ({_marks(names)}) AND (kind <> 'variable' OR scopes = '')"
        query = f"{_DEFINING} WHERE {where} ORDER BY first_line"
        return [IndexRow(*row) for row in self._rows(query, path, *names)]

    def _files_of_stems(self, stems: Sequence[str]) -> Iterator[str]:
        for stem in dict.fromkeys(stems):
            for (path,) in self._rows("SELECT path FROM files WHERE stem = ? LIMIT 2000", stem):
                yield path

    def _offers(self, row: IndexRow) -> bool:
        """Whether the row's file exists and may still be shown, as far as is known here."""
        if row.path not in self._there:
            self._there[row.path] = not is_secret(row.path) and self._is_there(self._root / row.path)
        return self._there[row.path]

    def _is_there(self, path: Path) -> bool:
        """Whether the path is a regular file that no rule excludes."""
        try:
            return stat.S_ISREG(os.lstat(path).st_mode) and not self._rules.ignores(path)
        except (OSError, ValueError):
            return False


def _family_of(language: str) -> Collection[str]:
    """Languages whose definitions ``language`` can use, including itself."""
    return next((family for family in _FAMILIES if language in family), frozenset({language}))


def _hides(own: Sequence[IndexRow]) -> bool:
    """Whether the name more likely means one of these than a definition in another file."""
    return any(not row.scopes for row in own)


def _tells(name: str, language: str) -> bool:
    """Whether ``name`` is distinctive enough to be searched for in all files."""
    return not follows_imports(language) or any(c.isupper() or c in "_0123456789" for c in name.strip("_"))


def _marks(values: Collection[str]) -> str:
    return ",".join("?" * len(values))


def _farness(path: str, near: str, files: Sequence[str]) -> int:
    """Distance of ``path`` from the current file or from one that it imports."""
    return min(distance(path, other) for other in (near, *files))


def _is_inside(row: IndexRow, container: str) -> bool:
    """Whether a definition is in a class or a file of that name, or has it as its receiver, as in Go."""
    around = [*row.headers[-1:], row.text.partition("\n")[0].partition(row.name)[0]]
    word = re.compile(rf"(?<![\w$]){re.escape(container)}(?![\w$])")
    return PurePosixPath(row.path).stem == container or any(map(word.search, around))


def _escaped(text: str) -> str:
    """Return ``text`` escaped for LIKE, so that it matches only itself."""
    return re.sub(r"([!%_])", r"!\1", text)

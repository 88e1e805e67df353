"""Query the index of one workspace: where a name is defined, and which chunks are similar to a text.

In: names or text. Out: candidates as values, best first; their files still exist. Synchronous; used in one
thread, with its own connection. With an index that is missing, unfinished or damaged, results are empty,
without an error.
"""

import math
import os
import sqlite3
import stat
import time
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

import msgspec

from homebody.syntax.chunk import Candidate
from homebody.workspace import lookup
from homebody.workspace.found import Found, candidates, under_headers
from homebody.workspace.ignore import PathRules
from homebody.workspace.imports import ImportRow, distance, follows_imports, read_imports, resolve
from homebody.workspace.secrets import is_secret
from homebody.workspace.store import (
    StoreDamagedError,
    StoreUnusableError,
    connect,
    translated_errors,
)
from homebody.workspace.uri import uri_of
from homebody.workspace.words import words

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
_COUNTS_SECONDS = 60.0

_DEFINING = (
    "SELECT name, path, first_line, last_line, text, scopes FROM definitions JOIN files ON files.id = file"
)
_RESEMBLING = (
    "SELECT path, first_line, last_line, text, scopes FROM "
    "(SELECT rowid AS chunk, rank FROM chunk_words WHERE chunk_words MATCH ? ORDER BY rank LIMIT ?) "
    "JOIN chunks ON chunks.id = chunk JOIN files ON files.id = file ORDER BY rank"
)

# Languages that can use each other's definitions.
_FAMILIES = (
    frozenset({"javascript", "javascriptreact", "typescript", "typescriptreact"}),
    frozenset({"c", "cpp"}),
    frozenset({"java", "kotlin", "scala"}),
)


class Reader:
    """Queries the index of the workspace ``root``. Create, use and close it in one thread.

    Attributes
    ----------
    damaged
        Whether the file was found to be damaged; ``True`` until it is replaced.
    rules
        What excluded files are, for files that were indexed before they were excluded.

    """

    def __init__(self, root: Path, database: Path, rules: PathRules | None = None) -> None:
        self.damaged = False
        self.rules = rules or PathRules((root,), is_index=True)
        self._root = root
        self._database = database
        self._connection: sqlite3.Connection | None = None
        self._opened: tuple[int, ...] = ()
        self._counts: dict[str, int] = {}
        self._counted = 0.0
        self._deadline = 0.0
        self._there: dict[str, bool] = {}

    def definitions(
        self,
        names: Sequence[str],
        *,
        language: str,
        path: str | None,
        imports: Sequence[ImportRow] | None,
    ) -> list[Candidate]:
        """Return definitions of ``names``, the most certain first; adjacent ones are one candidate.

        ``language`` is the name of a row of ``syntax.language``. ``path`` is below the root, ``None``
        outside of it. ``imports`` are those of that file; ``None``: those from its last indexing. Definitions
        in that file come first, then those in imported files, in the order of the names; then names with few
        definitions, for each at most three from the files nearest to ``path``. If imports can be resolved, a
        name that is not imported has to be distinctive: a lower-case word is usually a local variable.
        """
        return self._answer(
            lambda connection: self._definitions(
                connection, names[:_MAX_NAMES], language, path or "", imports
            )
        )

    def similar(self, text: str, *, exclude: Collection[str], limit: int) -> list[Candidate]:
        """Return at most ``limit`` chunks that share words with ``text``, most alike first.

        ``exclude`` are paths below the root.
        """
        return self._answer(lambda connection: self._similar(connection, text, exclude, limit))

    def callers(self, name: str, *, language: str, path: str | None, limit: int) -> list[Candidate]:
        """Return at most ``limit`` places outside the file ``path`` where ``name`` is called, nearest first.

        ``language`` is the name of a row of ``syntax.language``; only its family's files are searched.
        """
        family = _family_of(language)
        return self._offered(lambda connection: lookup.calls(connection, name, family, path or ""), limit)

    def files(self, query: str, *, limit: int) -> list[Candidate]:
        """Return at most ``limit`` indexed files whose path contains ``query``, the shortest paths first.

        ``why`` is the path below the root; there is no text.
        """
        return self._offered(lambda connection: lookup.files(connection, query), limit)

    def symbols(self, query: str, *, limit: int) -> list[Candidate]:
        """Return at most ``limit`` definitions whose name contains ``query``, the closest names first.

        ``why`` is the name, ``text`` its text in the index.
        """
        return self._offered(lambda connection: lookup.symbols(connection, query), limit)

    def named(self, name: str, *, container: str, path: str | None, limit: int) -> list[Candidate]:
        """Return at most ``limit`` definitions of exactly ``name``, the nearest to ``path`` first.

        If some are inside ``container``, only those are returned.
        """
        return self._offered(lambda connection: lookup.named(connection, name, container, path or ""), limit)

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _answer(self, question: Callable[[sqlite3.Connection], list[Candidate]]) -> list[Candidate]:
        try:
            with translated_errors():
                connection = self._current()
                if connection is None:
                    return []
                self._deadline = time.monotonic() + _MAX_SECONDS
                self._there.clear()
                self.rules = self.rules.now()
                return question(connection)
        except StoreDamagedError:
            self._note_damage()
        except StoreUnusableError:
            pass  # busy, or it took too long: it is repeated in the next idle moment
        return []

    def _offered(
        self, question: Callable[[sqlite3.Connection], Iterable[tuple[Found, str]]], limit: int
    ) -> list[Candidate]:
        """Convert rows with their reasons to candidates, without those of removed or ignored files."""

        def answer(connection: sqlite3.Connection) -> list[Candidate]:
            rows = (row for row in question(connection) if self._offers(row[0]))
            return [
                Candidate(
                    uri_of(self._root / row.path), row.first_line, row.last_line, under_headers(row), why
                )
                for row, why in islice(rows, limit)
            ]

        return self._answer(answer)

    def _note_damage(self) -> None:
        self.close()
        self.damaged = True
        with suppress(OSError):
            facts = self._database.stat()
            self._opened = (facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns)

    def _current(self) -> sqlite3.Connection | None:
        """Connection to the current file, ``None`` if there is none or it is damaged."""
        try:
            facts = self._database.stat()
        except OSError:
            self.close()
            return None
        # The inode of an open file is not reused; that of a damaged one, which was closed, may be.
        there = (facts.st_dev, facts.st_ino, *((facts.st_size, facts.st_mtime_ns) if self.damaged else ()))
        if there != self._opened:
            self.close()
            self.damaged, self._opened = False, (facts.st_dev, facts.st_ino)
            self._counts.clear()
        if self.damaged:
            return None
        if self._connection is None:
            connection = connect(self._database, timeout=_BUSY_SECONDS)
            connection.execute("PRAGMA query_only=1")
            connection.set_progress_handler(lambda: time.monotonic() > self._deadline, 10_000)
            self._connection = connection
        return self._connection

    def _definitions(
        self,
        connection: sqlite3.Connection,
        names: Sequence[str],
        language: str,
        path: str,
        imports: Sequence[ImportRow] | None,
    ) -> list[Candidate]:
        imported = read_imports(language, self._imports(connection, path, imports), path)
        files = resolve(imported, path, lambda stems: _files(connection, stems))[:_MAX_IMPORTS]
        family = _family_of(language)
        found: list[tuple[int, Found]] = []
        wanted = dict.fromkeys(imported.original.get(name, name) for name in names)
        at_hand = _rows_at_hand(connection, path, [name for name in wanted if name not in imported.names])
        for name in wanted:
            if name.startswith("__"):
                continue
            own = [row for row in at_hand if row.name == name]
            rows = [] if _hides(own) else _rows_defining(connection, name, family, files) if files else []
            namesakes = 0
            if not rows and not _hides(own) and (name in imported.names or _tells(name, language)):
                rows = _rows_defining(connection, name, family)
                namesakes = len(rows)
            if namesakes > _MAX_NAMESAKES:
                rows = []
            rows = [row for row in rows if row.path != path]
            rows.sort(key=lambda row: (_farness(row.path, path, files), row.path, row.first_line))
            for order, some in ((-1, own), (namesakes, rows)):
                found += [(order, row) for row in islice(filter(self._offers, some), _PER_NAME)]
        found.sort(key=lambda item: item[0])
        return candidates([row for _, row in found], self._root, path)

    def _similar(
        self, connection: sqlite3.Connection, text: str, exclude: Collection[str], limit: int
    ) -> list[Candidate]:
        wanted = self._rarest(connection, Counter(words(text)))
        if not wanted or limit < 1:
            return []
        any_of = " OR ".join(f'"{word}"' for word in wanted)
        rows = connection.execute(_RESEMBLING, (any_of, 2 * limit + 8))
        found: list[Candidate] = []
        seen: set[str] = set()
        for path, first_line, last_line, packed, scopes in rows:
            piece = zlib.decompress(packed).decode()
            shared = len(set(wanted).intersection(words(piece)))
            if path in exclude or piece in seen or shared < min(_MIN_SHARED, len(wanted)):
                continue
            seen.add(piece)
            row = Found("", path, first_line, last_line, piece, scopes)
            if self._offers(row):
                text = under_headers(row)
                uri = uri_of(self._root / path)
                found.append(Candidate(uri, first_line, last_line, text, "resembles the code at the cursor"))
                if len(found) == limit:
                    break
        return found

    def _rarest(self, connection: sqlite3.Connection, wanted: Counter[str]) -> list[str]:
        """The rarest words of ``wanted``, by the number of chunks that contain them."""
        now = time.monotonic()
        if now - self._counted > _COUNTS_SECONDS:
            self._counts.clear()
            self._counted = now
        if "" not in self._counts:
            (self._counts[""],) = connection.execute("SELECT count(*) FROM chunks").fetchone()
        chunks = self._counts[""]
        telling: list[tuple[float, str]] = []
        for word, times in wanted.most_common(4 * _MAX_WORDS):
            if word not in self._counts:
                (self._counts[word],) = connection.execute(
                    "SELECT count(*) FROM (SELECT 1 FROM chunk_words WHERE chunk_words MATCH ? LIMIT ?)",
                    (f'"{word}"', _MAX_CHUNKS_A_WORD + 1),
                ).fetchone()
            count = self._counts[word]
            if 0 < count <= min(_MAX_CHUNKS_A_WORD, max(50, chunks // 5)):
                telling.append((-math.log1p(times) * math.log1p(chunks / count), word))
        return [word for _, word in sorted(telling)[:_MAX_WORDS]]

    def _imports(
        self, connection: sqlite3.Connection, path: str, imports: Sequence[ImportRow] | None
    ) -> Sequence[ImportRow]:
        if imports is not None or not path:
            return imports or ()
        row = connection.execute("SELECT imports FROM files WHERE path = ?", (path,)).fetchone()
        return msgspec.json.decode(row[0], type=tuple[ImportRow, ...]) if row else ()

    def _offers(self, row: Found) -> bool:
        """Whether the row's file exists and may still be shown, as far as is known here."""
        if row.path not in self._there:
            self._there[row.path] = not is_secret(row.path) and self._is_there(self._root / row.path)
        return self._there[row.path]

    def _is_there(self, path: Path) -> bool:
        """Whether the path is a regular file that no rule excludes."""
        try:
            return stat.S_ISREG(os.lstat(path).st_mode) and not self.rules.ignores(path)
        except (OSError, ValueError):
            return False


def _family_of(language: str) -> Collection[str]:
    """Languages whose definitions ``language`` can use, including itself."""
    return next((family for family in _FAMILIES if language in family), frozenset({language}))


def _rows_defining(
    connection: sqlite3.Connection, name: str, family: Collection[str], files: Sequence[str] = ()
) -> list[Found]:
    """Definitions of ``name`` in the languages ``family``: in ``files``, or anywhere if that is empty."""
    where = f"name = ? AND language IN ({_marks(family)})"
    if files:
        where += f" AND path IN ({_marks(files)}) AND (kind <> 'variable' OR scopes = '')"
    else:
        where += " AND kind <> 'variable'"
    query = f"{_DEFINING} WHERE {where} LIMIT {2 * _MAX_NAMESAKES}"
    return [Found(*row) for row in connection.execute(query, (name, *family, *files))]


def _rows_at_hand(connection: sqlite3.Connection, path: str, names: Sequence[str]) -> list[Found]:
    """Definitions of ``names`` in the file ``path``, in its order."""
    if not path:
        return []
    # Selected by file, not by name: some names have thousands of definitions.
    where = f"path = ? AND +name IN ({_marks(names)}) AND (kind <> 'variable' OR scopes = '')"
    query = f"{_DEFINING} WHERE {where} ORDER BY first_line"
    return [Found(*row) for row in connection.execute(query, (path, *names))]


def _hides(own: Sequence[Found]) -> bool:
    """Whether the name more likely means one of these than a definition in another file."""
    return any(not row.scopes for row in own)


def _tells(name: str, language: str) -> bool:
    """Whether ``name`` is distinctive enough to be searched for in all files."""
    return not follows_imports(language) or any(c.isupper() or c in "_0123456789" for c in name.strip("_"))


def _files(connection: sqlite3.Connection, stems: Sequence[str]) -> Iterable[str]:
    for stem in dict.fromkeys(stems):
        for (path,) in connection.execute("SELECT path FROM files WHERE stem = ? LIMIT 2000", (stem,)):
            yield path


def _marks(values: Collection[str]) -> str:
    return ",".join("?" * len(values))


def _farness(path: str, near: str, files: Sequence[str]) -> int:
    """Distance of ``path`` from the current file or from one that it imports."""
    return min(distance(path, other) for other in (near, *files))

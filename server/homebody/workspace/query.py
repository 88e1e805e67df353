"""Query the index of one workspace folder: definitions, calls, files, and chunks that are similar to a text.

Synchronous. Results are best first, and their files still exist. With an index that is missing, unfinished or
damaged they are empty, without an error.
"""

import math
import os
import re
import sqlite3
import stat
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from itertools import islice
from pathlib import Path, PurePosixPath

from homebody.syntax.chunk import Candidate
from homebody.syntax.language import language_of
from homebody.syntax.scope import Import
from homebody.workspace.candidates import call_sites, candidates, is_rare
from homebody.workspace.ignore import PathRules
from homebody.workspace.imports import distance, follows_imports, read_imports, resolve
from homebody.workspace.process import IndexJob
from homebody.workspace.secrets import is_secret
from homebody.workspace.store import (
    IndexEntry,
    StoreDamagedError,
    StoreUnusableError,
    connect,
    read_pieces,
    translated_errors,
    words,
)
from homebody.workspace.uri import path_of, uri_of

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

_NO_ATTRIBUTE = "(kind <> 'variable' OR scopes = '')"
_WITH_WORDS = "JOIN chunk_words ON chunk_words.rowid = pieces.id WHERE chunk_words MATCH ?"
# A name in more than 60 chunks is a common word, whose calls are of no use.
_MENTIONING = f"{_WITH_WORDS} AND language IN ({{}}) LIMIT 60"
_RESEMBLING = f"{_WITH_WORDS} ORDER BY rank LIMIT ?"
_COUNTING = "SELECT count(*) FROM (SELECT 1 FROM chunk_words WHERE chunk_words MATCH ? LIMIT ?)"
_FILES = (
    "SELECT path FROM files WHERE path LIKE ? ESCAPE '!' "
    "ORDER BY path LIKE ? ESCAPE '!' DESC, length(path), path LIMIT 200"
)
_NAMES = "SELECT name FROM pieces WHERE name LIKE ? ESCAPE '!'"  # reads only the index of the names
_SYMBOLS = (
    f"WHERE name IN ({_NAMES}) AND kind <> 'variable' "
    "ORDER BY name = ? DESC, name LIKE ? ESCAPE '!' DESC, length(name), name, path LIMIT 200"
)

# Languages that can use each other's definitions.
_FAMILIES = (
    frozenset({"javascript", "javascriptreact", "typescript", "typescriptreact"}),
    frozenset({"c", "cpp"}),
    frozenset({"java", "kotlin", "scala"}),
)


def answer(job: IndexJob, question: "Callable[[IndexReader], list[Candidate]]") -> list[Candidate] | None:
    """Return what ``question`` returns for the index of ``job``; nothing without one, or after 250 ms.

    ``None`` if the index is damaged: then it has been deleted, and has to be built again.
    """
    try:
        with translated_errors(), closing(connect(Path(job.database), timeout=_BUSY_SECONDS)) as connection:
            deadline = time.monotonic() + _MAX_SECONDS
            connection.execute("PRAGMA query_only=1")
            connection.set_progress_handler(lambda: time.monotonic() > deadline, 10_000)
            return question(IndexReader(job, connection))
    except StoreDamagedError:
        with suppress(OSError):
            Path(job.database).unlink()
        return None
    except StoreUnusableError:  # none, busy, or it took too long: it is repeated in the next idle moment
        return []


class IndexReader:
    """Queries the index that ``job`` fills.

    The ``near_path`` of queries is the path of the document, ``None`` for one that is not on disk;
    ``language`` is LSP's identifier of its language.
    """

    def __init__(self, job: IndexJob, connection: sqlite3.Connection) -> None:
        self._job = job
        self._root = Path(job.root)
        self._rules = PathRules((self._root,), job.exclude, is_index=True)
        self._connection = connection

    def definitions(
        self,
        names: Sequence[str],
        *,
        language: str,
        near_path: Path | None,
        imports: Sequence[Import] = (),
    ) -> list[Candidate]:
        """Return definitions of ``names``, the most certain first; adjacent ones are one candidate.

        ``imports`` are those of the document (``syntax.scope.imports``); the first 64 names are used.
        Definitions in the indexed version of the document come first, then those in imported files, in the
        order of the names; then names with few definitions, for each at most three from the files nearest to
        the document. If imports can be resolved, a name that is not imported has to be distinctive: a
        lower-case word is usually a local variable.
        """
        near, name_of_language = self._job.below(near_path), _name_of(language, near_path)
        imported = read_imports(name_of_language, imports, near)
        files = resolve(imported, near, self._files_of_stems)[:_MAX_IMPORTS]
        family = _family_of(name_of_language)
        ranked: list[tuple[int, IndexEntry]] = []
        wanted = dict.fromkeys(imported.original.get(name, name) for name in names[:_MAX_NAMES])
        at_hand = self._pieces_at_hand(near, [name for name in wanted if name not in imported.names])
        for name in wanted:
            if name.startswith("__"):
                continue
            own = [piece for piece in at_hand if piece.name == name]
            # A name that the file defines at its top level hardly means a definition in another file.
            elsewhere: list[IndexEntry] = []
            namesakes = 0
            if all(piece.scopes for piece in own):
                elsewhere = self._pieces_defining(name, family, files) if files else []
                if not elsewhere and (name in imported.names or _tells(name, name_of_language)):
                    elsewhere = self._pieces_defining(name, family)
                    namesakes = len(elsewhere)
            if namesakes > _MAX_NAMESAKES:
                elsewhere = []
            elsewhere = [piece for piece in elsewhere if piece.path != near]
            elsewhere.sort(key=lambda each: (_farness(each.path, near, files), each.path, each.first_line))
            for order, offered in ((-1, own), (namesakes, elsewhere)):
                ranked += [(order, piece) for piece in islice(filter(self._offers, offered), _PER_NAME)]
        ranked.sort(key=lambda item: item[0])
        return candidates([piece for _, piece in ranked], self._root, near)

    def similar(self, text: str, *, exclude: Iterable[str] = (), limit: int = 8) -> list[Candidate]:
        """Return at most ``limit`` chunks that share rare words with ``text``, the most similar first.

        ``exclude`` are URIs of files to leave out, such as the document itself.
        """
        wanted = self._rarest(Counter(words(text)))
        if not wanted or limit < 1:
            return []
        left_out = {self._job.below(path_of(uri)) for uri in exclude}
        any_of = " OR ".join(f'"{word}"' for word in wanted)
        chunks: dict[str, IndexEntry] = {}
        for piece in self._pieces(_RESEMBLING, any_of, 2 * limit + 8):
            shared = len(set(wanted).intersection(words(piece.text)))
            if shared >= min(_MIN_SHARED, len(wanted)) and piece.path not in left_out:
                chunks.setdefault(piece.text, piece)
        return self._offered(chunks.values(), "resembles the code at the cursor", limit)

    def callers(self, name: str, *, language: str, near_path: Path | None, limit: int = 4) -> list[Candidate]:
        """Return at most ``limit`` places in other files where ``name`` is called, the nearest first.

        Only files of the language's family are searched.
        """
        all_of = " ".join(f'"{word}"' for word in dict.fromkeys(words(name)))
        if not all_of:
            return []
        near, family = self._job.below(near_path), _family_of(_name_of(language, near_path))
        chunks = self._pieces(_MENTIONING.format(_marks(family)), all_of, *family)
        calls = [call for chunk in chunks if chunk.path != near for call in call_sites(name, chunk)]
        calls.sort(key=lambda call: (distance(call.path, near), call.path, call.first_line))
        return self._offered(calls, f"calls {name}", limit)

    def files(self, query: str, *, limit: int) -> list[Candidate]:
        """Return at most ``limit`` indexed files whose path contains ``query``, without their text.

        ``why`` is the path. Those whose name begins with it come first, then short paths.
        """
        escaped = _escaped(query)
        rows = self._rows(_FILES, f"%{escaped}%", f"%/{escaped}%")
        return self._offered((IndexEntry(path, "", "", 0, 0, "") for (path,) in rows), "", limit)

    def symbols(self, query: str, *, limit: int) -> list[Candidate]:
        """Return at most ``limit`` definitions whose name, which is ``why``, contains ``query``.

        That name comes first, then names that begin with it, then short names.
        """
        escaped = _escaped(query)
        pieces = self._pieces(_SYMBOLS, f"%{escaped}%", query, f"{escaped}%") if query else ()
        return self._offered(pieces, "", limit)

    def named(
        self,
        name: str,
        *,
        container: str = "",
        near_path: Path | None,
        limit: int = 3,
        is_plain: bool = False,
    ) -> list[Candidate]:
        """Return at most ``limit`` definitions of exactly ``name``, in any language, the nearest first.

        If some are inside ``container`` (a class, a receiver, or a file of that name), only those are
        returned. A name that ``is_plain`` may be an ordinary word: it counts only if it is rare.
        """
        pieces = list(self._pieces("WHERE name = ? LIMIT 200", name))
        if is_plain and not is_rare(piece.kind == "variable" or piece.scopes != () for piece in pieces):
            return []
        pieces = [piece for piece in pieces if piece.kind != "variable" or not piece.scopes]
        pieces = [piece for piece in pieces if container and _is_inside(piece, container)] or pieces
        near = self._job.below(near_path)
        pieces.sort(
            key=lambda each: (distance(each.path, near), each.path.count("/"), each.path, each.first_line)
        )
        return self._offered(pieces, f"defines {name}", limit)

    def _rows(self, query: str, *values: str | int) -> Iterable[tuple[str, ...]]:
        return self._connection.execute(query, values)

    def _pieces(self, query: str, *values: str | int) -> Iterator[IndexEntry]:
        return read_pieces(self._connection, query, values)

    def _offered(self, pieces: Iterable[IndexEntry], why: str, limit: int) -> list[Candidate]:
        """Convert pieces to candidates, without those of removed or ignored files.

        Without ``why``, the name or the path says what was found.
        """
        return [
            Candidate(
                uri_of(self._root / piece.path),
                piece.first_line,
                piece.last_line,
                piece.shown,
                why or piece.name or piece.path,
            )
            for piece in islice(filter(self._offers, pieces), limit)
        ]

    def _rarest(self, wanted: Counter[str]) -> list[str]:
        """The rarest words of ``wanted``, by the number of chunks that contain them."""
        chunks = self._count("SELECT count(*) FROM pieces WHERE name = ''")
        telling: list[tuple[float, str]] = []
        for word, times in wanted.most_common(4 * _MAX_WORDS):
            count = self._count(_COUNTING, f'"{word}"', _MAX_CHUNKS_A_WORD + 1)
            if 0 < count <= min(_MAX_CHUNKS_A_WORD, max(50, chunks // 5)):
                telling.append((-math.log1p(times) * math.log1p(chunks / count), word))
        return [word for _, word in sorted(telling)[:_MAX_WORDS]]

    def _count(self, query: str, *values: str | int) -> int:
        return next((int(count) for (count,) in self._rows(query, *values)), 0)

    def _pieces_defining(
        self, name: str, family: Collection[str], files: Sequence[str] = ()
    ) -> list[IndexEntry]:
        """Definitions of ``name`` in the languages ``family``: in ``files``, or anywhere if that is empty."""
        where = f"AND path IN ({_marks(files)}) AND {_NO_ATTRIBUTE}" if files else "AND kind <> 'variable'"
        query = f"WHERE name = ? AND language IN ({_marks(family)}) {where} LIMIT {2 * _MAX_NAMESAKES}"
        return list(self._pieces(query, name, *family, *files))

    def _pieces_at_hand(self, path: str, names: Sequence[str]) -> list[IndexEntry]:
        """Definitions of ``names`` in the file ``path``, in its order."""
        # Selected by file, not by name: some names have thousands of definitions.
        query = f"WHERE path = ? AND +name IN ({_marks(names)}) AND {_NO_ATTRIBUTE} ORDER BY first_line"
        return list(self._pieces(query, path, *names))

    def _files_of_stems(self, stems: Sequence[str]) -> Iterator[str]:
        for stem in dict.fromkeys(stems):
            for (path,) in self._rows("SELECT path FROM files WHERE stem = ? LIMIT 2000", stem):
                yield path

    def _offers(self, piece: IndexEntry) -> bool:
        """Whether the piece's file is a regular one that may still be shown, as far as is known here."""
        path = self._root / piece.path
        try:
            is_file = stat.S_ISREG(os.lstat(path).st_mode)
        except (OSError, ValueError):
            return False
        return is_file and not is_secret(piece.path) and not self._rules.ignores(path)


def _name_of(language: str, near_path: Path | None) -> str:
    """Name of the row of ``syntax.language`` for a document."""
    return language_of(language, near_path.name if near_path else "").name or language


def _family_of(language: str) -> Collection[str]:
    """Languages whose definitions ``language`` can use, including itself."""
    return next((family for family in _FAMILIES if language in family), frozenset({language}))


def _tells(name: str, language: str) -> bool:
    """Whether ``name`` is distinctive enough to be searched for in all files."""
    return not follows_imports(language) or any(c.isupper() or c in "_0123456789" for c in name.strip("_"))


def _marks(values: Collection[str]) -> str:
    return ",".join("?" * len(values))


def _farness(path: str, near: str, files: Sequence[str]) -> int:
    """Distance of ``path`` from the current file or from one that it imports."""
    return min(distance(path, other) for other in (near, *files))


def _is_inside(piece: IndexEntry, container: str) -> bool:
    """Whether a definition is in a class or a file of that name, or has it as its receiver, as in Go."""
    around = [*piece.scopes[-1:], piece.text.partition("\n")[0].partition(piece.name)[0]]
    word = re.compile(rf"(?<![\w$]){re.escape(container)}(?![\w$])")
    return PurePosixPath(piece.path).stem == container or any(map(word.search, around))


def _escaped(text: str) -> str:
    """Return ``text`` escaped for LIKE, so that it matches only itself."""
    return re.sub(r"([!%_])", r"!\1", text)

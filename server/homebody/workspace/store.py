"""The index file: its tables and words, and how it is opened, checked, written and deleted.

A SQLite database in the user's cache folder, one for each workspace. Several readers and one writer use it at
the same time (WAL); the writer holds the lock file beside it. It can always be rebuilt, so a damaged file is
replaced.
"""

import os
import re
import sqlite3
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from homebody.workspace.files import WalkedFile
from homebody.workspace.imports import stem_of

_APART = "\x1e"  # ASCII's record separator

_UNUSED_DAYS = 60
_BUSY_SECONDS = 10.0
_DAMAGED = frozenset(
    {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT}
)

_TABLES = """
CREATE TABLE files(
    id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, stem TEXT NOT NULL, language TEXT NOT NULL,
    size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL);
CREATE INDEX files_by_stem ON files(stem);
-- Definitions, and chunks, which have no name.
CREATE TABLE pieces(
    id INTEGER PRIMARY KEY, file INTEGER NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL,
    first_line INTEGER NOT NULL, last_line INTEGER NOT NULL, text NOT NULL, scopes TEXT NOT NULL);
CREATE INDEX pieces_by_name ON pieces(name);
CREATE INDEX pieces_by_file ON pieces(file);
-- Contentless: the words of a chunk are computed again from its text when it is deleted.
CREATE VIRTUAL TABLE chunk_words USING fts5(words, content='', tokenize='unicode61 remove_diacritics 0');
"""

_SELECT = (
    "SELECT path, name, kind, first_line, last_line, text, scopes FROM pieces JOIN files ON files.id = file"
)

# HTTPServer, parse_utf8 and größeFinden: http server, parse utf 8, größe finden.
_WORD = re.compile(r"[A-Z]+(?![^\W\dA-Z_])|[A-Z]?[^\W\dA-Z_]+|\d+")

# Longer words are hashes and encoded data, which are useless for similarity.
_MAX_LETTERS = 32

# Keywords of the languages are in every chunk and carry no information. Single letters are dropped too.
_STOP = frozenset(
    """
    abstract and any as assert async await bool boolean break case catch char class const continue def
    default del delete do double dynamic elif else elseif elsif end ensure enum except export extends
    extern false final finally float fn for foreach from fun func function global goto if impl implements
    import in include inline instanceof int interface internal is lambda let local long loop match mod
    module mut namespace new nil none nonlocal not null object of operator or override package pass private
    protected pub public raise readonly rescue return self short sizeof static str string struct super
    switch template that the then this throw throws to trait true try type typedef typeof undefined union
    unless unsafe unsigned until use using val var void volatile when where while with yield
    """.split(),  # noqa: SIM905 - a list of a hundred quoted words would be hard to read
)


class StoreDamagedError(Exception):
    """The file is not an index, is of another version, or is damaged. Create a new one."""


class StoreUnusableError(Exception):
    """No space, no permission, or locked by another process. A new file would not help."""


def connect(database: Path, *, timeout: float = _BUSY_SECONDS) -> sqlite3.Connection:
    """Open an existing index, for one thread.

    Raises
    ------
    StoreDamagedError
        It is not an index.
    StoreUnusableError
        It does not exist, or it cannot be opened.

    """
    with translated_errors():
        connection = sqlite3.connect(
            f"{database.absolute().as_uri()}?mode=rw", uri=True, timeout=timeout, isolation_level=None
        )
        try:
            connection.execute("SELECT 1 FROM files, pieces, chunk_words LIMIT 1").fetchall()
        except BaseException:
            connection.close()
            raise
    return connection


def create(database: Path) -> sqlite3.Connection:
    """Create an empty index; an existing file is replaced.

    It gets its name only when it is complete: a reader that opened it earlier would find it damaged.

    Raises
    ------
    StoreUnusableError
        The folder cannot be written to, or (on Windows) the old file is in use.

    """
    new = database.with_name(f"{database.name}.new")
    try:
        database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        for end in ("", "-wal", "-shm", "-journal"):
            database.with_name(database.name + end).unlink(missing_ok=True)
            new.with_name(new.name + end).unlink(missing_ok=True)
        new.touch(mode=0o600)  # it holds the workspace's text, so only the user may read it
        with translated_errors(), closing(sqlite3.connect(new)) as connection:
            connection.execute("PRAGMA journal_mode=WAL").fetchall()
            connection.executescript(_TABLES)
        new.replace(database)
    except OSError as error:
        raise StoreUnusableError(error.strerror or str(error)) from error
    return connect(database)


def prune(used: Path) -> None:
    """Record that an index is in use; delete those beside it that were not for sixty days."""
    oldest = time.time() - _UNUSED_DAYS * 86_400
    with suppress(FileNotFoundError):
        os.utime(used)
    with suppress(OSError):
        for database in used.parent.glob("*.sqlite3"):
            if database.stat().st_mtime < oldest:
                for path in used.parent.glob(f"{database.name}*"):
                    path.unlink(missing_ok=True)


@contextmanager
def translated_errors() -> Generator[None]:
    """Translate SQLite's errors into the two errors of this module."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code in _DAMAGED:
            raise StoreDamagedError(str(error)) from error
        raise StoreUnusableError(str(error)) from error


def words(text: str) -> list[str]:
    """Return the words of ``text`` by which similarity is measured, in order and repeated.

    They are in lower case, and identifiers are split. They are stored: a change requires a new ``SCHEMA``.
    """
    lowered = (word.lower() for word in _WORD.findall(text))
    return [word for word in lowered if 1 < len(word) <= _MAX_LETTERS and word not in _STOP]


class IndexEntry(NamedTuple):
    """A definition in the file at ``path``, or a chunk of it, which has no name and no kind.

    Lines count from 0, both inclusive. ``scopes`` are the innermost headers around it, the outermost first.
    """

    path: str
    name: str
    kind: str
    first_line: int
    last_line: int
    text: str
    scopes: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """The text below its headers."""
        return "\n".join([*self.scopes, self.text])


def read_pieces(connection: sqlite3.Connection, query: str, values: Iterable[object]) -> Iterator[IndexEntry]:
    """Return the pieces that ``query`` finds, the rest of a statement after the tables."""
    for path, name, kind, first, last, text, scopes in connection.execute(
        f"{_SELECT} {query}", tuple(values)
    ):
        headers = tuple(scopes.split(_APART)) if scopes else ()
        yield IndexEntry(path, name, kind, first, last, text, headers)


class IndexWriter:
    """Writes to an index. The caller holds the lock, and makes changes in a ``transaction``.

    All methods raise ``StoreDamagedError`` and ``StoreUnusableError``.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        with translated_errors():
            connection.execute("PRAGMA synchronous=NORMAL")

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Readers see all changes made inside at once, or none of them."""
        with translated_errors():
            self._connection.execute("BEGIN IMMEDIATE")
            with self._connection:  # commits, or rolls back
                yield

    @translated_errors()
    def known(self) -> set[WalkedFile]:
        """Return the files of the index."""
        return set(map(WalkedFile._make, self._connection.execute("SELECT path, size, mtime_ns FROM files")))

    def put(self, file: WalkedFile, language: str, pieces: Iterable[IndexEntry]) -> None:
        """Add the file, or replace what is stored of it.

        One that is not indexed (binary, not UTF-8) has no language and no pieces.
        """
        run = self._connection.execute
        self.drop([file.path])
        number = run(
            "INSERT INTO files VALUES(NULL,?,?,?,?,?)",
            (file.path, stem_of(file.path), language, file.size, file.mtime_ns),
        ).lastrowid
        for _, name, kind, first_line, last_line, text, scopes in pieces:
            values = number, name, kind, first_line, last_line, text, _APART.join(scopes)
            piece = run("INSERT INTO pieces VALUES(NULL,?,?,?,?,?,?,?)", values).lastrowid
            if not name:
                run("INSERT INTO chunk_words(rowid, words) VALUES(?,?)", (piece, " ".join(words(text))))

    def drop(self, paths: Iterable[str]) -> None:
        """Delete files."""
        run = self._connection.execute
        for path in paths:
            for (file,) in run("SELECT id FROM files WHERE path = ?", [path]).fetchall():
                chunks = run("SELECT id, text FROM pieces WHERE file = ? AND name = ''", [file]).fetchall()
                for chunk, text in chunks:
                    values = chunk, " ".join(words(text))
                    run("INSERT INTO chunk_words(chunk_words, rowid, words) VALUES('delete', ?, ?)", values)
                run("DELETE FROM pieces WHERE file = ?", [file])
                run("DELETE FROM files WHERE id = ?", [file])

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

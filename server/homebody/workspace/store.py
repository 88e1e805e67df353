"""The index file: its tables and words, and how it is opened, checked, written and deleted.

A SQLite database in the user's cache folder, one for each workspace. Several readers and one writer use it at
the same time (WAL); the writer holds the lock file beside it. It can always be rebuilt, so a damaged file is
replaced.
"""

import os
import re
import sqlite3
import time
import zlib
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from homebody.workspace.imports import stem_of
from homebody.workspace.process import SCHEMA

if TYPE_CHECKING:  # the indexing process loads no parsers while nothing has changed
    from homebody.syntax.chunk import Chunk

APART = "\x1e"
"""Separates the scopes in one column: ASCII's record separator."""

_MAX_WAL_BYTES = 16 * 1024 * 1024
_APPLICATION_ID = 0x686F6D65  # "home": SQLite's mark of whose file it is
_UNUSED_DAYS = 60
_BUSY_SECONDS = 10.0
_DAMAGED = frozenset(
    {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT}
)

_TABLES = """
CREATE TABLE files(
    id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, stem TEXT NOT NULL, language TEXT NOT NULL,
    size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, hash BLOB NOT NULL);
CREATE INDEX files_by_stem ON files(stem);
CREATE TABLE definitions(
    file INTEGER NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL,
    first_line INTEGER NOT NULL, last_line INTEGER NOT NULL, scopes TEXT NOT NULL);
CREATE INDEX definitions_by_name ON definitions(name);
CREATE INDEX definitions_by_file ON definitions(file);
CREATE TABLE chunks(
    id INTEGER PRIMARY KEY, file INTEGER NOT NULL, first_line INTEGER NOT NULL,
    last_line INTEGER NOT NULL, text BLOB NOT NULL, scopes TEXT NOT NULL);
CREATE INDEX chunks_by_file ON chunks(file);
-- Contentless: the words of a chunk are computed again from its text when it is deleted.
CREATE VIRTUAL TABLE chunk_words USING fts5(words, content='', tokenize='unicode61 remove_diacritics 0');
"""

_DROP = (
    "DELETE FROM chunks WHERE file = ?",
    "DELETE FROM definitions WHERE file = ?",
    "DELETE FROM files WHERE id = ?",
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
        It is not an index of this version.
    StoreUnusableError
        It does not exist, or it cannot be opened.

    """
    with translated_errors():
        connection = sqlite3.connect(
            f"{database.absolute().as_uri()}?mode=rw", uri=True, timeout=timeout, isolation_level=None
        )
        try:
            _check(connection)
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
        # It holds the workspace's text, so only the user may read it.
        os.close(os.open(new, os.O_CREAT | os.O_RDWR, 0o600))
        with translated_errors():
            _fill_in(new)
        new.replace(database)
    except OSError as error:
        raise StoreUnusableError(error.strerror or str(error)) from error
    return connect(database)


def prune(folder: Path) -> None:
    """Delete the indexes in ``folder`` that were not opened for sixty days."""
    oldest = time.time() - _UNUSED_DAYS * 86_400
    with suppress(OSError):
        for database in folder.glob("*.sqlite3"):
            if database.stat().st_mtime < oldest:
                for path in folder.glob(f"{database.name}*"):
                    path.unlink(missing_ok=True)


@contextmanager
def translated_errors() -> Generator[None]:
    """Translate SQLite's errors into the two errors of this module."""
    try:
        yield
    except zlib.error as error:
        raise StoreDamagedError(str(error)) from error
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


@dataclass(frozen=True, slots=True)
class DefinitionRow:
    """A definition; lines from 0, both inclusive. ``scopes`` are the headers around it.

    ``text`` is its text from ``syntax.outline``.
    """

    name: str
    kind: str
    text: str
    first_line: int
    last_line: int
    scopes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class FileRow:
    """The stored data of one file.

    A file that is not indexed (binary, not UTF-8) has no language and no rows; it is only listed, so that it
    is not read again.
    """

    path: str
    size: int
    mtime_ns: int
    hash: bytes
    language: str = ""
    definitions: Sequence[DefinitionRow] = ()
    chunks: "Sequence[Chunk]" = ()


@dataclass(frozen=True, slots=True)
class Known:
    """Facts by which a change of a file since it was indexed is detected."""

    id: int
    size: int
    mtime_ns: int
    hash: bytes


class IndexWriter:
    """Writes to an index. The caller holds the lock, and makes changes in a ``transaction``.

    All methods raise ``StoreDamagedError`` and ``StoreUnusableError``.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        with translated_errors():
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute(f"PRAGMA journal_size_limit={_MAX_WAL_BYTES}").fetchall()
            (self._chunk,) = connection.execute("SELECT coalesce(max(id), 0) FROM chunks").fetchone()

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Readers see all changes made inside at once, or none of them."""
        with translated_errors():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    @translated_errors()
    def known(self) -> dict[str, Known]:
        """Return the files of the index by path."""
        query = "SELECT path, id, size, mtime_ns, hash FROM files"
        return {name: Known(*facts) for name, *facts in self._connection.execute(query)}

    def put(self, row: FileRow) -> None:
        """Add the file, or replace its rows."""
        run = self._connection
        for (file,) in run.execute("SELECT id FROM files WHERE path = ?", (row.path,)).fetchall():
            self.drop(file)
        file = run.execute(
            "INSERT INTO files VALUES(NULL,?,?,?,?,?,?)",
            (row.path, stem_of(row.path), row.language, row.size, row.mtime_ns, row.hash),
        ).lastrowid
        run.executemany(
            "INSERT INTO definitions VALUES(?,?,?,?,?,?,?)",
            [
                (file, d.name, d.kind, d.text, d.first_line, d.last_line, APART.join(d.scopes))
                for d in row.definitions
            ],
        )
        first = self._chunk + 1
        self._chunk += len(row.chunks)
        run.executemany(
            "INSERT INTO chunks VALUES(?,?,?,?,?,?)",
            [
                (
                    *(number, file, chunk.first_line, chunk.last_line),
                    *(zlib.compress(chunk.text.encode(), 1), APART.join(chunk.scopes)),
                )
                for number, chunk in enumerate(row.chunks, first)
            ],
        )
        run.executemany(
            "INSERT INTO chunk_words(rowid, words) VALUES(?,?)",
            [(number, " ".join(words(chunk.text))) for number, chunk in enumerate(row.chunks, first)],
        )

    def touch(self, file: int, size: int, mtime_ns: int) -> None:
        """Store a new time for a file with unchanged text."""
        self._connection.execute(
            "UPDATE files SET size = ?, mtime_ns = ? WHERE id = ?", (size, mtime_ns, file)
        )

    def drop(self, file: int) -> None:
        """Delete the file with the id ``file``."""
        run = self._connection
        chunks = run.execute("SELECT id, text FROM chunks WHERE file = ?", (file,)).fetchall()
        run.executemany(
            "INSERT INTO chunk_words(chunk_words, rowid, words) VALUES('delete', ?, ?)",
            [(number, " ".join(words(zlib.decompress(text).decode()))) for number, text in chunks],
        )
        for statement in _DROP:
            run.execute(statement, (file,))

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _fill_in(database: Path) -> None:
    """Write the tables and the marks; SQLite's own files beside it are gone afterwards."""
    with closing(sqlite3.connect(database, timeout=_BUSY_SECONDS, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL").fetchall()
        connection.execute("BEGIN IMMEDIATE")
        for statement in _TABLES.split(";\n"):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id={_APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={SCHEMA}")
        connection.execute("COMMIT")


def _check(connection: sqlite3.Connection) -> None:
    """Raise unless it is an index of this version."""
    (mark,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if mark != _APPLICATION_ID or version != SCHEMA:
        message = f"version {version}, expected {SCHEMA}"
        raise StoreDamagedError(message)
    connection.execute("SELECT 1 FROM files, definitions, chunks LIMIT 1").fetchall()

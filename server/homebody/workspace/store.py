"""The index file: its tables, and how it is opened, checked and deleted.

In: a workspace folder. Out: a SQLite database in the user's cache folder, one for each workspace.
Several readers and one writer use it at the same time (WAL); the writer holds the lock file beside it.
It can always be rebuilt, so a damaged file is replaced.
"""

import os
import sqlite3
import time
import zlib
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

SCHEMA = 2
"""Increase it when a table, ``words`` or the results of the syntax queries change."""

APART = "\x1e"
"""Separates the scopes in one column: ASCII's record separator."""

_APPLICATION_ID = 0x686F6D65  # "home": SQLite's mark of whose file it is
_UNUSED_DAYS = 60
_BUSY_SECONDS = 10.0
_DAMAGED = frozenset(
    {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT}
)

_TABLES = """
CREATE TABLE files(
    id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, stem TEXT NOT NULL, language TEXT NOT NULL,
    size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, hash BLOB NOT NULL, imports TEXT NOT NULL);
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


def prune(folder: Path, *, now: float | None = None) -> None:
    """Delete the indexes in ``folder`` that were not opened for sixty days."""
    oldest = (time.time() if now is None else now) - _UNUSED_DAYS * 86_400
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


def _check(connection: sqlite3.Connection) -> None:
    """Raise unless it is an index of this version."""
    (mark,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if mark != _APPLICATION_ID or version != SCHEMA:
        message = f"version {version}, expected {SCHEMA}"
        raise StoreDamagedError(message)
    connection.execute("SELECT 1 FROM files, definitions, chunks LIMIT 1").fetchall()

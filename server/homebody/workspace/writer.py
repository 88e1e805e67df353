"""Write to the index: add, replace and delete the rows of one file.

In: rows about files. Out: the tables of ``store``, in transactions.
Knows nothing of how rows are made (``extract``) or when (``update``).
"""

import sqlite3
import zlib
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec

from homebody.workspace.imports import ImportRow, stem_of
from homebody.workspace.store import APART, translated_errors
from homebody.workspace.words import words

_MAX_WAL_BYTES = 16 * 1024 * 1024

_DROP = (
    "DELETE FROM chunks WHERE file = ?",
    "DELETE FROM definitions WHERE file = ?",
    "DELETE FROM files WHERE id = ?",
)


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
class ChunkRow:
    """A piece of a file's text; lines from 0, both inclusive. ``scopes`` as in ``DefinitionRow``."""

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
    imports: Sequence[ImportRow] = ()
    definitions: Sequence[DefinitionRow] = ()
    chunks: Sequence[ChunkRow] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """Facts by which a change of a file since it was indexed is detected."""

    id: int
    size: int
    mtime_ns: int
    hash: bytes


class Writer:
    """Writes to an index. The caller holds the lock, and wraps related changes in ``transaction``.

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

    def known(self) -> dict[str, Known]:
        """Return all files of the index by path."""
        with translated_errors():
            rows = self._connection.execute("SELECT path, id, size, mtime_ns, hash FROM files")
            return {path: Known(*facts) for path, *facts in rows}

    def known_below(self, path: str) -> dict[str, Known]:
        """Return the file at ``path`` and those below it, if it was a folder."""
        with translated_errors():
            rows = self._connection.execute(
                # "0" follows "/" in ASCII: all paths that begin with the folder, found by the index.
                "SELECT path, id, size, mtime_ns, hash FROM files WHERE path = ?1 "
                "OR (path > ?1 || '/' AND path < ?1 || '0')",
                (path,),
            )
            return {path: Known(*facts) for path, *facts in rows}

    def put(self, row: FileRow) -> None:
        """Add the file, or replace its rows."""
        run = self._connection
        with translated_errors():
            for (file,) in run.execute("SELECT id FROM files WHERE path = ?", (row.path,)).fetchall():
                self.drop(file)
            file = run.execute(
                "INSERT INTO files VALUES(NULL,?,?,?,?,?,?,?)",
                (
                    *(row.path, stem_of(row.path), row.language, row.size, row.mtime_ns, row.hash),
                    msgspec.json.encode(row.imports).decode(),
                ),
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
        with translated_errors():
            self._connection.execute(
                "UPDATE files SET size = ?, mtime_ns = ? WHERE id = ?", (size, mtime_ns, file)
            )

    def drop(self, file: int) -> None:
        """Delete the file with the id ``file``."""
        run = self._connection
        with translated_errors():
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

"""Look up files, symbols and calls in the index by name.

In: a connection to the index, a name or a part of one. Out: rows with a short reason, best first. The caller
has to check whether a row's file may be shown.
"""

import re
import sqlite3
import zlib
from collections.abc import Collection, Iterator
from pathlib import PurePosixPath

from homebody.workspace.found import Found, call_sites
from homebody.workspace.imports import distance
from homebody.workspace.words import words

# A name in more than 60 chunks is a common word, whose calls are of no use.
_MENTIONING = (
    "SELECT path, first_line, text, scopes FROM chunk_words JOIN chunks ON chunks.id = chunk_words.rowid "
    "JOIN files ON files.id = file WHERE chunk_words MATCH ? "
    "AND language IN (SELECT value FROM json_each(?)) "
    "LIMIT 60"
)
_FILES = (
    "SELECT path FROM files WHERE path LIKE ? ESCAPE '!' "
    "ORDER BY path LIKE ? ESCAPE '!' DESC, length(path), path LIMIT 200"
)
_SYMBOLS = (
    "SELECT name, path, first_line, last_line, text, scopes FROM definitions JOIN files ON files.id = file "
    "WHERE name LIKE ? ESCAPE '!' AND kind NOT IN ('variable', 'key', 'rule', 'section') "
    "ORDER BY name = ? DESC, name LIKE ? ESCAPE '!' DESC, length(name), name, path LIMIT 200"
)
_NAMED = (
    "SELECT name, path, first_line, last_line, text, scopes FROM definitions JOIN files ON files.id = file "
    "WHERE name = ? AND kind NOT IN ('key', 'rule', 'section') AND (kind <> 'variable' OR scopes = '') "
    "LIMIT 200"
)


def files(connection: sqlite3.Connection, query: str) -> Iterator[tuple[Found, str]]:
    """Find files whose path contains ``query``: those whose name begins with it, then short paths."""
    escaped = _escaped(query)
    for (path,) in connection.execute(_FILES, (f"%{escaped}%", f"%/{escaped}%")):
        yield Found("", path, 0, 0, "", ""), path


def symbols(connection: sqlite3.Connection, query: str) -> Iterator[tuple[Found, str]]:
    """Find definitions whose name contains ``query``: that name, names that begin with it, short names."""
    escaped = _escaped(query)
    if not query:
        return
    for row in connection.execute(_SYMBOLS, (f"%{escaped}%", query, f"{escaped}%")):
        yield Found(*row), row[0]


def named(connection: sqlite3.Connection, name: str, container: str, near: str) -> list[tuple[Found, str]]:
    """Find definitions of exactly ``name``, the nearest to the file ``near`` first.

    If some are inside ``container`` (a class, a receiver, or a file of that name), only those are returned.
    """
    rows = [Found(*row) for row in connection.execute(_NAMED, (name,))]
    rows = [row for row in rows if container and _is_inside(row, container)] or rows
    rows.sort(key=lambda row: (distance(row.path, near), row.path.count("/"), row.path, row.first_line))
    return [(row, f"defines {name}") for row in rows]


def calls(
    connection: sqlite3.Connection, name: str, family: Collection[str], near: str
) -> Iterator[tuple[Found, str]]:
    """Find calls of ``name`` outside the file ``near``, in the languages ``family``, nearest first."""
    all_of = " ".join(f'"{word}"' for word in dict.fromkeys(words(name)))
    if not all_of:
        return
    languages = "[" + ",".join(f'"{language}"' for language in family) + "]"
    found: list[Found] = []
    for path, first_line, packed, scopes in connection.execute(_MENTIONING, (all_of, languages)):
        if path != near:
            text = zlib.decompress(packed).decode()
            found += call_sites(name, Found(name, path, first_line, first_line, text, scopes))
    found.sort(key=lambda row: (distance(row.path, near), row.path, row.first_line))
    for row in found:
        yield row, f"calls {name}"


def _is_inside(row: Found, container: str) -> bool:
    """Whether a definition is in a class or a file of that name, or has it as its receiver, as in Go."""
    around = [*row.headers[-1:], row.text.partition("\n")[0].partition(row.name)[0]]
    word = re.compile(rf"(?<![\w$]){re.escape(container)}(?![\w$])")
    return PurePosixPath(row.path).stem == container or any(map(word.search, around))


def _escaped(text: str) -> str:
    """Return ``text`` escaped for LIKE, so that it matches only itself."""
    return re.sub(r"([!%_])", r"!\1", text)

"""One file's bytes to what the index keeps of it.

In: a path and bytes. Out: language, imports, definitions and chunks; nothing for what is no text
that a person would read. Raises nothing; what breaks a grammar is named on standard error.
"""

import sys
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from homebody.syntax import scope
from homebody.syntax.chunk import chunk_document
from homebody.syntax.language import find
from homebody.syntax.scope import Definition
from homebody.syntax.tree import Tree, parse
from homebody.text import Document
from homebody.workspace.imports import ImportRow, rows_of
from homebody.workspace.secrets import holds_private_key
from homebody.workspace.writer import ChunkRow, DefinitionRow

Extract: TypeAlias = tuple[str, Sequence[ImportRow], Sequence[DefinitionRow], Sequence[ChunkRow]]

# About 20 lines: two or three of them fit into what a small model's prompt has for other files.
_CHUNK_TOKENS = 256
# Enough for a measure of size; nothing that is sent is counted so.
_CHARACTERS_A_TOKEN = 3
# Data in such files is larger than what is written by hand.
_MAX_DATA_BYTES = 64 * 1024
_DATA = frozenset({"json", "yaml", "toml", "html", "css", "markdown", ""})
# Minified code, and lines of numbers.
_MAX_MEAN_LINE = 300
_MAX_CHUNK_LINE = 1_000

_NAMED = frozenset(
    {
        "function",
        "method",
        "class",
        "interface",
        "struct",
        "enum",
        "trait",
        "module",
        "type",
        "macro",
        "variable",
    }
)
# Their fields are what one wants to know; a function's body is not.
_WHOLE = frozenset({"class", "interface", "struct", "enum", "trait", "type"})
_MAX_WHOLE_LINES = 14
_MAX_SIGNATURE = 600


def extract(path: str, data: bytes) -> Extract | None:
    """Return what is kept of the file at ``path``: language, imports, definitions, chunks.

    ``None`` where a grammar broke down over it, which another version of that may not do.
    """
    language = find("", path)
    name = language.name if language else ""
    text = _readable(data, name)
    if not text:
        return "", (), (), ()
    document = Document.create("", language.ids[0] if language else "plaintext", 0, text)
    try:
        tree = parse(document)
        imports = rows_of(scope.imports(document, tree))
        return name, imports, tuple(_definitions(document, tree)), tuple(_chunks(document, tree))
    except Exception as error:  # noqa: BLE001 - what breaks a grammar costs itself, not the whole index
        sys.stderr.write(f"homebody: {path} is not indexed: {error!r}\n")
        return None


def _readable(data: bytes, name: str) -> str:
    """Text that somebody wrote and reads, or nothing."""
    if b"\0" in data or (name in _DATA and len(data) > _MAX_DATA_BYTES):
        return ""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return ""
    if len(text) > _MAX_MEAN_LINE * (text.count("\n") + text.count("\r") + 3):
        return ""
    return "" if holds_private_key(text) else text


def _definitions(document: Document, tree: Tree) -> Iterator[DefinitionRow]:
    around: list[Definition] = []
    for one in scope.definitions(document, tree):
        while around and around[-1].span.end < one.span.end:
            around.pop()
        scopes = tuple(outer.signature for outer in around)
        local = any(outer.is_function for outer in around)
        around.append(one)
        if local or one.kind not in _NAMED or len(one.name) < 2 or len(one.signature) > _MAX_SIGNATURE:
            continue
        shown, text = one.header, one.signature
        first, last = (
            document.line_of(one.span.start),
            document.line_of(max(one.span.start, one.span.end - 1)),
        )
        if one.kind in _WHOLE and last - first < _MAX_WHOLE_LINES and len(one.span) <= 2 * _MAX_SIGNATURE:
            shown, text = one.span, document.slice(one.span)
        first, last = document.line_of(shown.start), document.line_of(max(shown.start, shown.end - 1))
        yield DefinitionRow(one.name, one.kind, text, first, last, scopes)


def _chunks(document: Document, tree: Tree) -> Iterator[ChunkRow]:
    for chunk in chunk_document(document, tree, _CHUNK_TOKENS, _measure):
        if chunk.text.strip() and max(map(len, chunk.text.splitlines())) <= _MAX_CHUNK_LINE:
            yield ChunkRow(chunk.text, chunk.first_line, chunk.last_line, chunk.scopes)


def _measure(text: str) -> int:
    return len(text) // _CHARACTERS_A_TOKEN + 1

"""Extract from one file what the index stores; nothing of binary or generated content.

Raises nothing; a file on which a grammar fails is named on standard error.
"""

import sys
from collections.abc import Iterator, Sequence

from homebody.syntax import outline, scope
from homebody.syntax.chunk import chunk_spans, headers_around
from homebody.syntax.language import find_by_text
from homebody.syntax.scope import Definition
from homebody.syntax.tree import Tree, parse
from homebody.text import Document
from homebody.workspace.secrets import holds_private_key
from homebody.workspace.store import IndexEntry

# About 20 lines: two or three chunks fit into the share of a small model's prompt for other files.
_CHUNK_TOKENS = 256
# A rough measure of size; nothing that is sent is counted this way.
_CHARACTERS_A_TOKEN = 3
# Larger files without functions, such as JSON, are generated.
_MAX_DATA_BYTES = 64 * 1024
# Above these, the file is minified code or rows of numbers.
_MAX_MEAN_LINE = 300
_MAX_CHUNK_LINE = 1_000

# Kinds of definitions that nobody looks up by name.
_UNNAMED = frozenset({"impl", "section", "rule", "key"})
_MAX_SIGNATURE = 600
# Only the innermost headers are kept: data files nest very deeply.
_MAX_SCOPES = 3


def extract(path: str, data: bytes) -> tuple[str, Sequence[IndexEntry]]:
    """Return the language of the file at ``path``, and the pieces that the index stores of it."""
    text = _readable(data)
    language = find_by_text(path, text)
    if not text or ((language is None or language.data) and len(data) > _MAX_DATA_BYTES):
        return "", ()
    name = language.name if language else ""
    document = Document.create("", language.ids[0] if language else "plaintext", 0, text)
    try:
        tree = parse(document)
        return name, [*_definitions(path, document, tree), *_chunks(path, document, tree)]
    except Exception as error:  # noqa: BLE001 - one file that breaks a grammar must not end the indexing
        sys.stderr.write(f"homebody: {path} is not indexed: {error!r}\n")
        return name, ()


def _readable(data: bytes) -> str:
    """The text of a file written by people; empty for anything else."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return ""
    is_generated = len(text) > _MAX_MEAN_LINE * (text.count("\n") + text.count("\r") + 3)
    return "" if "\0" in text or is_generated or holds_private_key(text) else text


def _definitions(path: str, document: Document, tree: Tree) -> Iterator[IndexEntry]:
    definitions = scope.definitions(document, tree)
    outer = _nesting(definitions)
    members: dict[int, list[Definition]] = {}
    for definition, around in zip(definitions, outer, strict=True):
        if around:
            members.setdefault(around[-1], []).append(definition)
    for number, (definition, around) in enumerate(zip(definitions, outer, strict=True)):
        is_local = any(definitions[index].is_function for index in around)
        if is_local or not _is_named(definition) or len(definition.signature) > _MAX_SIGNATURE:
            continue
        shown = outline.shown(document, tree.language, definition, members.get(number, ()))
        scopes = tuple(scope.header_text(document, definitions[index]) for index in around[-_MAX_SCOPES:])
        yield IndexEntry(path, definition.name, definition.kind, *shown, scopes)


def _nesting(definitions: Sequence[Definition]) -> list[tuple[int, ...]]:
    """For each definition, the indexes of those that enclose it, the outermost first."""
    around: list[int] = []
    nesting: list[tuple[int, ...]] = []
    for number, definition in enumerate(definitions):
        while around and definitions[around[-1]].span.end < definition.span.end:
            around.pop()
        nesting.append(tuple(around))
        around.append(number)
    return nesting


def _is_named(definition: Definition) -> bool:
    """Whether users may search for it by name."""
    if definition.kind == "table" and not definition.signature.lower().startswith("create"):
        return False  # a part of one SQL query, or of a TOML file
    return definition.kind not in _UNNAMED and len(definition.name) > 1


def _chunks(path: str, document: Document, tree: Tree) -> Iterator[IndexEntry]:
    for chunk in chunk_spans(document, tree, _CHUNK_TOKENS, _measure):
        text = document.slice(chunk)
        if text.strip() and max(map(len, text.splitlines())) <= _MAX_CHUNK_LINE:
            scopes = headers_around(document, tree, chunk)[-_MAX_SCOPES:]
            yield IndexEntry(path, "", "", *document.lines_of(chunk), text, scopes)


def _measure(text: str) -> int:
    return len(text) // _CHARACTERS_A_TOKEN + 1

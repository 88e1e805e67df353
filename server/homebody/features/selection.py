"""Find the code in question, and related code that helps to understand or rewrite it.

Uses the index, which reads from disk, so it must not run on the keystroke path.
"""

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice

from homebody.context.select import CELL_ABOVE
from homebody.engine import Engine
from homebody.errors import FileUnreadable
from homebody.session.session import Session
from homebody.syntax.chunk import Candidate, shown
from homebody.syntax.import_block import WholeFile
from homebody.syntax.names import identifiers_in
from homebody.syntax.scope import Definition, definitions, header_text, scope_around, scopes_at
from homebody.syntax.tree import Tree, parse
from homebody.text import Document, Span
from homebody.workspace.candidates import call_sites
from homebody.workspace.files import read_document
from homebody.workspace.store import IndexEntry
from homebody.workspace.uri import path_of

_MAX_CALLERS = 4
_WHOLE_LINES = 14
"""Maximum lines of a function of the same file that is shown completely; of longer ones, the signature is
shown."""

_OUTLINED = frozenset(
    {"function", "method", "class", "interface", "struct", "enum", "trait", "impl", "module", "type", "macro"}
)
_FEWEST_DEFINITIONS = 3
"""Minimum number of definitions of a file that has an outline."""

_CELL_LINES = 60
"""Maximum number of lines of one cell of a notebook."""


async def tree_of(engine: Engine, document: Document) -> Tree:
    """Return the tree of the open document; for a file on disk, parse it."""
    tree = await engine.trees.ready(document)
    return tree if tree.fits(document) else await asyncio.to_thread(parse, document)


async def file_of(engine: Engine, document: Document) -> WholeFile:
    """Return the document with its tree."""
    return WholeFile(document, await tree_of(engine, document))


async def read_permitted(
    engine: Engine, uri: str, open_document: Callable[[str], Document | None] = lambda _: None
) -> Document | None:
    """Return an open document or a file; ``None`` if it cannot be read, or must not be sent to a model."""
    document, path = open_document(uri), path_of(uri)
    if document is None and path is not None:
        limit = engine.settings.context.max_file_bytes
        with suppress(FileUnreadable):
            document = await asyncio.to_thread(read_document, path, max_bytes=limit)
    return None if document is None or await engine.gate.refusal_of(document) is not None else document


def trimmed(document: Document, span: Span) -> Span:
    """Return ``span`` without blank lines at its ends; the first line keeps its indentation.

    A selection that ends at the start of a line does not include that line.
    """
    text = document.slice(span)
    start = span.start + len(text) - len(text.lstrip())
    end = span.start + len(text.rstrip())
    if start >= end:
        return span
    line_start = document.line_start(start)
    if not document.text[line_start:start].strip():
        start = max(span.start, line_start)
    return Span(start, end)


def meant_span(file: WholeFile, span: Span | None) -> Span:
    """Return the span of the code that the user means by ``span``.

    A selection means itself; a cursor means the function or class around it; no span, and a cursor
    outside of every definition, mean the whole document.
    """
    document = file.document
    if span is not None and document.slice(span).strip():
        return trimmed(document, span)
    around = None if span is None else scope_around(document, file.tree, Span(span.start, span.start))
    return trimmed(document, document.whole if around is None else document.whole_lines(around.span))


def lines_near(document: Document, span: Span, lines: int) -> Span:
    """Return ``span`` extended by ``lines`` whole lines on either side."""
    first = max(0, document.line_of(span.start) - lines)
    last = min(document.line_count - 1, document.lines_of(span)[1] + lines)
    return Span(document.line_starts[first], document.line_span_with_end(last).end)


async def candidates_for_span(
    engine: Engine, file: WholeFile, span: Span, *, session: Session | None = None
) -> tuple[Candidate, ...]:
    """Return related code for ``span``, best first.

    Definitions that it uses, in this file and others; the imports that it needs; an outline of the class
    around it; and, if it is a whole definition, the lines that call it. With ``context.snippets`` off, only
    code of this document is returned. ``session`` provides the cells above in a notebook.
    """
    document = file.document
    span = trimmed(document, span)
    names = identifiers_in(document, file.tree, span)
    inside = definitions(document, file.tree, span)
    called = [each.name for each in inside if span.covers(each.header) and each.name][:2]
    own = list(_own_definitions(file, span, names))
    rest = [
        *_needed_imports(file, span, names),
        *_class_around(file, span),
        *(() if session is None else await cells_above(session, document)),
        *(call for name in called for call in _own_calls(file, span, name)),
    ]
    index = engine.index
    if index is None or not engine.settings.context.snippets:
        return (*own, *rest)
    path, language = path_of(document.uri), document.language_id
    elsewhere = await index.ask(
        lambda index: index.definitions(names, language=language, near_path=path, imports=file.imports)
    )
    calls = await index.ask(
        lambda index: [
            call
            for name in called
            for call in index.callers(name, language=language, near_path=path, limit=_MAX_CALLERS)
        ]
    )
    # The index knows the saved file; the open document's tree has already been searched.
    own += [each for each in elsewhere if each.uri != document.uri]
    return tuple(await engine.allowed([*own, *rest, *calls]))


async def cells_above(session: Session, document: Document) -> list[Candidate]:
    """Return the cells above this one in the same notebook, the nearest first."""
    above: list[Candidate] = []
    for cell in session.siblings(document.uri):
        if cell.uri == document.uri:
            break
        last = min(cell.line_count, _CELL_LINES) - 1
        text = cell.text[: cell.line_span_with_end(last).end]
        if text.strip() and await session.engine.gate.refusal_of(cell) is None:
            above.append(Candidate(cell.uri, 0, last, text, CELL_ABOVE))
    return above[::-1]


def whole(file: WholeFile, definition: Definition) -> Candidate:
    """Return a definition as related code."""
    return _lines(file, file.document.whole_lines(definition.span), f"defines {definition.name}")


def short_form(file: WholeFile, definition: Definition, why: str = "") -> Candidate:
    """Return the signature of a definition, or the outline of a class, as related code."""
    members = [
        each
        for each in (file.definitions if definition.is_class else ())
        if each.container.split(".")[-1] == definition.name and definition.span.covers(each.span)
    ]
    text = shown(file.document, file.tree.language, definition, members)
    return Candidate(file.document.uri, *text, why or f"defines {definition.name}")


def outline(file: WholeFile) -> list[tuple[Span, str]]:
    """Return imports and signatures in order; empty if a file has too few."""
    outlined = [each for each in file.definitions if each.kind in _OUTLINED]
    if len(outlined) < _FEWEST_DEFINITIONS:
        return []
    lines = [(each.span, file.document.slice(each.span)) for each in file.imports]
    lines += [(each.header, header_text(file.document, each)) for each in outlined]
    return sorted(lines, key=lambda line: line[0])


def _own_definitions(file: WholeFile, span: Span, names: tuple[str, ...]) -> Iterator[Candidate]:
    """Definitions of this file that ``span`` uses, in the order of their use."""
    for each in (each for name in names for each in file.by_name.get(name, ())):
        if not each.span.overlaps(span) and not (each.kind == "variable" and each.container):
            first, last = file.document.lines_of(each.span)
            is_short = each.is_function and last - first < _WHOLE_LINES
            yield whole(file, each) if is_short else short_form(file, each)


def _needed_imports(file: WholeFile, span: Span, names: tuple[str, ...]) -> Iterator[Candidate]:
    """Import statements of this file whose names ``span`` uses."""
    for each in file.imports:
        brought = {name.alias for name in each.names} or {re.split(r"[./:\\]+", each.module)[-1]}
        if not each.span.overlaps(span) and not brought.isdisjoint(names):
            yield _lines(file, file.document.whole_lines(each.span), "import that it uses")


def _class_around(file: WholeFile, span: Span) -> Iterator[Candidate]:
    """Outline of the class that contains ``span``, if the span is only a part of it."""
    for scope in scopes_at(file.document, file.tree, file.document.stripped(span).start):
        if scope.is_class and scope.span.covers(span) and len(scope.span) > len(span):
            yield short_form(file, scope, f"outline of {scope.name}")


def _own_calls(file: WholeFile, span: Span, name: str) -> Iterator[Candidate]:
    """Lines of this file, outside ``span``, that call ``name``."""
    document = file.document
    first, last = document.lines_of(span)
    whole = IndexEntry("", "", "", 0, document.line_count - 1, document.text)
    calls = (call for call in call_sites(name, whole) if call.last_line < first or call.first_line > last)
    for call in islice(calls, _MAX_CALLERS):
        yield Candidate(document.uri, call.first_line, call.last_line, call.text, f"calls {name}")


def _lines(file: WholeFile, span: Span, why: str) -> Candidate:
    document = file.document
    return Candidate(document.uri, *document.lines_of(span), document.slice(span), why)

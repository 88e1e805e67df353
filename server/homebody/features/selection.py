"""Find the code in question, and related code that helps to understand or rewrite it.

Uses the index, which reads from disk, so it must not run on the keystroke path.
"""

import asyncio
import re
from collections.abc import Iterator, Sequence
from itertools import islice

from homebody.context.select import CELL_ABOVE
from homebody.engine import Engine
from homebody.session.session import Session
from homebody.syntax.chunk import Candidate
from homebody.syntax.names import identifiers_in
from homebody.syntax.outline import shown
from homebody.syntax.scope import Definition, definitions, scope_around, scopes_at
from homebody.syntax.tree import Tree, parse
from homebody.syntax.whole_file import WholeFile
from homebody.text import Document, Span
from homebody.workspace.uri import path_of

_MAX_CALLERS = 4
_WHOLE_LINES = 14
"""Maximum lines of a function of the same file that is shown completely; of longer ones, the signature is
shown."""

_LINES_BEFORE_CALL, _LINES_AFTER_CALL = 2, 1

_CELL_LINES = 60
"""Maximum number of lines of one cell of a notebook."""


async def tree_of(engine: Engine, document: Document) -> Tree:
    """Return the tree of the open document; for a file on disk, parse it."""
    if engine.trees.follows(document):
        await engine.trees.ready(document)
    tree = engine.trees.newest(document)
    return tree if tree.fits(document) else await asyncio.to_thread(parse, document)


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


def meant_span(document: Document, tree: Tree, span: Span | None) -> Span:
    """Return the span of the code that the user means by ``span``.

    A selection means itself; a cursor means the function or class around it; no span, and a cursor
    outside of every definition, mean the whole document.
    """
    whole = trimmed(document, document.whole)
    if span is None:
        return whole
    if document.slice(span).strip():
        return trimmed(document, span)
    around = scope_around(document, tree, Span(span.start, span.start))
    return whole if around is None else trimmed(document, document.whole_lines(around.span))


def lines_near(document: Document, span: Span, lines: int) -> Span:
    """Return ``span`` extended by ``lines`` whole lines on either side."""
    first = max(0, document.line_of(span.start) - lines)
    last = min(document.line_count - 1, document.lines_of(span)[1] + lines)
    return Span(document.line_starts[first], document.line_span_with_end(last).end)


async def candidates_for_span(
    engine: Engine,
    document: Document,
    tree: Tree,
    span: Span,
    *,
    session: Session | None = None,
    file: WholeFile | None = None,
) -> tuple[Candidate, ...]:
    """Return related code for ``span``, best first.

    Definitions that it uses, in this file and others; the imports that it needs; an outline of the class
    around it; and, if it is a whole definition, the lines that call it. With ``context.snippets`` off, only
    code of this document is returned. ``session`` provides the cells above in a notebook, ``file`` what
    was read of the file.
    """
    span = trimmed(document, span)
    names = identifiers_in(document, tree, span)
    file = file or WholeFile(document, tree)
    own = list(_own_definitions(file, span, names))
    found = [
        *own,
        *_needed_imports(file, span, names),
        *_class_around(file, span),
        *(() if session is None else await cells_above(session, document)),
    ]
    inside = definitions(document, tree, span)
    called = [each.name for each in inside if span.covers(each.header) and each.name][:2]
    for name in called:
        found += _own_calls(document, tree, span, name)
    index = engine.index
    if index is None or not engine.settings.context.snippets:
        return tuple(found)
    path = path_of(document.uri)
    language = document.language_id
    elsewhere = await index.ask(
        lambda index: index.definitions(names, language=language, near_path=path, imports=file.imports)
    )
    # The index knows the saved file; the open document's tree has already been searched.
    found[len(own) : len(own)] = [each for each in elsewhere if each.uri != document.uri]
    found += await index.ask(
        lambda index: [
            call
            for name in called
            for call in index.callers(name, language=language, near_path=path, limit=_MAX_CALLERS)
        ]
    )
    return tuple(await engine.allowed(found))


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


def whole(document: Document, definition: Definition) -> Candidate:
    """Return a definition as related code."""
    return _lines(document, document.whole_lines(definition.span), f"defines {definition.name}")


def short_form(
    document: Document, tree: Tree, definition: Definition, everything: Sequence[Definition], why: str = ""
) -> Candidate:
    """Return the signature of a definition, or the outline of a class, as related code."""
    members = [
        each
        for each in (everything if definition.is_class else ())
        if each.container.split(".")[-1] == definition.name and definition.span.covers(each.span)
    ]
    text = shown(document, tree.language, definition, members)
    why = why or f"defines {definition.name}"
    return Candidate(document.uri, text.first_line, text.last_line, text.text, why)


def _own_definitions(file: WholeFile, span: Span, names: tuple[str, ...]) -> Iterator[Candidate]:
    """Definitions of this file that ``span`` uses, in the order of their use."""
    document = file.document
    for name in names:
        for each in file.by_name.get(name, ()):
            if each.span.overlaps(span) or (each.kind == "variable" and each.container):
                continue
            first, last = document.lines_of(each.span)
            is_short = each.is_function and last - first < _WHOLE_LINES
            yield (
                whole(document, each) if is_short else short_form(document, file.tree, each, file.definitions)
            )


def _needed_imports(file: WholeFile, span: Span, names: tuple[str, ...]) -> Iterator[Candidate]:
    """Import statements of this file whose names ``span`` uses."""
    for each in file.imports:
        brought = {name.alias for name in each.names} or {re.split(r"[./:\\]+", each.module)[-1]}
        if not each.span.overlaps(span) and not brought.isdisjoint(names):
            yield _lines(file.document, file.document.whole_lines(each.span), "import that it uses")


def _class_around(file: WholeFile, span: Span) -> Iterator[Candidate]:
    """Outline of the class that contains ``span``, if the span is only a part of it."""
    document, tree = file.document, file.tree
    for scope in scopes_at(document, tree, document.stripped(span).start):
        if scope.is_class and scope.span.covers(span) and len(scope.span) > len(span):
            yield short_form(document, tree, scope, file.definitions, f"outline of {scope.name}")


def _own_calls(document: Document, tree: Tree, span: Span, name: str) -> Iterator[Candidate]:
    """Lines of this file, outside ``span``, that call ``name``."""

    def is_header(at: int) -> bool:
        here = definitions(document, tree, Span(at, at + 1))
        return any(each.header.start <= at < each.header.end for each in here)

    calls = (
        match.start()
        # A pattern that begins with a text is found much faster than one that looks behind first.
        for match in re.finditer(rf"{re.escape(name)}(?<![\w$]{re.escape(name)})\s*\(", document.text)
        if not span.start <= match.start() < span.end and not is_header(match.start())
    )
    for at in islice(calls, _MAX_CALLERS):
        line = document.line_of(at)
        first = max(0, line - _LINES_BEFORE_CALL)
        last = min(document.line_count - 1, line + _LINES_AFTER_CALL)
        yield _lines(
            document, Span(document.line_starts[first], document.line_span(last).end), f"calls {name}"
        )


def _lines(document: Document, span: Span, why: str) -> Candidate:
    return Candidate(document.uri, *document.lines_of(span), document.slice(span), why)

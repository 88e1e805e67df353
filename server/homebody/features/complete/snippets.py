"""Finds the lines of this file and the code from other places that may help at a cursor, best first.

It queries the whole document, and the index reads from disk, so it runs between requests, never at a
keystroke.
"""

from collections.abc import Sequence
from contextlib import suppress

from homebody.errors import BackendError
from homebody.features.complete.plan import Place
from homebody.features.selection import cells_above
from homebody.syntax.chunk import Candidate
from homebody.syntax.names import identifiers_near
from homebody.syntax.scope import Import, imports
from homebody.text import Document, Span
from homebody.workspace.uri import path_of

_COUNTED_LINES = 300
"""Lines on either side of the cursor whose tokens are counted exactly."""

_MOST_LINES = 5000
"""Maximum number of lines that are searched for imports, from the top, in about 10 ms."""

_NEARBY_LINES = 20
"""Lines on either side of the cursor that are compared with chunks of other files."""

_SIMILAR = 6


async def look_around(place: Place) -> tuple[tuple[tuple[Span, str], ...], tuple[Candidate, ...]]:
    """Count the lines around the cursor exactly; return import lines with their text, and snippets."""
    document, offset, engine = place.document, place.offset, place.engine
    await engine.trees.ready(document)
    with suppress(BackendError):
        await engine.completion.learn_counts([_around(document, offset, _COUNTED_LINES)], [document.uri])
    tree = engine.trees.newest(document)
    known: Sequence[Import] = ()
    if tree.fits(document):
        last = min(document.line_count, _MOST_LINES) - 1
        known = imports(document, tree, Span(0, document.line_span(last).end))
    names = identifiers_near(document, tree, offset)
    lines = _import_lines(document, known, set(names))
    return tuple((span, document.slice(span)) for span in lines), await _candidates(place, names, known)


def _import_lines(document: Document, known: Sequence[Import], used: set[str]) -> list[Span]:
    """Whole lines of imports; those whose names are used near the cursor come first.

    Imports inside a block are left out: above other code their indentation would be wrong.
    """
    spans: dict[Span, bool] = {}
    for statement in known:
        if statement.span.start == document.line_start(statement.span.start):
            first, last = document.lines_of(statement.span)
            names = {name.alias for name in statement.names}
            names = names or set(statement.module.replace("/", ".").split("."))
            span = Span(document.line_starts[first], document.line_span_with_end(last).end)
            spans[span] = bool(names & used)
    return sorted(spans, key=lambda span: not spans[span])


async def _candidates(place: Place, names: Sequence[str], known: Sequence[Import]) -> tuple[Candidate, ...]:
    """Cells above in a notebook, definitions of the names used near the cursor, recently edited or viewed
    places, and chunks that resemble the lines around the cursor, in this order.
    """
    engine, document = place.engine, place.document
    if not engine.settings.context.snippets:
        return ()
    candidates = await cells_above(place.session, document)
    if (index := engine.index) is not None:
        language, path = document.language_id, path_of(document.uri)
        candidates += await index.ask(
            lambda index: index.definitions(names, language=language, near_path=path, imports=known)
        )
    candidates += place.session.recent.candidates()
    if index is not None:
        nearby = _around(document, place.offset, _NEARBY_LINES)
        candidates += await index.ask(
            lambda index: index.similar(nearby, exclude=[document.uri], limit=_SIMILAR)
        )
    return tuple(await engine.allowed(candidates))


def _around(document: Document, offset: int, lines: int) -> str:
    line = document.line_of(offset)
    first, last = max(0, line - lines), min(document.line_count - 1, line + lines)
    return document.text[document.line_starts[first] : document.line_span_with_end(last).end]

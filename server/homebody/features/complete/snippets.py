"""Finds code from other places that may help at the cursor, best first.

In: session, document, offset. Out: candidates for ``context``.
Runs only in pauses: the index reads from disk, and no keystroke may wait for the disk.
"""

from collections.abc import Sequence

from homebody.features.cells import cells_above
from homebody.session.session import Session
from homebody.syntax.chunk import Candidate
from homebody.syntax.identifiers import identifiers_near
from homebody.syntax.scope import Import
from homebody.text import Document
from homebody.workspace.uri import path_of

_NEARBY_LINES = 20
"""Lines on either side of the cursor that are compared with chunks of other files."""

_SIMILAR = 6


async def find_candidates(
    session: Session, document: Document, offset: int, imports: Sequence[Import] | None
) -> list[Candidate]:
    """Return candidates, the most useful first.

    Cells above in a notebook, definitions of names used near the cursor, recently edited or viewed
    places, and chunks that resemble the lines around the cursor, in this order. ``imports`` are those of the
    document; if they are unknown (``None``), those of the last save are used.
    """
    engine = session.engine
    if not engine.settings.context.snippets:
        return []
    found = await cells_above(session, document)
    index = engine.index
    if index is None:
        return await engine.allowed([*found, *session.recent.candidates()])
    tree = engine.trees.newest(document)
    found += await index.definitions(
        identifiers_near(document, tree, offset),
        language=document.language_id,
        near_path=path_of(document.uri),
        imports=imports,
    )
    found += session.recent.candidates()
    found += await index.similar(_nearby(document, offset), exclude=[document.uri], limit=_SIMILAR)
    return await engine.allowed(found)


def _nearby(document: Document, offset: int) -> str:
    line = document.line_of(offset)
    start = document.line_starts[max(0, line - _NEARBY_LINES)]
    return document.text[start : document.line_span(min(document.line_count - 1, line + _NEARBY_LINES)).end]

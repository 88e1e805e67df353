"""Cells of a notebook, as related code for a prompt.

In: session, the document of a cell. Out: candidates for ``context``.
"""

from homebody.context.rank import CELL_ABOVE
from homebody.session.session import Session
from homebody.syntax.chunk import Candidate
from homebody.text import Document

_CELL_LINES = 60
"""Maximum number of lines of one cell."""


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

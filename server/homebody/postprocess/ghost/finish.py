"""Turn a whole answer into the text to show, or into the reason why nothing is shown.

In: document, cursor, the answer and the facts at the cursor. Out: ``Finished`` (a span on the
cursor's line and its text) or ``Dropped``.
The steps in between are the tuple in ``rules``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from homebody.backend.base import Piece
from homebody.postprocess.ghost.closers import with_closers
from homebody.postprocess.ghost.draft import MAX_LINES, Draft, Wanted
from homebody.postprocess.ghost.multiline import Multiline, lines_wanted
from homebody.postprocess.ghost.rules import Dropped, apply_rules
from homebody.postprocess.line_ends import with_line_ends
from homebody.syntax.cursor import CursorContext
from homebody.text import Document, Span


@dataclass(frozen=True, slots=True)
class Finished:
    """Replace ``span``, which lies on the cursor's line, by ``text``.

    ``probability`` is the confidence in the first line, ``None`` where the server gave none.
    """

    span: Span
    text: str
    probability: float | None = None


def finish(
    document: Document,
    offset: int,
    answer: str,
    cursor: CursorContext,
    *,
    pieces: Sequence[Piece] = (),
    cut_by_length: bool = False,
    wanted: Wanted | None = None,
    multiline: Multiline = "auto",
    max_lines: int = MAX_LINES,
    min_confidence: float = 0.0,
) -> Finished | Dropped:
    """Apply every rule to an answer.

    Parameters
    ----------
    document, offset
        What the answer was made for.
    answer
        All that the model wrote, as it came; it may be longer than what ``StopChecker`` wanted.
    cursor
        ``cursor_context(document, tree, offset)``.
    pieces
        The same answer with its probabilities, where there are any.
    cut_by_length
        Whether the model was stopped by the limit of tokens, so that the last line may be half.
    wanted
        One line or a block; by default what ``multiline`` gives here.
    max_lines
        Most lines that are shown.
    min_confidence
        Confidence (0 to 1) in the first line below which nothing is shown; in the lines after it, on
        average, below which only the first is.

    """
    draft = Draft(
        cursor,
        answer,
        answer,
        wanted=wanted or lines_wanted(cursor, multiline),
        max_lines=max_lines,
        cut_by_length=cut_by_length,
        pieces=pieces,
        min_confidence=min_confidence,
    )
    outcome = apply_rules(draft)
    if isinstance(outcome, Dropped):
        return outcome
    span = Span(offset, offset + outcome.swallowed)
    return Finished(span, with_line_ends(outcome.text, document.newline), outcome.probability)


def resume(
    document: Document, offset: int, rest: str, cursor: CursorContext, probability: float | None
) -> Finished | None:
    """Show what is left of a suggestion whose beginning is in the document now; ``None`` for nothing.

    The rules were applied when it was shown; only the text after the cursor may have changed since.
    """
    joined = with_closers(rest.replace("\r\n", "\n"), cursor)
    if not joined.text.strip() or joined.text == cursor.line_suffix[: joined.swallowed]:
        return None
    span = Span(offset, offset + joined.swallowed)
    return Finished(span, with_line_ends(joined.text, document.newline), probability)

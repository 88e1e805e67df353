"""Convert a whole answer to the text to show, or to the reason why nothing is shown.

The steps in between are the tuple in ``rules``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from homebody.backend.base import Piece
from homebody.postprocess.ghost.closers import with_closers
from homebody.postprocess.ghost.draft import MAX_LINES, Draft, DropReason, Wanted, checked_part
from homebody.postprocess.ghost.rules import RULES
from homebody.postprocess.ghost.unit import Multiline, lines_wanted
from homebody.postprocess.lines import with_line_ends
from homebody.syntax.cursor import CursorContext
from homebody.text import Document, Span


@dataclass(frozen=True, slots=True)
class Finished:
    """Replace ``span``, which lies on the cursor's line, by ``text``.

    ``probability`` is the confidence in the first line, ``None`` if the server reports no probabilities.
    """

    span: Span
    text: str
    probability: float | None = None


@dataclass(frozen=True, slots=True)
class Dropped:
    """Nothing is shown."""

    reason: DropReason
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
        The document and position of the request.
    answer
        The model's unchanged text; it may be longer than the part that ``StopChecker`` accepted.
    cursor
        ``cursor_context(document, tree, offset)``.
    pieces
        The same answer with its probabilities, if there are any.
    cut_by_length
        Whether the token limit stopped the model, so that the last line may be incomplete.
    wanted
        One line or a block; by default chosen by ``multiline``.
    max_lines
        Maximum number of lines that are shown.
    min_confidence
        Confidence threshold (0 to 1): if the first line is below it, nothing is shown; if the average of the
        other lines is, only the first line is shown.

    """
    answer = checked_part(answer)
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
    for rule in RULES:
        outcome = rule(draft)
        if isinstance(outcome, str):
            return Dropped(outcome, draft.probability)
        draft = outcome
    span = Span(offset, offset + draft.swallowed)
    return Finished(span, with_line_ends(draft.text, document.newline), draft.probability)


def resume(
    document: Document, offset: int, rest: str, cursor: CursorContext, probability: float | None
) -> Finished | None:
    """Show the rest of a suggestion whose beginning is now in the document; ``None`` if nothing is left.

    The rules were applied when it was shown; only the text after the cursor may have changed since.
    """
    joined = with_closers(rest.replace("\r\n", "\n"), cursor)
    if not joined.text.strip() or joined.text == cursor.line_suffix[: joined.swallowed]:
        return None
    span = Span(offset, offset + joined.swallowed)
    return Finished(span, with_line_ends(joined.text, document.newline), probability)

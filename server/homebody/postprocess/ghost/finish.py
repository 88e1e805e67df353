"""The rules that are applied to a model's text, in order: to each part that has arrived, then to all of it.

A new rule is a function in a module here, a line in the tuple ``RULES``, a case file in
``tests/cases/complete``, and, if it drops answers, its reason in ``draft.DropReason``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from homebody.backend.base import Piece
from homebody.postprocess.ghost.closers import with_closers, with_closers_once, without_misplaced_closer
from homebody.postprocess.ghost.confidence import ConfidenceGate, confident
from homebody.postprocess.ghost.draft import (
    CutReason,
    Draft,
    DropReason,
    GrowingRule,
    Rule,
    Wanted,
    checked_part,
)
from homebody.postprocess.ghost.glue import (
    indented_like_file,
    not_glued,
    not_there_already,
    not_twice,
    on_one_line,
    without_bare_comments,
    without_blank_again,
    without_partial_line,
    without_trailing_blanks,
)
from homebody.postprocess.ghost.noise import without_invisible, without_noise
from homebody.postprocess.ghost.unit import up_to_end, with_end
from homebody.syntax.cursor import CursorContext
from homebody.text import Document, Span

GROWING: tuple[GrowingRule, ...] = (without_noise, without_blank_again, indented_like_file, with_end)
"""Applied to an answer that is still arriving, after each piece; and first of all to a complete answer."""

RULES: tuple[Rule, ...] = (
    *GROWING,
    up_to_end,
    without_partial_line,
    without_bare_comments,
    without_misplaced_closer,
    without_trailing_blanks,
    without_invisible,
    confident,
    with_closers_once,
    on_one_line,
    not_glued,
    not_twice,
    not_there_already,
)


@dataclass(frozen=True, slots=True)
class Finished:
    """Replace ``span``, which lies on the cursor's line, by ``text``.

    ``probability`` is the confidence in the first line, ``None`` if the server reports no probabilities.
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
    wanted: Wanted,
    pieces: Sequence[Piece] = (),
    cut_by_length: bool = False,
    min_confidence: float = 0.0,
) -> Finished | DropReason:
    """Apply every rule to an answer; returns why nothing is shown if a rule drops it.

    Parameters
    ----------
    document, offset
        The document and position of the request.
    answer
        The model's unchanged text; it may be longer than the part that ``StopChecker`` accepted.
    cursor
        ``cursor_context(document, tree, offset)``.
    wanted
        How much was requested.
    pieces
        The same answer with its probabilities, if there are any.
    cut_by_length
        Whether the token limit stopped the model, so that the last line may be incomplete.
    min_confidence
        Confidence threshold (0 to 1): if the first line is below it, nothing is shown; if the average of the
        other lines is, only the first line is shown.

    """
    answer = checked_part(answer)
    draft = Draft(
        cursor,
        answer,
        answer,
        wanted=wanted,
        cut_by_length=cut_by_length,
        pieces=pieces,
        min_confidence=min_confidence,
    )
    for rule in RULES:
        outcome = rule(draft)
        if isinstance(outcome, str):
            return outcome
        draft = outcome
    span = Span(offset, offset + draft.swallowed)
    return Finished(span, draft.text.replace("\n", document.newline), draft.probability)


def resume(
    document: Document, offset: int, rest: str, cursor: CursorContext, probability: float | None
) -> Finished | DropReason:
    """Show the rest of a suggestion whose beginning is now in the document.

    The rules were applied when it was shown; only the text after the cursor may have changed since.
    """
    joined = with_closers(rest.replace("\r\n", "\n"), cursor)
    if not joined.text.strip() or joined.text == cursor.line_suffix[: joined.swallowed]:
        return "empty"
    span = Span(offset, offset + joined.swallowed)
    return Finished(span, joined.text.replace("\n", document.newline), probability)


StopReason: TypeAlias = CutReason | Literal["noise", "low confidence"]
"""Why an answer ended. ``noise``: a control token, the end of a code fence, chatter after the code.
``low confidence``: its first line would not be shown."""


class StopChecker:
    """Decides when no further text of a stream would be shown, or none at all.

    Parameters
    ----------
    cursor
        The syntactic context at the cursor.
    wanted
        One line or a block (``lines_wanted``).
    min_confidence
        Confidence (0 to 1) below which nothing is shown.

    """

    def __init__(self, cursor: CursorContext, *, wanted: Wanted, min_confidence: float = 0.0) -> None:
        self._cursor = cursor
        self._wanted: Wanted = wanted
        self._gate = ConfidenceGate(min_confidence, cursor)
        self._answer = ""

    def feed(self, piece: Piece) -> StopReason | None:
        """Take the next piece. If a reason is returned, close the stream."""
        self._answer += piece.text
        answer = checked_part(self._answer)
        draft = Draft(self._cursor, answer, answer, wanted=self._wanted)
        for rule in GROWING:
            draft = rule(draft)
        if draft.is_code_over and (draft.end is None or draft.end.keep >= len(draft.text)):
            return "noise"
        if draft.end is not None:
            return draft.end.reason
        if len(answer) < len(self._answer):
            return "length"
        return None if self._gate.feed(piece) else "low confidence"

"""Decides when to close the stream; fed piece by piece.

Uses the same rules as ``finish``, so closing the stream loses no text that would be shown.
"""

from typing import Literal, TypeAlias

from homebody.backend.base import Piece
from homebody.postprocess.ghost.confidence import ConfidenceGate
from homebody.postprocess.ghost.draft import MAX_LINES, CutReason, Draft, Wanted, checked_part
from homebody.postprocess.ghost.rules import GROWING
from homebody.syntax.cursor import CursorContext

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
    max_lines
        Maximum number of lines that are shown.
    min_confidence
        Confidence (0 to 1) below which nothing is shown.

    """

    def __init__(
        self,
        cursor: CursorContext,
        *,
        wanted: Wanted,
        max_lines: int = MAX_LINES,
        min_confidence: float = 0.0,
    ) -> None:
        self._cursor = cursor
        self._wanted: Wanted = wanted
        self._max_lines = max_lines
        self._gate = ConfidenceGate(min_confidence, cursor)
        self._answer = ""

    @property
    def answer(self) -> str:
        """All pieces fed so far; pass it to ``finish``."""
        return self._answer

    def feed(self, piece: Piece) -> StopReason | None:
        """Take the next piece. If a reason is returned, close the stream."""
        self._answer += piece.text
        answer = checked_part(self._answer)
        draft = Draft(self._cursor, answer, answer, wanted=self._wanted, max_lines=self._max_lines)
        for rule in GROWING:
            draft = rule(draft)
        if draft.is_code_over and (draft.end is None or draft.end.keep >= len(draft.text)):
            return "noise"
        if draft.end is not None:
            return draft.end.reason
        if len(answer) < len(self._answer):
            return "length"
        return None if self._gate.feed(piece) else "low confidence"

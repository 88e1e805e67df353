"""Decides when to close the stream; fed piece by piece.

In: the pieces of an answer. Out: a verdict after each. Uses the same rules as ``finish``, so closing the
stream loses no text that would be shown.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from homebody.postprocess.ghost.draft import MAX_LINES, CutReason, Draft, Wanted
from homebody.postprocess.ghost.rules import apply_growing
from homebody.syntax.cursor import CursorContext

StopReason: TypeAlias = CutReason | Literal["noise"]
"""Why an answer ended; ``noise``: a control token, the end of a code fence, chatter after the code."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether to close the stream, and why."""

    stop: bool
    reason: StopReason | None = None


class StopChecker:
    """Decides when no further text of a stream would be shown.

    Parameters
    ----------
    cursor
        The syntactic context at the cursor.
    wanted
        One line or a block (``lines_wanted``).
    max_lines
        Maximum number of lines that are shown.

    """

    def __init__(self, cursor: CursorContext, *, wanted: Wanted, max_lines: int = MAX_LINES) -> None:
        self._cursor = cursor
        self._wanted: Wanted = wanted
        self._max_lines = max_lines
        self._answer = ""

    @property
    def answer(self) -> str:
        """All pieces fed so far; pass it to ``finish``."""
        return self._answer

    def feed(self, text: str) -> Verdict:
        """Take the next piece. After a verdict to stop, close the stream."""
        self._answer += text
        draft = Draft(
            self._cursor, self._answer, self._answer, wanted=self._wanted, max_lines=self._max_lines
        )
        found = apply_growing(draft)
        if found.is_code_over and (found.end is None or found.end.keep >= len(found.text)):
            return Verdict(stop=True, reason="noise")
        return Verdict(stop=False) if found.end is None else Verdict(stop=True, reason=found.end.reason)

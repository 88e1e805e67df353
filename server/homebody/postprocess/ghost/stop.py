"""When to close the stream: a checker that is fed piece by piece.

In: the pieces of an answer as they come. Out: a verdict after each.
What it decides is what ``finish`` keeps of the whole answer: a stream that is closed here loses
nothing that would be shown.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from homebody.postprocess.edit.fence import clean
from homebody.postprocess.ghost.glue import joined_rightly
from homebody.postprocess.ghost.indent import mended
from homebody.postprocess.ghost.unit import Cut, CutReason, Wanted, cut
from homebody.syntax.cursor import CursorContext

StopReason: TypeAlias = CutReason | Literal["noise"]
"""Why an answer ended; ``noise``: a control token, the end of a code fence, talk after the code."""

MAX_LINES = 16
"""Most lines of a suggestion: more than that nobody reads before accepting it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether to close the stream, and why."""

    stop: bool
    reason: StopReason | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """An answer that is code, joined to its line and indented, with its end where it has come."""

    text: str
    cut: Cut | None
    ended: bool


def prepare(answer: str, cursor: CursorContext, *, wanted: Wanted, max_lines: int) -> Prepared:
    """Bring an answer, finished or not, to where its end can be seen."""
    cleaned = clean(answer, cursor)
    text = mended(joined_rightly(cleaned.text, cursor), cursor)
    # What noise follows ends the last line.
    seen = text + "\n" if cleaned.ended else text
    return Prepared(text, cut(seen, cursor, wanted=wanted, max_lines=max_lines), cleaned.ended)


class StopChecker:
    """Tells when nothing more of a stream would be shown.

    Parameters
    ----------
    cursor
        Where the answer goes.
    wanted
        One line or a block (``lines_wanted``).
    max_lines
        Most lines that are shown.

    """

    def __init__(self, cursor: CursorContext, *, wanted: Wanted, max_lines: int = MAX_LINES) -> None:
        self._cursor = cursor
        self._wanted: Wanted = wanted
        self._max_lines = max_lines
        self._answer = ""

    @property
    def answer(self) -> str:
        """All that was fed; hand it to ``finish``."""
        return self._answer

    def feed(self, text: str) -> Verdict:
        """Take the next piece. After a verdict to stop, close the stream."""
        self._answer += text
        found = prepare(self._answer, self._cursor, wanted=self._wanted, max_lines=self._max_lines)
        if found.ended and (found.cut is None or found.cut.keep >= len(found.text)):
            return Verdict(stop=True, reason="noise")
        return Verdict(stop=False) if found.cut is None else Verdict(stop=True, reason=found.cut.reason)

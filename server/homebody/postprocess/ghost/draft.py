"""A suggestion in progress: the model's answer, and the text after the rules applied so far.

Values only: what each rule of ``finish`` gets and returns.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from msgspec import Struct

from homebody.backend.base import Piece
from homebody.syntax.cursor import CursorContext

DropReason: TypeAlias = Literal[
    "empty",
    "not code",
    "outer scope",
    "repeats next lines",
    "repeats itself",
    "repeats the line",
    "line too long",
    "glued to a word",
    "breaks the line",
    "brackets do not match",
    "closes too far in",
    "low confidence",
    "invisible characters",
]
"""Why nothing is shown, for the local log."""

CutReason: TypeAlias = Literal["line", "unit", "scope", "suffix", "repetition", "lines", "length"]
"""Why the text ends: its line is complete; its block is complete; a line belongs to an outer scope; the
document's next lines begin; it repeats itself; it has the maximum number of lines; a line is too long."""

Wanted: TypeAlias = Literal["line", "statement", "block"]
"""One line; one line and what it opens; or a block."""

WANTED: tuple[Wanted, ...] = get_args(Wanted)
"""From the least to the most."""

MAX_LINES = 16
"""Maximum number of lines of a suggestion; users do not read longer ones before accepting them."""

_MOST_CHECKED_LINES = 64
_MOST_CHECKED = 8 * 1024
"""Maximum lines, blank ones and chatter included, and characters of an answer that the rules get."""


def checked_part(answer: str) -> str:
    """Return the beginning of an answer that may be shown, so that a broken server costs no time."""
    lines = answer[:_MOST_CHECKED].split("\n", _MOST_CHECKED_LINES)
    return "\n".join(lines[:_MOST_CHECKED_LINES])


@dataclass(frozen=True, slots=True)
class Cut:
    """The answer ends after ``keep`` characters."""

    keep: int
    reason: CutReason


class Draft(Struct, frozen=True):
    """An answer at one place, and the text of it that would be shown.

    Attributes
    ----------
    cursor
        The syntactic context at the cursor.
    answer
        The whole text of the model, unchanged.
    text
        The text to show after the rules applied so far.
    wanted
        How much was requested.
    cut_by_length
        Whether the token limit stopped the model, so that the last line may be incomplete.
    pieces
        The answer with its probabilities, if there are any.
    min_confidence
        Confidence (0 to 1) below which nothing is shown.
    is_code_over
        Whether everything that follows is noise, so that the stream can be closed.
    end
        Where the answer ends; ``None`` while it may continue.
    is_whole
        Whether nothing was cut off the end of the text.
    swallowed
        Number of characters after the cursor that the text replaces.
    probability
        Confidence in the first line, ``None`` if the server reports no probabilities.

    """

    cursor: CursorContext
    answer: str
    text: str
    wanted: Wanted = "line"
    cut_by_length: bool = False
    pieces: Sequence[Piece] = ()
    min_confidence: float = 0.0
    is_code_over: bool = False
    end: Cut | None = None
    is_whole: bool = True
    swallowed: int = 0
    probability: float | None = None

    @property
    def rest(self) -> str:
        """Text that remains after the suggestion on the cursor's line."""
        return self.cursor.line_suffix[self.swallowed :]


Rule: TypeAlias = Callable[[Draft], Draft | DropReason]
"""Changes the text, or returns why nothing is shown."""
GrowingRule: TypeAlias = Callable[[Draft], Draft]
"""A rule for an answer that is still arriving; it never drops the answer."""

"""An answer of the completion model and a suggestion made of it, as values.

In: pieces as they came. Out: what is left of them once a part was typed.
Knows nothing of documents or of when the model is asked.
"""

from dataclasses import dataclass, replace
from enum import Enum

from homebody.audit import PromptRecord
from homebody.backend.base import Piece


class AnswerState(Enum):
    """How far an answer has come, or how it ended."""

    RUNNING = "running"
    """More may come."""

    COMPLETE = "complete"
    """The model ended it, or a stop rule did right behind what belongs to it."""

    ENOUGH = "enough"
    """A stop rule ended it inside a line that no longer belongs to it."""

    CUT = "cut"
    """It reached the token limit: the last line may be unfinished."""

    UNLIKELY = "unlikely"
    """Ended early because its first line would stay below the confidence threshold."""

    BROKEN = "broken"
    """Cancelled, or the server failed: the last line is unfinished."""

    @property
    def is_whole(self) -> bool:
        """Whether the answer came to its own end."""
        return self in {AnswerState.COMPLETE, AnswerState.ENOUGH}


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer as the model gave it, or what is left of it behind the place where it was asked.

    ``multiline`` says whether a block was asked for; ``record`` is the request that it came from.
    """

    pieces: tuple[Piece, ...]
    state: AnswerState
    multiline: bool
    record: PromptRecord | None = None

    @property
    def text(self) -> str:
        """The answer's text."""
        return "".join(piece.text for piece in self.pieces)

    @property
    def is_unlikely(self) -> bool:
        """Whether nothing of it would be shown, at the confidence threshold it was asked with."""
        return self.state is AnswerState.UNLIKELY

    def after(self, typed: str) -> "StoredAnswer | None":
        """What is left once ``typed`` is in the document; ``None`` where it says something else.

        An unlikely answer holds only where it was asked: it says nothing about the places behind.
        """
        if not self.text.startswith(typed) or (self.is_unlikely and typed):
            return None
        return replace(self, pieces=_without_first(self.pieces, len(typed)))

    def whole_lines(self) -> "StoredAnswer | None":
        """Keep the finished lines; ``None`` where the first one that is not blank is unfinished."""
        text = self.text
        end = text.rfind("\n") + 1
        if not text[:end].strip():
            return None
        pieces: list[Piece] = []
        for piece in self.pieces:
            if end <= 0:
                break
            pieces.append(piece if len(piece.text) <= end else Piece(piece.text[:end], piece.logprob))
            end -= len(piece.text)
        return replace(self, pieces=tuple(pieces), state=AnswerState.CUT)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A suggestion as it was shown, or what is left of it; ``record`` is the request behind it.

    ``is_whole`` is false where a block was shown before its end had come.
    """

    text: str
    probability: float | None
    record: PromptRecord | None
    is_whole: bool = True

    def after(self, typed: str) -> "Suggestion | None":
        """What is left once ``typed`` is in the document; ``None`` where that is nothing visible."""
        rest = self.text[len(typed) :]
        return replace(self, text=rest) if self.text.startswith(typed) and rest.strip() else None


def _without_first(pieces: tuple[Piece, ...], characters: int) -> tuple[Piece, ...]:
    """Leave out the first characters; a piece that is cut keeps its probability."""
    for index, piece in enumerate(pieces):
        if characters < len(piece.text):
            rest = Piece(piece.text[characters:], piece.logprob) if characters else piece
            return (rest, *pieces[index + 1 :])
        characters -= len(piece.text)
    return ()

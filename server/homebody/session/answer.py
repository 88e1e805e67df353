"""An answer of the completion model, the suggestion made from it, and their rest after typing, as values."""

from dataclasses import dataclass, replace
from enum import Enum

from homebody.audit import PromptRecord
from homebody.backend.base import Piece
from homebody.postprocess.ghost.draft import Wanted


class AnswerState(Enum):
    """Progress of an answer, or the reason why it ended."""

    RUNNING = "running"
    """More text may arrive."""

    COMPLETE = "complete"
    """The model ended it, or a stop rule ended it directly after the text that belongs to it."""

    ENOUGH = "enough"
    """A stop rule ended it inside a line that does not belong to it."""

    CUT = "cut"
    """It reached the token limit: the last line may be unfinished."""

    UNLIKELY = "unlikely"
    """Ended early because its first line would stay below the confidence threshold."""

    BROKEN = "broken"
    """Cancelled, or the server failed: the last line is unfinished."""

    @property
    def is_whole(self) -> bool:
        """Whether the answer is complete."""
        return self in {AnswerState.COMPLETE, AnswerState.ENOUGH}


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer of the model, or the rest of it at a later offset.

    ``wanted`` is how much was requested; ``record`` is its request.
    """

    pieces: tuple[Piece, ...]
    state: AnswerState
    wanted: Wanted
    record: PromptRecord | None = None

    @property
    def text(self) -> str:
        """The answer's text."""
        return "".join(piece.text for piece in self.pieces)

    def after(self, typed: str) -> "StoredAnswer | None":
        """Return the rest of the answer after ``typed``; ``None`` if it does not begin with ``typed``.

        An unlikely answer is valid only at the offset of its request, not after typed text.
        """
        if not self.text.startswith(typed) or (typed and self.state is AnswerState.UNLIKELY):
            return None
        return replace(self, pieces=_without_first(self.pieces, len(typed)))

    def whole_lines(self) -> "StoredAnswer | None":
        """Keep the finished lines; ``None`` if the first non-blank line is unfinished."""
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
    """A suggestion as it was shown, or the rest of it; ``record`` is its request.

    ``is_whole`` is false if a block was shown before its end had arrived.
    """

    text: str
    probability: float | None
    record: PromptRecord | None
    is_whole: bool = True

    def after(self, typed: str) -> "Suggestion | None":
        """Return the rest of the suggestion after ``typed``; ``None`` if nothing visible is left."""
        rest = self.text[len(typed) :]
        return replace(self, text=rest) if self.text.startswith(typed) and rest.strip() else None


def _without_first(pieces: tuple[Piece, ...], characters: int) -> tuple[Piece, ...]:
    """Remove the first characters; a shortened piece keeps its probability."""
    for index, piece in enumerate(pieces):
        if characters < len(piece.text):
            rest = Piece(piece.text[characters:], piece.logprob) if characters else piece
            return (rest, *pieces[index + 1 :])
        characters -= len(piece.text)
    return ()

"""Answers and the suggestions made from them, kept by the place of their request.

So no request is sent twice. The rest of a shown suggestion is shown unchanged: if the rules were applied
again at each keystroke, a block would shrink to a line.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeAlias

from homebody.audit import PromptRecord
from homebody.backend.base import Piece
from homebody.postprocess.ghost.draft import Wanted
from homebody.text import Document


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


_BEFORE = 800
"""Characters before the cursor that have to be the same."""

_AFTER = 200
"""Characters after the cursor that have to be the same, without closers at the cursor, which editors
insert."""

_TYPED_THROUGH = 400
"""Maximum distance, in characters, between a request's offset and the cursor at which its answer is found."""

_PLACES = 500
"""Maximum number of places whose answers and suggestions are kept."""

_TAIL = 24
"""Characters before the cursor that exclude most places, before all 800 are compared."""

_Around: TypeAlias = tuple[str, str, str]
_Key: TypeAlias = tuple[_Around, str]

CLOSERS = ")]}\"'`>"


@dataclass(frozen=True, slots=True)
class _Stored:
    """The answer to a request at one place, and the suggestions shown there."""

    answer: StoredAnswer | None = None
    shown: tuple[Suggestion, ...] = ()


_NOTHING = _Stored()


class ResultCache:
    """Answers, and the suggestions shown from them, at the last 500 places."""

    def __init__(self) -> None:
        self._stored: OrderedDict[_Key, _Stored] = OrderedDict()

    def put(self, model: str, document: Document, offset: int, answer: StoredAnswer) -> None:
        """Store the answer to a request at ``offset``."""
        key = _key(model, document, offset)
        self._store(key, replace(self._stored.get(key, _NOTHING), answer=answer))

    def put_shown(
        self, model: str, document: Document, offset: int, shown: Suggestion, *, number: int = 0
    ) -> None:
        """Store candidate ``number`` (from 0), shown at ``offset``; it replaces that one and all after it."""
        key = _key(model, document, offset)
        before = self._stored.get(key, _NOTHING)
        self._store(key, replace(before, shown=(*before.shown[:number], shown)))

    def find(self, model: str, document: Document, offset: int) -> "StoredAnswer | Suggestion | None":
        """Return the rest of an answer to a request at ``offset`` or shortly before.

        The nearest place with text left is used. At ``offset`` itself this is the answer; further back, the
        shown suggestion. An answer of which only blanks are left is ignored, unless its request was at
        ``offset``.
        """
        around = model, document.uri, after_text(document, offset)
        unlikely: StoredAnswer | None = None
        for start in self._starts(around, document.text, offset):
            stored = self._stored.get((around, before_text(document, start)), _NOTHING)
            typed = document.text[start:offset]
            answer = None if stored.answer is None else stored.answer.after(typed)
            if answer is not None and start == offset:
                if answer.state is not AnswerState.UNLIKELY:
                    return answer
                # A suggestion that the user types along was likely enough.
                unlikely = answer
            left = (shown.after(typed) for shown in stored.shown)
            found = next((shown for shown in left if shown is not None), None)
            if found is not None:
                return found
            if answer is not None and answer.text.strip() and answer.state is not AnswerState.UNLIKELY:
                return answer
        return unlikely

    def _starts(self, around: _Around, text: str, offset: int) -> Iterator[int]:
        """Offsets at which something may have been stored, the nearest first."""
        tails = {before[-_TAIL:] for stored_around, before in self._stored if stored_around == around}
        for start in range(offset, max(0, offset - _TYPED_THROUGH) - 1, -1):
            if text[max(0, start - _TAIL) : start] in tails:
                yield start

    def _store(self, key: _Key, stored: _Stored) -> None:
        """Store the newest place; evict the oldest beyond the limit."""
        self._stored[key] = stored
        self._stored.move_to_end(key)
        if len(self._stored) > _PLACES:
            self._stored.popitem(last=False)


def _key(model: str, document: Document, offset: int) -> _Key:
    return (model, document.uri, after_text(document, offset)), before_text(document, offset)


def before_text(document: Document, offset: int) -> str:
    """Text before ``offset`` that has to be the same for an answer to be reused."""
    return document.text[max(0, offset - _BEFORE) : offset]


def after_text(document: Document, offset: int) -> str:
    """Text after ``offset`` that has to be the same, without closers at ``offset``."""
    return document.text[offset : offset + _AFTER + 8].lstrip(CLOSERS)[:_AFTER]

"""Answers kept by where they were given, so that what was answered once is not asked again.

In: a model's name, a document, an offset. Out: the answer that continues from there, also when its
beginning has been typed since, or a word or a line of it was accepted. What was shown goes on as it was
shown: judged anew at each key, a block would shrink to a line.
"""

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar

from homebody.audit import PromptRecord
from homebody.backend.base import Piece
from homebody.text import Document

_BEFORE = 800
"""Characters in front of the cursor that have to be the same."""

_AFTER = 200
"""Characters behind it; closers right at the cursor do not count, since editors put them there."""

_TYPED_THROUGH = 400
"""Characters back that are looked at: typed through, or accepted at once."""

_ENTRIES = 250

_Key: TypeAlias = tuple[str, str, str, str]
_Entry = TypeVar("_Entry")

CLOSERS = ")]}\"'`>"


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as the model gave it, from the place where it was asked.

    ``complete`` is false while it was cut by a limit rather than by its own end. ``record`` is the
    request that it came from. ``hopeless``: broken off since it would not be sure enough to be shown;
    that holds right where it was asked, and says nothing of the places behind.
    """

    pieces: tuple[Piece, ...]
    complete: bool
    multiline: bool
    record: PromptRecord | None = None
    hopeless: bool = False

    @property
    def text(self) -> str:
        """The answer's text."""
        return "".join(piece.text for piece in self.pieces)

    def after(self, typed: str) -> "Kept | None":
        """What is left once ``typed`` is in the document; ``None`` where it says something else."""
        if not self.text.startswith(typed) or (self.hopeless and typed):
            return None
        return replace(self, pieces=drop(self.pieces, len(typed)))


@dataclass(frozen=True, slots=True)
class Shown:
    """A suggestion as it was shown, or what is left of it; ``record`` is the request behind it."""

    text: str
    probability: float | None
    record: PromptRecord | None

    def after(self, typed: str) -> "Shown | None":
        """What is left once ``typed`` is in the document; ``None`` where that is nothing to see."""
        rest = self.text[len(typed) :]
        return replace(self, text=rest) if self.text.startswith(typed) and rest.strip() else None


def whole_lines(kept: Kept) -> Kept | None:
    """Keep the lines that are whole; ``None`` before the first one that is not blank."""
    text = kept.text
    end = text.rfind("\n") + 1
    if not text[:end].strip():
        return None
    pieces: list[Piece] = []
    for piece in kept.pieces:
        if end <= 0:
            break
        pieces.append(piece if len(piece.text) <= end else Piece(piece.text[:end], piece.logprob))
        end -= len(piece.text)
    return replace(kept, pieces=tuple(pieces), complete=False)


def drop(pieces: tuple[Piece, ...], characters: int) -> tuple[Piece, ...]:
    """Leave out the first characters; a piece that is cut keeps its probability."""
    for index, piece in enumerate(pieces):
        if characters < len(piece.text):
            rest = Piece(piece.text[characters:], piece.logprob) if characters else piece
            return (rest, *pieces[index + 1 :])
        characters -= len(piece.text)
    return ()


class ResultCache:
    """The last 250 answers, and what was shown of them."""

    def __init__(self) -> None:
        self._kept: OrderedDict[_Key, Kept] = OrderedDict()
        self._shown: OrderedDict[_Key, tuple[Shown, ...]] = OrderedDict()

    def put(self, model: str, document: Document, offset: int, kept: Kept) -> None:
        """Keep an answer that was given at ``offset``."""
        _put(self._kept, _key(model, document, offset), kept)

    def put_shown(
        self, model: str, document: Document, offset: int, shown: Shown, *, beside: bool = False
    ) -> None:
        """Keep what was shown at ``offset``, in place of what was before or ``beside`` it."""
        key = _key(model, document, offset)
        others = self._shown.get(key, ()) if beside else ()
        _put(self._shown, key, (*others, shown))

    def find(self, model: str, document: Document, offset: int) -> "Kept | Shown | None":
        """Return what is left of an answer given here, or a little before here.

        The nearest place with something left wins; of one place, right there the answer and further
        on what was shown. An answer of which only blanks are left says nothing about what follows
        it, unless it was given right here.
        """
        after = after_text(document, offset)
        hopeless: Kept | None = None
        for back in range(min(offset, _TYPED_THROUGH) + 1):
            key = (model, document.uri, before_text(document, offset - back), after)
            typed = document.text[offset - back : offset]
            kept = self._kept.get(key)
            answer = None if kept is None else kept.after(typed)
            if answer is not None and not back:
                if not answer.hopeless:
                    return answer
                # What is being typed through from further back was sure enough to be shown.
                hopeless = answer
            left = (shown.after(typed) for shown in self._shown.get(key, ()))
            found = next((shown for shown in left if shown is not None), None)
            if found is not None:
                return found
            if answer is not None and answer.text.strip() and not answer.hopeless:
                return answer
        return hopeless


def _key(model: str, document: Document, offset: int) -> _Key:
    return model, document.uri, before_text(document, offset), after_text(document, offset)


def _put(entries: OrderedDict[_Key, _Entry], key: _Key, entry: _Entry) -> None:
    """Keep ``entry`` as the newest; the oldest goes."""
    entries[key] = entry
    entries.move_to_end(key)
    if len(entries) > _ENTRIES:
        entries.popitem(last=False)


def before_text(document: Document, offset: int) -> str:
    """Text in front of ``offset`` that has to be the same for an answer to hold."""
    return document.text[max(0, offset - _BEFORE) : offset]


def after_text(document: Document, offset: int) -> str:
    """Text behind ``offset`` that has to be the same, closers right there left out."""
    return document.text[offset : offset + _AFTER + 8].lstrip(CLOSERS)[:_AFTER]

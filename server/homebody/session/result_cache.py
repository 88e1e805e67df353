"""Result cache: answers by the place of their request, so that no request is sent twice.

The rest of a shown suggestion is shown unchanged: if the rules were applied again at each keystroke, a block
would shrink to a line.
"""

from collections import Counter, OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from homebody.session.answer import AnswerState, StoredAnswer, Suggestion
from homebody.text import Document

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
        # The ends of the texts before the stored places, by what follows these places.
        self._tails: dict[_Around, Counter[str]] = {}

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
        tails = self._tails.get(around)
        if tails is None:
            return
        for start in range(offset, max(0, offset - _TYPED_THROUGH) - 1, -1):
            if text[max(0, start - _TAIL) : start] in tails:
                yield start

    def _store(self, key: _Key, stored: _Stored) -> None:
        """Store the newest place; evict the oldest beyond the limit."""
        if key not in self._stored:
            around, before = key
            self._tails.setdefault(around, Counter())[before[-_TAIL:]] += 1
        self._stored[key] = stored
        self._stored.move_to_end(key)
        if len(self._stored) > _PLACES:
            around, before = self._stored.popitem(last=False)[0]
            tails = self._tails[around]
            tails[before[-_TAIL:]] -= 1
            if not tails[before[-_TAIL:]]:
                del tails[before[-_TAIL:]]
            if not tails:
                del self._tails[around]


def _key(model: str, document: Document, offset: int) -> _Key:
    return (model, document.uri, after_text(document, offset)), before_text(document, offset)


def before_text(document: Document, offset: int) -> str:
    """Text before ``offset`` that has to be the same for an answer to be reused."""
    return document.text[max(0, offset - _BEFORE) : offset]


def after_text(document: Document, offset: int) -> str:
    """Text after ``offset`` that has to be the same, without closers at ``offset``."""
    return document.text[offset : offset + _AFTER + 8].lstrip(CLOSERS)[:_AFTER]

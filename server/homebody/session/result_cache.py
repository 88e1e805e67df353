"""Result cache: answers by the place of their request, so that no request is sent twice.

In: a model's name, a document, an offset. Out: the answer that continues from there, even after its beginning
was typed, or a word or line of it was accepted.
The rest of a shown suggestion is shown unchanged: if the rules were applied again at each keystroke, a block
would shrink to a line.
"""

from collections import Counter, OrderedDict
from collections.abc import Iterator, KeysView, Mapping
from typing import Generic, TypeAlias, TypeVar

from homebody.session.answer import StoredAnswer, Suggestion
from homebody.text import Document

_BEFORE = 800
"""Characters before the cursor that have to be the same."""

_AFTER = 200
"""Characters after the cursor that have to be the same, without closers at the cursor, which editors
insert."""

_TYPED_THROUGH = 400
"""Maximum distance, in characters, between a request's offset and the cursor at which its answer is found."""

_ENTRIES = 250

_TAIL = 24
"""Characters before the cursor that exclude most places, before all 800 are compared."""

_Around: TypeAlias = tuple[str, str, str]
_Key: TypeAlias = tuple[_Around, str]
_Value = TypeVar("_Value")

CLOSERS = ")]}\"'`>"


class ResultCache:
    """The last 250 answers, and the suggestions shown from them."""

    def __init__(self) -> None:
        self._answers = _Entries[StoredAnswer]()
        self._shown = _Entries[tuple[Suggestion, ...]]()

    def put(self, model: str, document: Document, offset: int, answer: StoredAnswer) -> None:
        """Store the answer to a request at ``offset``."""
        self._answers.put(_key(model, document, offset), answer)

    def put_shown(
        self, model: str, document: Document, offset: int, shown: Suggestion, *, number: int = 0
    ) -> None:
        """Store candidate ``number`` (from 0), shown at ``offset``; it replaces that one and all after it."""
        key = _key(model, document, offset)
        before = self._shown.get(key) or ()
        self._shown.put(key, (*before[:number], shown))

    def find(self, model: str, document: Document, offset: int) -> "StoredAnswer | Suggestion | None":
        """Return the rest of an answer to a request at ``offset`` or shortly before.

        The nearest place with text left is used. At ``offset`` itself this is the answer; further back, the
        shown suggestion. An answer of which only blanks are left is ignored, unless its request was at
        ``offset``.
        """
        around = model, document.uri, after_text(document, offset)
        unlikely: StoredAnswer | None = None
        for place in self._places(around, document.text, offset):
            key = around, before_text(document, place)
            typed = document.text[place:offset]
            stored = self._answers.get(key)
            answer = None if stored is None else stored.after(typed)
            if answer is not None and place == offset:
                if not answer.is_unlikely:
                    return answer
                # A suggestion that the user types along was likely enough.
                unlikely = answer
            left = (shown.after(typed) for shown in self._shown.get(key) or ())
            found = next((shown for shown in left if shown is not None), None)
            if found is not None:
                return found
            if answer is not None and answer.text.strip() and not answer.is_unlikely:
                return answer
        return unlikely

    def _places(self, around: _Around, text: str, offset: int) -> Iterator[int]:
        """Offsets at which something may have been stored, the nearest first."""
        tails = self._answers.tails(around) | self._shown.tails(around)
        if not tails:
            return
        for place in range(offset, max(0, offset - _TYPED_THROUGH) - 1, -1):
            if text[max(0, place - _TAIL) : place] in tails:
                yield place


class _Entries(Generic[_Value]):
    """At most 250 values by place, the newest last."""

    def __init__(self) -> None:
        self._values: OrderedDict[_Key, _Value] = OrderedDict()
        self._tails: dict[_Around, Counter[str]] = {}

    def get(self, key: _Key) -> _Value | None:
        return self._values.get(key)

    def tails(self, around: _Around) -> KeysView[str]:
        """Ends of the texts before those places that are followed by this text."""
        return self._tails.get(around, _NO_TAILS).keys()

    def put(self, key: _Key, value: _Value) -> None:
        """Store ``value`` as the newest; evict the oldest beyond the limit."""
        if key not in self._values:
            around, before = key
            self._tails.setdefault(around, Counter())[before[-_TAIL:]] += 1
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > _ENTRIES:
            self._forget(self._values.popitem(last=False)[0])

    def _forget(self, key: _Key) -> None:
        around, before = key
        tails = self._tails[around]
        tails[before[-_TAIL:]] -= 1
        if not tails[before[-_TAIL:]]:
            del tails[before[-_TAIL:]]
        if not tails:
            del self._tails[around]


_NO_TAILS: Mapping[str, int] = {}


def _key(model: str, document: Document, offset: int) -> _Key:
    return (model, document.uri, after_text(document, offset)), before_text(document, offset)


def before_text(document: Document, offset: int) -> str:
    """Text before ``offset`` that has to be the same for an answer to be reused."""
    return document.text[max(0, offset - _BEFORE) : offset]


def after_text(document: Document, offset: int) -> str:
    """Text after ``offset`` that has to be the same, without closers at ``offset``."""
    return document.text[offset : offset + _AFTER + 8].lstrip(CLOSERS)[:_AFTER]

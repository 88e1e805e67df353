"""Result cache: answers by the place where they were given, so that nothing is asked twice.

In: a model's name, a document, an offset. Out: the answer that continues from there, also when its
beginning was typed since, or a word or a line of it was accepted.
A suggestion that was shown continues as it was shown: judged again at each key, a block would shrink
to a line.
"""

from collections import OrderedDict
from typing import TypeAlias, TypeVar

from homebody.session.answer import StoredAnswer, Suggestion
from homebody.text import Document

_BEFORE = 800
"""Characters in front of the cursor that have to be the same."""

_AFTER = 200
"""Characters behind it; closers right at the cursor do not count, since editors put them there."""

_TYPED_THROUGH = 400
"""Characters in front of the cursor in which an answer is looked for that was typed or accepted since."""

_ENTRIES = 250

_Key: TypeAlias = tuple[str, str, str, str]
_Value = TypeVar("_Value")

CLOSERS = ")]}\"'`>"


class ResultCache:
    """The last 250 answers, and the suggestions shown of them."""

    def __init__(self) -> None:
        self._answers: OrderedDict[_Key, StoredAnswer] = OrderedDict()
        self._shown: OrderedDict[_Key, tuple[Suggestion, ...]] = OrderedDict()

    def put(self, model: str, document: Document, offset: int, answer: StoredAnswer) -> None:
        """Store an answer that was given at ``offset``."""
        _put(self._answers, _key(model, document, offset), answer)

    def put_shown(self, model: str, document: Document, offset: int, shown: Suggestion) -> None:
        """Store what is shown at ``offset``; it replaces what was shown there before."""
        _put(self._shown, _key(model, document, offset), (shown,))

    def add_shown(self, model: str, document: Document, offset: int, shown: Suggestion) -> None:
        """Store a further candidate that is shown at ``offset`` beside the first."""
        key = _key(model, document, offset)
        _put(self._shown, key, (*self._shown.get(key, ()), shown))

    def find(self, model: str, document: Document, offset: int) -> "StoredAnswer | Suggestion | None":
        """Return what is left of an answer given here, or a little before here.

        The nearest place with something left wins. At that place the answer itself is taken where it is
        right here, the shown suggestion where it is further back. An answer of which only blanks are left
        says nothing about what follows it, unless it was given right here.
        """
        after = after_text(document, offset)
        unlikely: StoredAnswer | None = None
        for back in range(min(offset, _TYPED_THROUGH) + 1):
            key = (model, document.uri, before_text(document, offset - back), after)
            typed = document.text[offset - back : offset]
            stored = self._answers.get(key)
            answer = None if stored is None else stored.after(typed)
            if answer is not None and not back:
                if not answer.is_unlikely:
                    return answer
                # A suggestion that is being typed through from further back was likely enough.
                unlikely = answer
            left = (shown.after(typed) for shown in self._shown.get(key, ()))
            found = next((shown for shown in left if shown is not None), None)
            if found is not None:
                return found
            if answer is not None and answer.text.strip() and not answer.is_unlikely:
                return answer
        return unlikely


def _key(model: str, document: Document, offset: int) -> _Key:
    return model, document.uri, before_text(document, offset), after_text(document, offset)


def _put(entries: OrderedDict[_Key, _Value], key: _Key, value: _Value) -> None:
    """Store ``value`` as the newest; evict the oldest beyond the limit."""
    entries[key] = value
    entries.move_to_end(key)
    if len(entries) > _ENTRIES:
        entries.popitem(last=False)


def before_text(document: Document, offset: int) -> str:
    """Text in front of ``offset`` that has to be the same for an answer to hold."""
    return document.text[max(0, offset - _BEFORE) : offset]


def after_text(document: Document, offset: int) -> str:
    """Text behind ``offset`` that has to be the same, closers right there left out."""
    return document.text[offset : offset + _AFTER + 8].lstrip(CLOSERS)[:_AFTER]

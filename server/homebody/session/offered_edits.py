"""The next edits that were offered, and what the user did with them: the memory of one editor."""

import itertools
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from homebody.next_edit.changes import NextEdit
from homebody.text import Document

_REMEMBERED = 100
_TIMES_IGNORED = 2
"""An edit that was shown this often, and left, counts as rejected."""

_SETTLE_SECONDS = 0.3
_LONGEST_SETTLE_SECONDS = 3.0
_AFTER_REJECTION = 1.5
_AFTER_ACCEPTANCE = 0.8
_QUIET_SECONDS = 5.0


Event: TypeAlias = Literal["shown", "accepted", "rejected"]


@dataclass(slots=True)
class _Offered:
    edit: NextEdit
    text: int
    is_shown: bool = False


class OfferedEdits:
    """One instance for each editor; ``clock`` returns seconds.

    Attributes
    ----------
    settle_seconds
        How long nothing is typed before an edit is offered: longer after rejections, shorter after
        acceptances.

    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.settle_seconds = _SETTLE_SECONDS
        self._clock = clock
        self._ids = itertools.count(1)
        self._offered: OrderedDict[str, _Offered] = OrderedDict()
        self._rejected: set[tuple[str, ...]] = set()
        self._ignored: dict[tuple[str, ...], int] = {}
        self._rejected_at = float("-inf")
        self._newest = ""

    def is_wanted(self, edit: NextEdit) -> bool:
        """Whether neither the edit nor its pattern was rejected."""
        return self._rejected.isdisjoint(_names_of(edit))

    def is_quiet(self, seconds_since_edit: float) -> bool:
        """Whether the user has just rejected an edit, and has not typed since."""
        since = self._clock() - self._rejected_at
        return since < _QUIET_SECONDS and since <= seconds_since_edit

    def asked(self, document: Document) -> None:
        """Note a new request: what was shown before, and still fits another text, was ignored."""
        last = self._offered.get(self._newest)
        if last is None or last.edit.uri != document.uri or last.text == hash(document.text):
            return
        self._newest = ""
        if not last.is_shown or not last.edit.fits(document):
            return
        times = self._ignored[last.edit.key] = self._ignored.get(last.edit.key, 0) + 1
        if times >= _TIMES_IGNORED:
            self._rejected |= _names_of(last.edit)

    def offer(self, edit: NextEdit, document: Document) -> str:
        """Store an edit of a document with this text; returns its id."""
        last, text = self._offered.get(self._newest), hash(document.text)
        if last is not None and last.edit == edit and last.text == text:
            return self._newest
        self._newest = f"next-{next(self._ids)}"
        self._offered[self._newest] = _Offered(edit, text)
        if len(self._offered) > _REMEMBERED:
            self._offered.popitem(last=False)
        return self._newest

    def note(self, event: Event, edit_id: str) -> bool:
        """Note what the user did with an edit; false for one that is not known (any more), or seen again.

        Neither a rejected edit nor its pattern is offered again.
        """
        offered = self._offered.get(edit_id)
        if offered is None or (event == "shown" and offered.is_shown):
            return False
        if event == "shown":
            offered.is_shown = True
            return True
        del self._offered[edit_id]
        if event == "accepted":
            self.settle_seconds = max(_SETTLE_SECONDS, self.settle_seconds * _AFTER_ACCEPTANCE)
        else:
            self._rejected |= _names_of(offered.edit)
            self._rejected_at = self._clock()
            self.settle_seconds = min(_LONGEST_SETTLE_SECONDS, self.settle_seconds * _AFTER_REJECTION)
        return True


def _names_of(edit: NextEdit) -> set[tuple[str, ...]]:
    """The edit in its document, and its pattern in any."""
    return {edit.key, (edit.rule, *edit.pattern)} if edit.pattern else {edit.key}

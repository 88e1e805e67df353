"""What was sent to the client: suggestions, and whether they were shown and accepted; edits to refine.

Only characters and times of suggestions are counted, locally.
"""

import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from homebody.errors import UsageError
from homebody.lsp.convert import column_of

if TYPE_CHECKING:
    from homebody.audit import Audit
    from homebody.features.complete import Completion
    from homebody.features.refactor import Refactoring

_REMEMBERED = 100
_MOST_EDITS = 16


@dataclass(slots=True)
class _Suggestion:
    text: str
    milliseconds: float
    is_shown: bool = False
    taken: int = 0


@dataclass(slots=True)
class Offers:
    """The last suggestions that were sent, by id; each is counted once as shown and once as accepted."""

    _offers: OrderedDict[str, _Suggestion] = field(default_factory=OrderedDict[str, _Suggestion])

    def add(self, completions: "Sequence[Completion]", asked: float) -> None:
        """Store suggestions; ``asked`` is the monotonic time of their request in seconds."""
        for completion in completions:
            self._offers[completion.id] = _Suggestion(completion.text, (time.monotonic() - asked) * 1000)
        while len(self._offers) > _REMEMBERED:
            self._offers.popitem(last=False)

    def show(self, offer_id: str, audit: "Audit") -> None:
        """Count a suggestion that the user saw."""
        offer = self._offers.get(offer_id)
        if offer is not None and not offer.is_shown:
            offer.is_shown = True
            audit.count_shown(len(offer.text), offer.milliseconds)

    def accept(self, offer_id: str, audit: "Audit") -> None:
        """Count a suggestion that was accepted."""
        if (offer := self._offers.pop(offer_id, None)) is not None:
            audit.count_accepted(len(offer.text) - offer.taken)

    def accept_part(self, offer_id: str, units: int, audit: "Audit") -> None:
        """Count a suggestion of which the first UTF-16 ``units`` are accepted so far."""
        if (offer := self._offers.get(offer_id)) is None:
            return
        characters = column_of(offer.text, units, "utf-16")
        if characters > offer.taken:
            audit.count_partly_accepted(characters - offer.taken)
            offer.taken = characters


class PendingEdits:
    """The newest results of refactorings that can be refined, by the id that was sent to the client."""

    def __init__(self) -> None:
        self._edits: OrderedDict[str, Refactoring] = OrderedDict()
        self._count = 0

    def add(self, edit: "Refactoring") -> str:
        """Store a result; returns its id."""
        self._count += 1
        name = f"edit-{self._count}"
        self._edits[name] = edit
        if len(self._edits) > _MOST_EDITS:
            self._edits.popitem(last=False)
        return name

    def get(self, name: str) -> "Refactoring":
        """Return the result with that id.

        Raises
        ------
        UsageError
            The result is no longer stored.

        """
        if (edit := self._edits.get(name)) is None:
            message = f"There is no pending edit {name!r} any more: run the action again."
            raise UsageError(message)
        return edit

"""What was sent to the client: suggestions, and whether they were shown and accepted; edits to refine.

They are only counted, locally.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from homebody.errors import UsageError

if TYPE_CHECKING:
    from homebody.features.complete import Completion
    from homebody.features.refactor import Refactoring

_REMEMBERED = 100
_MOST_EDITS = 16


@dataclass(slots=True)
class _Suggestion:
    is_shown: bool = False
    taken: int = 0


@dataclass(slots=True)
class Offers:
    """The last suggestions that were sent, by id; each is counted once as shown and once as accepted."""

    count: Callable[[str], None]
    _offers: OrderedDict[str, _Suggestion] = field(default_factory=OrderedDict[str, _Suggestion])

    def add(self, completions: "Sequence[Completion]") -> None:
        """Store suggestions."""
        for completion in completions:
            self._offers[completion.id] = _Suggestion()
        while len(self._offers) > _REMEMBERED:
            self._offers.popitem(last=False)

    def show(self, offer_id: str) -> None:
        """Count a suggestion that the user saw."""
        offer = self._offers.get(offer_id)
        if offer is not None and not offer.is_shown:
            offer.is_shown = True
            self.count("shown")

    def accept(self, offer_id: str) -> None:
        """Count a suggestion that was accepted."""
        if self._offers.pop(offer_id, None) is not None:
            self.count("accepted")

    def accept_part(self, offer_id: str, units: int) -> None:
        """Count a suggestion of which the first UTF-16 ``units`` are accepted so far."""
        offer = self._offers.get(offer_id)
        if offer is not None and units > offer.taken:
            offer.taken = units
            self.count("partly_accepted")


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

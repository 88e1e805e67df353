"""What was sent to the client: suggestions, and whether they were shown and accepted; edits to refine.

They are only counted, locally.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

from homebody.errors import UsageError

if TYPE_CHECKING:
    from homebody.features.complete import Completion
    from homebody.features.refactor import Refactoring

_REMEMBERED = 100
_MOST_EDITS = 16


Event: TypeAlias = Literal["shown", "partly_accepted", "accepted"]


class Offers:
    """The last suggestions that were sent, by id, with what has been counted of each."""

    def __init__(self, count: Callable[[str], None]) -> None:
        self._count = count
        self._counted: OrderedDict[str, set[str]] = OrderedDict()

    def add(self, completions: "Sequence[Completion]") -> None:
        """Store suggestions."""
        for completion in completions:
            self._counted[completion.id] = set()
        while len(self._counted) > _REMEMBERED:
            self._counted.popitem(last=False)

    def count(self, event: Event, offer_id: str) -> None:
        """Count what the user did with a suggestion, once."""
        counted = self._counted.get(offer_id)
        if counted is not None and event not in counted:
            counted.add(event)
            self._count(event)


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

"""Results of refactorings that can be refined, by the id that was sent to the client.

In: results. Out: the newest ones by id. One instance for each server.
"""

from collections import OrderedDict
from typing import TYPE_CHECKING

from homebody.errors import UsageError

if TYPE_CHECKING:
    from homebody.features.refactor import Refactoring

_MOST = 16


class PendingEdits:
    """Stores the newest results."""

    def __init__(self) -> None:
        self._found: OrderedDict[str, Refactoring] = OrderedDict()
        self._count = 0

    def add(self, found: "Refactoring") -> str:
        """Store a result; returns its id."""
        self._count += 1
        name = f"edit-{self._count}"
        self._found[name] = found
        if len(self._found) > _MOST:
            self._found.popitem(last=False)
        return name

    def get(self, name: str) -> "Refactoring":
        """Return the result with that id.

        Raises
        ------
        UsageError
            The result is no longer stored.

        """
        found = self._found.get(name)
        if found is None:
            message = f"There is no pending edit {name!r} any more: run the action again."
            raise UsageError(message)
        return found

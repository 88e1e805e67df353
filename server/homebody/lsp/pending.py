"""Results of refactorings that can still be refined, by the id that the client was given.

In: results. Out: the same by id, the newest few. One instance per server.
"""

from collections import OrderedDict
from typing import TYPE_CHECKING

from homebody.errors import UsageError

if TYPE_CHECKING:
    from homebody.features.refactor import Refactoring

_MOST = 16


class PendingEdits:
    """The newest results."""

    def __init__(self) -> None:
        self._found: OrderedDict[str, Refactoring] = OrderedDict()
        self._count = 0

    def add(self, found: "Refactoring") -> str:
        """Keep a result; returns its id."""
        self._count += 1
        name = f"edit-{self._count}"
        self._found[name] = found
        if len(self._found) > _MOST:
            self._found.popitem(last=False)
        return name

    def get(self, name: str) -> "Refactoring":
        """Return the result of that id.

        Raises
        ------
        UsageError
            The result is no longer kept.

        """
        found = self._found.get(name)
        if found is None:
            message = f"There is no pending edit {name!r} any more: run the action again."
            raise UsageError(message)
        return found

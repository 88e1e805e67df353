"""How a backend fares, as a value that status and ``doctor`` show, and how one asks for it.

Knows nothing of servers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias, runtime_checkable

from homebody.backend.base import Backend, ModelInfo

Condition: TypeAlias = Literal["ready", "loading", "unavailable"]


@dataclass(frozen=True, slots=True)
class BackendState:
    """One change of state.

    Attributes
    ----------
    condition
        Whether the model answers, loads, or is not there.
    message
        One sentence for the user.
    info
        What is served; ``None`` unless ready.
    reasons
        Where ``auto`` chose: what was found and why this one was taken, one sentence each.

    """

    condition: Condition
    message: str
    info: ModelInfo | None = None
    reasons: tuple[str, ...] = ()


OnState: TypeAlias = Callable[[BackendState], None]
"""Called once a change, on the event loop; must not block."""


@runtime_checkable
class Checked(Protocol):
    """A backend whose server somebody else starts and stops."""

    async def check(self) -> None:
        """Ask whether the server is there, at no cost to it. Raises ``BackendError``."""
        ...


async def check(backend: Backend) -> None:
    """Ask whether the server of ``backend`` is there, where somebody else starts and stops it.

    Raises ``BackendError`` in one of its kinds.
    """
    if isinstance(backend, Checked):
        await backend.check()

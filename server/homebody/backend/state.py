"""The state of a backend, as a value that status and ``doctor`` show, and how to ask for it.

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
    """A backend whose server is started and stopped by others."""

    async def check(self) -> None:
        """Ask whether the server is there, at no cost to it. Raises ``BackendError``."""
        ...


async def check(backend: Backend) -> None:
    """Check whether the server of ``backend`` is available, if others start and stop it.

    Raises ``BackendError`` in one of its kinds.
    """
    if isinstance(backend, Checked):
        await backend.check()


@runtime_checkable
class HasReasons(Protocol):
    """A backend that was chosen among several."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """What was found and why this one was taken, one sentence each."""
        ...


def reasons_of(backend: Backend) -> tuple[str, ...]:
    """Why ``auto`` chose this backend; empty where there was no choice."""
    return backend.reasons if isinstance(backend, HasReasons) else ()

"""How a backend fares, as a value that status and ``doctor`` show.

Knows nothing of servers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from homebody.backend.base import ModelInfo

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

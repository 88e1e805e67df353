"""The state of a backend, as shown by the status and ``doctor``, and how to request it.

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
        Whether the model is ready, loading or unavailable.
    message
        One sentence for the user.
    info
        Facts about the served model; ``None`` unless ready.
    fix
        What an editor can offer to do about it: ``HomebodyError.fix``.
    reasons
        If ``auto`` chose the backend: what was found and why this one was chosen, one sentence each.

    """

    condition: Condition
    message: str
    info: ModelInfo | None = None
    fix: str = ""
    reasons: tuple[str, ...] = ()


OnState: TypeAlias = Callable[[BackendState], None]
"""Called once for each change, on the event loop; must not block."""

"""How the server is, as the status bar shows it: ``homebody/didChangeStatus``.

In: what runs, what failed, which model answers. Out: one notification a change, and one sentence a
new failure.
Knows nothing of documents or methods.
"""

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Kind: TypeAlias = Literal["Normal", "Warning", "Error", "Inactive"]

# Shorter work does not show as busy: the sign would flicker at each key.
_BUSY_AFTER_SECONDS = 0.15


@dataclass(frozen=True, slots=True)
class Model:
    """Which model answers: the backend's kind, the model's name, its context length in tokens.

    ``reasons`` say why it was chosen, one sentence each; empty where the settings name it.
    """

    backend: str
    name: str
    context_length: int
    reasons: tuple[str, ...] = ()


@dataclass(slots=True)
class Status:
    """The state now. ``send`` gets it at each change, ``show`` one sentence at each new failure."""

    send: Callable[[dict[str, Any]], None]
    show: Callable[[str], None]
    model: Model | None = None
    is_on: bool = True
    indexing: str = ""
    _message: str = "Homebody is starting."
    _failed: bool = False
    _works: int = 0
    _busy: bool = False
    _sent: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def wire(self) -> dict[str, Any]:
        """As the client gets it: ``{kind, busy, message, backend?, model?, contextLength?, reasons?}``."""
        kind: Kind = "Error" if self._failed else "Normal" if self.is_on else "Inactive"
        message = self._message
        if kind == "Inactive":
            message = "Completion is off."
        elif not message:
            message = self.indexing
        status: dict[str, Any] = {"kind": kind, "busy": self._busy, "message": message}
        if self.model is not None:
            status |= {
                "backend": self.model.backend,
                "model": self.model.name,
                "contextLength": self.model.context_length,
            }
            if self.model.reasons:
                status["reasons"] = list(self.model.reasons)
        return status

    def update(self) -> None:
        """Tell the client, if anything is new."""
        if (status := self.wire) != self._sent:
            self._sent = status
            self.send(status)

    def serve(self, model: Model) -> None:
        """Take note of the model that answers."""
        self.model = model
        self.recover()

    def say(self, message: str) -> None:
        """Take note of something that is under way."""
        self._failed = False
        self._message = _sentence(message)
        self.update()

    def recover(self) -> None:
        """Take note that an answer came."""
        self._failed = False
        self._message = ""
        self.update()

    def fail(self, message: str) -> None:
        """Take note of a failure; the user is told once, until something works or fails otherwise."""
        message = _sentence(message)
        is_new = not self._failed or message != self._message
        self._failed = True
        self._message = message
        self.update()
        if is_new:
            self.show(message)

    @contextmanager
    def working(self) -> Generator[None]:
        """Show as busy while the block runs, if it takes long enough to be seen."""
        self._works += 1
        timer = asyncio.get_running_loop().call_later(_BUSY_AFTER_SECONDS, self._show_busy)
        try:
            yield
        finally:
            timer.cancel()
            self._works -= 1
            self._busy = self._busy and self._works > 0
            self.update()

    def _show_busy(self) -> None:
        self._busy = True
        self.update()


def _sentence(message: str) -> str:
    """Begin with a capital: errors are written to stand behind ``homebody:``."""
    return message[:1].upper() + message[1:]

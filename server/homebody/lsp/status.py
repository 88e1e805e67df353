"""The state of the server as the status bar shows it: ``homebody/didChangeStatus``.

In: what runs, what failed, which model answers. Out: one notification per change, and one message per
new failure.
Knows nothing of documents or methods.
"""

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from homebody.errors import BackendUnavailable, HomebodyError

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


# How often a server may come back and fail the next request before its word alone counts no more.
_RELAPSES = 2


@dataclass(slots=True)
class Status:
    """The state now. ``send`` receives it at each change, ``show`` one sentence at each new failure.

    A sentence is shown once until a model has answered: a server that reports itself ready and fails
    each request makes one message, and from the third failure on the status stays at Error until an
    answer comes.
    """

    send: Callable[[dict[str, Any]], None]
    show: Callable[[str], None]
    model: Model | None = None
    is_on: bool = True
    indexing: str = ""
    chat_model: str = ""
    hint: str = ""
    _message: str = "Homebody is starting."
    _failed: bool = False
    _shown: set[str] = field(default_factory=set[str])
    _relapses: int = 0
    _works: int = 0
    _busy: bool = False
    _sent: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def wire(self) -> dict[str, Any]:
        """As the client gets it.

        ``{kind, busy, message, backend?, model?, contextLength?, reasons?, chatModel?, hint?}``;
        ``chatModel`` where another model explains and answers, ``hint`` where nothing was suggested
        although the model had an answer.
        """
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
            if self.chat_model not in ("", self.model.name):
                status["chatModel"] = self.chat_model
        if self.hint:
            status["hint"] = self.hint
        return status

    def update(self) -> None:
        """Send the state to the client, if it has changed."""
        if (status := self.wire) != self._sent:
            self._sent = status
            self.send(status)

    def advise(self, hint: str) -> None:
        """Record why nothing is suggested, and what the user can do; an empty text ends that."""
        self.hint = hint
        self.update()

    def serve(self, model: Model) -> None:
        """Record the model that is served."""
        self.model = model
        self.recover()

    def say(self, message: str) -> None:
        """Record something that is under way, such as a model that loads."""
        self._failed = False
        self._message = _sentence(message)
        self.update()

    def recover(self) -> None:
        """Record that the server reports itself ready."""
        if self._failed and self._relapses >= _RELAPSES:
            return
        self._failed = False
        self._message = ""
        self.update()

    def answered(self) -> None:
        """Record that a model has answered: the next failure is a new one."""
        self._shown.clear()
        self._relapses = 0
        self.recover()

    def fail(self, message: str) -> None:
        """Record a failure and show it, unless this sentence was shown since the last answer."""
        message = _sentence(message)
        is_new = message not in self._shown
        self.fail_quietly(message)
        if is_new:
            self.show(message)

    def report(self, error: HomebodyError) -> None:
        """Record the failure of a request; a server that stops fails in several ways and is shown once."""
        if isinstance(error, BackendUnavailable) and self._failed:
            self.fail_quietly(str(error))
        else:
            self.fail(str(error))

    def fail_quietly(self, message: str) -> None:
        """Record a failure that the user reads elsewhere, such as in a command's response."""
        message = _sentence(message)
        if not self._failed and message in self._shown:
            self._relapses += 1
        self._shown.add(message)
        self._failed = True
        self._message = message
        self.update()

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
    """Begin with a capital: errors are written to follow ``homebody:`` on the command line."""
    return message[:1].upper() + message[1:]

"""The state of the server as the status bar shows it: ``homebody/didChangeStatus``.

In: running work, failures, the model. Out: one notification for each change, and one message for each new
failure.
Knows nothing of documents or methods.
"""

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from homebody.errors import BackendUnavailable, HomebodyError

Kind: TypeAlias = Literal["Normal", "Warning", "Error", "Inactive"]

UNSURE = "The model is not sure enough of a suggestion here; an explicit request shows it anyway."
TOO_SLOW = (
    "The model reads too slowly for suggestions while you type: `homebody doctor` names what helps; an "
    "explicit request waits for the answer."
)

# Shorter work is not shown as busy, and a shorter rest not as its end, because the icon would flicker at each
# keystroke: an editor cancels a request, and sends the next one immediately or after its own debounce.
_BUSY_AFTER_SECONDS = 0.15
_IDLE_AFTER_SECONDS = 0.15


@dataclass(frozen=True, slots=True)
class Model:
    """The model that answers: the backend's kind, the model's name, its context length in tokens.

    ``reasons`` state why it was chosen, one sentence each; empty if the settings name it.
    """

    backend: str
    name: str
    context_length: int
    reasons: tuple[str, ...] = ()


# Number of failures after which a server's own report that it is ready is no longer enough.
_RELAPSES = 2


@dataclass(slots=True)
class Status:
    """The current state. ``send`` receives it at each change, ``show`` one sentence at each new failure.

    A sentence is shown once until a model has answered: a server that reports that it is ready, but fails
    each request, causes one message, and after the third failure the status remains Error until an answer
    arrives.
    """

    send: Callable[[dict[str, Any]], None]
    show: Callable[[str], None]
    model: Model | None = None
    paused: str = ""
    """Why the document in view gets no suggestions, as a sentence; empty if it does."""
    indexing: str = ""
    chat_model: str = ""
    hint: str = ""
    _fix: str = ""
    _message: str = "Homebody is starting."
    _failed: bool = False
    _shown: set[str] = field(default_factory=set[str])
    _relapses: int = 0
    _works: int = 0
    _busy: bool = False
    _rest: asyncio.TimerHandle | None = None
    _sent: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def wire(self) -> dict[str, Any]:
        """The value that is sent to the client.

        ``{kind, busy, message, backend?, model?, contextLength?, reasons?, chatModel?, hint?, fix?}``;
        ``chatModel`` is set if another model explains and answers, ``hint`` if nothing is suggested because
        the model is not sure enough or too slow, ``fix`` if the client can offer to do something about an
        error (``HomebodyError.fix``).
        """
        kind: Kind = "Error" if self._failed else "Inactive" if self.paused else "Normal"
        message = self._message
        if kind == "Inactive":
            message = self.paused
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
        if self._failed and self._fix:
            status["fix"] = self._fix
        return status

    def update(self) -> None:
        """Send the state to the client, if it has changed."""
        if (status := self.wire) != self._sent:
            self._sent = status
            self.send(status)

    def pause(self, reason: str) -> None:
        """Record why the document in view gets no suggestions; an empty text ends that."""
        self.paused = reason
        self.update()

    def advise(self, hint: str) -> None:
        """Record why nothing is suggested, and what the user can do; an empty text clears it."""
        self.hint = hint
        self.update()

    def serve(self, model: Model) -> None:
        """Record the model that is ready."""
        self.model = model
        self.recover()

    def say(self, message: str) -> None:
        """Record an activity, such as the loading of a model."""
        self._failed = False
        self._message = _sentence(message)
        self.update()

    def recover(self) -> None:
        """Record that the server reports that it is ready."""
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

    def fail(self, message: str, fix: str = "") -> None:
        """Record a failure and show it, unless this sentence was shown since the last answer."""
        message = _sentence(message)
        is_new = message not in self._shown
        self.fail_quietly(message, fix)
        if is_new:
            self.show(message)

    def report(self, error: HomebodyError) -> None:
        """Record the failure of a request; the errors of one stopped server are shown once."""
        if isinstance(error, BackendUnavailable) and self._failed:
            self.fail_quietly(str(error), error.fix)
        else:
            self.fail(str(error), error.fix)

    def fail_quietly(self, message: str, fix: str = "") -> None:
        """Record a failure that is shown elsewhere, such as in a command's response."""
        message = _sentence(message)
        if not self._failed and message in self._shown:
            self._relapses += 1
        self._shown.add(message)
        self._failed = True
        self._fix = fix
        self._message = message
        self.update()

    @contextmanager
    def working(self) -> Generator[None]:
        """Show as busy while blocks run, if that takes long enough to be noticed."""
        self._works += 1
        if self._rest is not None:
            self._rest.cancel()
        timer = asyncio.get_running_loop().call_later(_BUSY_AFTER_SECONDS, self._show_busy)
        try:
            yield
        finally:
            timer.cancel()
            self._works -= 1
            if self._busy and not self._works:
                loop = asyncio.get_running_loop()
                self._rest = loop.call_later(_IDLE_AFTER_SECONDS, self._show_idle)
            self.update()

    def _show_busy(self) -> None:
        self._busy = True
        self.update()

    def _show_idle(self) -> None:
        self._busy = False
        self.update()


def _sentence(message: str) -> str:
    """Capitalize the first letter: errors are written to follow ``homebody:`` on the command line."""
    return message[:1].upper() + message[1:]

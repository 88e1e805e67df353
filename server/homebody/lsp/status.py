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

from homebody.errors import HomebodyError, SettingsBroken, SettingsChanged

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


Source: TypeAlias = Literal["completion", "chat", "request", "settings"]
"""Where a failure comes from: a use's server, a request that a server refused, or the user's settings."""


@dataclass(slots=True)
class Status:
    """The current state. ``send`` receives it at each change, ``show`` one sentence at each new failure.

    A sentence is shown once until a model has answered. The completion server's failure lasts until that
    server is back; the chat server's, and that of a request, at most until a model answers.
    """

    send: Callable[[dict[str, Any]], None]
    show: Callable[[str], None]
    model: Model | None = None
    paused: str = ""
    """Why the document in view gets no suggestions, as a sentence; empty if it does."""
    indexing: str = ""
    chat_model: str = ""
    hint: str = ""
    _activity: str = "Homebody is starting."
    _failures: dict[Source, tuple[str, str]] = field(default_factory=dict[Source, tuple[str, str]])
    _shown: set[str] = field(default_factory=set[str])
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
        newest = next(reversed(self._failures.values()), ("", ""))
        failure, fix = self._failures.get("settings", newest)
        kind: Kind = "Error" if failure else "Inactive" if self.paused else "Normal"
        idle = self.paused if kind == "Inactive" else self._activity or self.indexing
        message = failure or idle
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
        if fix:
            status["fix"] = fix
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
        """Record the completion model that is ready."""
        self.model = model
        self.recover("completion")

    def say(self, source: Source, message: str) -> None:
        """Record an activity, such as the loading of a model."""
        self._failures.pop(source, None)
        self._activity = _sentence(message)
        self.update()

    def recover(self, source: Source) -> None:
        """Record that the server is ready: requests that failed before may succeed now."""
        self._failures.pop(source, None)
        self._failures.pop("request", None)
        self._activity = ""
        self.update()

    def answered(self) -> None:
        """Record that a model has answered: the next failure is a new one."""
        self._shown.clear()
        self.recover("chat")

    def stop(self, message: str) -> None:
        """Record why all prompts are stopped, which comes before other failures; an empty text ends that."""
        self._failures.pop("settings", None)
        if message:
            self._failures["settings"] = _sentence(message), ""
        self.update()

    def start_again(self) -> None:
        """Forget all failures: other servers are used from now on."""
        self._failures.clear()
        self.update()

    def fail(self, message: str, fix: str = "", *, source: Source = "request", quietly: bool = False) -> None:
        """Record a failure, and show it unless it is shown elsewhere, or was shown since the last answer."""
        message = _sentence(message)
        is_new = message not in self._shown
        self._shown.add(message)
        self._failures.pop(source, None)
        self._failures[source] = message, fix
        self.update()
        if is_new and not quietly:
            self.show(message)

    def report(self, error: HomebodyError, *, quietly: bool = False) -> None:
        """Record the failure of a request, unless its cause, a server or the settings, is shown already."""
        from homebody.backend.resilient import FAILURES

        if not isinstance(error, (*FAILURES, SettingsBroken, SettingsChanged)):
            self.fail(str(error), error.fix, quietly=quietly)

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
    """Capitalize the first letter, unless a file's name begins the message.

    Errors are written to follow ``homebody:`` on the command line.
    """
    first = message.partition(" ")[0]
    return message if "." in first else message[:1].upper() + message[1:]

"""The state of the server as the status bar shows it: ``homebody/didChangeStatus``."""

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict, Unpack

from homebody.errors import HomebodyError, SettingsBroken, SettingsChanged, sentence

if TYPE_CHECKING:
    from homebody.backend.base import ModelInfo

Kind: TypeAlias = Literal["Normal", "Warning", "Error", "Inactive"]

UNSURE = "The model is not sure enough of a suggestion here; an explicit request shows it anyway."
TOO_SLOW = (
    "The model reads too slowly for suggestions while you type: `homebody doctor` names what helps; an "
    "explicit request waits for the answer."
)

# Shorter work is not shown as busy, and a shorter rest not as its end, because the icon would flicker at each
# keystroke: an editor cancels a request, and sends the next one immediately or after its own debounce.
_NOTICED_SECONDS = 0.15

Source: TypeAlias = Literal["completion", "chat", "request"]
"""Where a failure comes from: a use's server, or a request that a server refused."""


class StatusParts(TypedDict, total=False):
    """Parts of the state; texts are sentences, and an empty one ends what it says.

    ``reasons`` state why ``auto`` chose the model, ``activity`` is such as the loading of a model, ``paused``
    why the document in view gets no suggestions, ``hint`` why nothing is suggested and what the user can do,
    ``stopped`` why all prompts are stopped.
    """

    model: "ModelInfo"
    reasons: tuple[str, ...]
    chat_model: str
    activity: str
    indexing: str
    paused: str
    hint: str
    stopped: str


class Status:
    """The current state. ``send`` receives it at each change, ``show`` one sentence at each new failure.

    A sentence is shown once until a model has answered. The completion server's failure lasts until that
    server is back; the chat server's, and that of a request, at most until a model answers.
    """

    def __init__(self, send: Callable[[dict[str, Any]], None], show: Callable[[str], None]) -> None:
        self._send = send
        self._show = show
        self._parts: StatusParts = {"activity": "Homebody is starting."}
        self._failures: dict[Source, tuple[str, str]] = {}
        self._shown: set[str] = set()
        self._asking = 0
        self._works = 0
        self._busy = False
        self._timer: asyncio.TimerHandle | None = None
        self._sent: dict[str, Any] = {}

    @property
    def wire(self) -> dict[str, Any]:
        """The value that is sent to the client.

        ``{kind, busy, message, backend?, model?, contextLength?, reasons?, chatModel?, hint?, fix?}``;
        ``chatModel`` is set if another model explains and answers, ``hint`` if nothing is suggested because
        the model is not sure enough or too slow, ``fix`` if the client can offer to do something about an
        error (``HomebodyError.fix``).
        """
        parts = self._parts
        failure, fix = next(reversed(self._failures.values()), ("", ""))
        if stopped := parts.get("stopped"):
            failure, fix = sentence(stopped), ""
        paused = parts.get("paused", "")
        kind: Kind = "Error" if failure else "Inactive" if paused else "Normal"
        idle = paused or sentence(parts.get("activity", "")) or parts.get("indexing", "")
        status: dict[str, Any] = {"kind": kind, "busy": self._busy, "message": failure or idle}
        if (model := parts.get("model")) is not None:
            status |= {"backend": model.kind, "model": model.name, "contextLength": model.context_length}
            if reasons := parts.get("reasons"):
                status["reasons"] = list(reasons)
            if (chat_model := parts.get("chat_model", "")) not in ("", model.name):
                status["chatModel"] = chat_model
        if hint := parts.get("hint"):
            status["hint"] = hint
        if fix:
            status["fix"] = fix
        return status

    def set(self, **parts: Unpack[StatusParts]) -> None:
        """Change parts of the state, and send it to the client if it is another one then."""
        self._parts.update(parts)
        if (status := self.wire) != self._sent:
            self._sent = status
            self._send(status)

    def recover(self, source: Source, **parts: Unpack[StatusParts]) -> None:
        """End the failure of a server, and of requests, which may succeed now; change parts of the state."""
        self._failures.pop(source, None)
        self._failures.pop("request", None)
        parts.setdefault("activity", "")
        self.set(**parts)

    def answered(self) -> None:
        """Record that a model has answered: the next failure is a new one."""
        self._shown.clear()
        self.recover("chat")

    def start_again(self) -> None:
        """Forget all failures: other servers are used from now on."""
        self._failures.clear()
        self.set()

    @contextmanager
    def asking(self) -> Generator[None]:
        """Show no failure while the block runs, a command that returns its failure."""
        self._asking += 1
        try:
            yield
        finally:
            self._asking -= 1

    def fail(self, message: str, fix: str = "", *, source: Source = "request") -> None:
        """Record a failure; show it unless a command returns it, or it was shown since the last answer."""
        message = sentence(message)
        is_new = message not in self._shown
        self._shown.add(message)
        self._failures.pop(source, None)
        self._failures[source] = message, fix
        self.set()
        if is_new and not self._asking:
            self._show(message)

    def report(self, error: HomebodyError) -> None:
        """Record the failure of a request, unless its cause, a server or the settings, is shown already."""
        from homebody.backend.resilient import FAILURES

        if not isinstance(error, (*FAILURES, SettingsBroken, SettingsChanged)):
            self.fail(str(error), error.fix)

    @contextmanager
    def working(self) -> Generator[None]:
        """Show as busy while blocks run, once that has been so for long enough to be noticed."""
        self._works += 1
        self._look_later()
        try:
            yield
        finally:
            self._works -= 1
            self._look_later()

    def _look_later(self) -> None:
        if self._timer is not None and self._busy == (self._works > 0):
            self._timer.cancel()
            self._timer = None
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_NOTICED_SECONDS, self._look)

    def _look(self) -> None:
        self._timer, self._busy = None, self._works > 0
        self.set()

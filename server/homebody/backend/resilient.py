"""The one wrapper around every backend: retries, waits for loading models, reports changes of state.

Every request is sent to the server, so the first one after the server's return succeeds; only repeated
reports are suppressed. While the server is unavailable it is polled, while it answers it is not.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from typing import Protocol, TypeVar

from homebody.backend.base import (
    Backend,
    BackendState,
    Condition,
    Job,
    Message,
    ModelInfo,
    OnState,
    Piece,
    Placement,
    Prompt,
    SlotChoice,
    Stream,
)
from homebody.backend.gate import Check, Outgoing
from homebody.errors import (
    BackendFailed,
    BackendLoading,
    BackendProtocolError,
    BackendTimeout,
    BackendUnavailable,
    HomebodyError,
    ModelError,
    ModelNotServed,
    StateUnwritable,
)

_Result = TypeVar("_Result")

FIRST_WAIT_SECONDS = 0.25
LONGEST_WAIT_SECONDS = 4.0
"""Maximum seconds between two polls of an unavailable server; the status is updated within five seconds."""
POLLING_SECONDS = 600.0
"""Seconds after which polling stops; the next request that fails starts it again."""


class Connector(Protocol):
    """Connects to a backend, and replaces one that failed."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why this backend was chosen, one sentence each; empty if there was no choice."""
        ...

    async def connect(self) -> Backend:
        """Return the backend for the next request; connect first if necessary.

        Raises
        ------
        BackendLoading
            It is being started; try again later.
        BackendError, ModelError
            No backend is available.

        """
        ...

    async def replace(self, failed: Backend, error: HomebodyError) -> bool:
        """Drop a backend that failed, if a new one would help.

        Returns whether ``connect`` now returns another one, to which the same request should be sent.
        """
        ...

    async def aclose(self) -> None:
        """Stop the processes that were started."""
        ...


class FixedConnector:
    """Always returns the same backend."""

    reasons: tuple[str, ...] = ()

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def connect(self) -> Backend:
        """Return the backend."""
        return self._backend

    async def replace(self, failed: Backend, error: HomebodyError) -> bool:
        """Keep the backend: the server may become available again."""
        del failed, error
        return False

    async def aclose(self) -> None:
        """Do nothing: the server is the user's."""


class ResilientBackend(Backend):
    """A backend that survives the loss of its server and reports each change of state once.

    A server gets nothing that ``passes`` has not let pass, if its model is one of ``models``.

    Parameters
    ----------
    patience_seconds
        Maximum wait of a request while the server loads its model.
    passes
        Checks each prompt, once the server is connected. Without it, everything passes.
    models
        Patterns of the names of models that may answer; without any, every model may.

    """

    def __init__(
        self,
        connector: Connector,
        *,
        on_state: OnState | None = None,
        patience_seconds: float,
        passes: Check | None = None,
        models: Sequence[str] = (),
    ) -> None:
        self._passes = passes
        self._models = models
        self._connector = connector
        self._on_state = on_state
        self._patience = patience_seconds
        self._condition: Condition | None = None
        self._reasons: tuple[str, ...] = ()
        self._generation_fails = False
        self._polling: asyncio.Task[None] | None = None

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why ``auto`` chose this backend; empty if there was no choice."""
        return self._connector.reasons

    async def aclose(self) -> None:
        """Stop polling, and the processes that were started."""
        if self._polling is not None:
            self._polling.cancel()
            with suppress(asyncio.CancelledError):
                await self._polling
        await self._connector.aclose()

    async def describe(self) -> ModelInfo:
        """Return the facts about the served model; no text of the user is sent."""
        return await self._call(lambda backend: backend.describe(), None)

    async def count(self, texts: Sequence[str], sources: Sequence[str] = ()) -> list[int]:
        """Count tokens of texts that come from ``sources``."""
        return await self._call(lambda backend: backend.count(texts), Outgoing(sources, texts))

    async def place(
        self, prompt: Prompt, *, slot: SlotChoice = "completion", keep: SlotChoice = None
    ) -> Placement:
        """Return where a prompt belongs in the server's cache."""
        return await self._call(
            lambda backend: backend.place(prompt, slot=slot, keep=keep), Outgoing.of_prompt(prompt)
        )

    async def render_chat(self, messages: Sequence[Message]) -> Prompt:
        """Put messages into the model's chat template."""
        return await self._call(lambda backend: backend.render_chat(messages), Outgoing.of_messages(messages))

    async def stream(self, job: Job) -> Stream:
        """Yield the items of a stream; restart it if it failed before its first piece and that may help."""
        sent = Outgoing.of_prompt(job.prompt)
        attempt = _Attempt(self._patience)
        while True:
            backend: Backend | None = None
            begun = False
            try:
                backend = await self._connector.connect()
                await sent.check(backend, self._passes, self._models)
                async with aclosing(backend.stream(job)) as stream:
                    async for item in stream:
                        begun = begun or isinstance(item, Piece)
                        self._generation_fails = False
                        await self._report_ready(backend)
                        yield item
            except FAILURES as error:
                if begun and backend is not None:
                    await self._give_up(backend, error)
                    raise
                if not await self._may_repeat(attempt, backend, error, generating=True):
                    raise
            else:
                return

    async def _call(self, call: Callable[[Backend], Awaitable[_Result]], sent: Outgoing | None) -> _Result:
        attempt = _Attempt(self._patience)
        while True:
            backend: Backend | None = None
            try:
                backend = await self._connector.connect()
                if sent is not None:
                    await sent.check(backend, self._passes, self._models)
                result = await call(backend)
            except FAILURES as error:
                if not await self._may_repeat(attempt, backend, error):
                    raise
            else:
                if not self._generation_fails:
                    await self._report_ready(backend)
                return result

    async def _may_repeat(
        self, attempt: "_Attempt", backend: Backend | None, error: HomebodyError, *, generating: bool = False
    ) -> bool:
        """Report a failure, and return whether the request may be sent again."""
        if isinstance(error, BackendLoading):
            self._report_failure(error)
            return await attempt.wait()
        if backend is not None and await self._connector.replace(backend, error) and attempt.replace():
            return True
        self._report_failure(error, generating=generating and backend is not None)
        return False

    async def _give_up(self, backend: Backend, error: HomebodyError) -> None:
        """Handle a stream that failed after its first piece: it cannot be restarted.

        Raises
        ------
        BackendUnavailable
            This backend is being replaced, so a new request will work.

        """
        if await self._connector.replace(backend, error):
            message = "The model stopped during its answer and is being restarted: ask again"
            raise BackendUnavailable(message) from error
        self._report_failure(error, generating=True)

    async def _report_ready(self, backend: Backend) -> None:
        """Report that the server answers, or that ``auto`` has switched to another one."""
        if self._condition == "ready" and self._connector.reasons == self._reasons:
            return
        with suppress(HomebodyError):
            info = await backend.describe()
            self._report(BackendState("ready", f"{info.name} answers", info, reasons=self.reasons))

    def _report_failure(self, error: HomebodyError, *, generating: bool = False) -> None:
        """Report a failure once, and poll until the server is back.

        A server that fails to generate may still answer all other requests. Then only a generated answer
        proves that it works again; otherwise the state would alternate with each request. If the server has
        stopped, the next one that answers is another process.
        """
        if not isinstance(error, _GENERATION_FAILURES):
            self._generation_fails = False
        elif generating:
            self._generation_fails = True
        condition: Condition = "loading" if isinstance(error, BackendLoading) else "unavailable"
        if self._condition != condition:
            self._report(BackendState(condition, str(error), fix=error.fix, reasons=self.reasons))
        if self._polling is None or self._polling.done():
            self._polling = asyncio.create_task(self._poll())

    def _report(self, state: BackendState) -> None:
        self._condition = state.condition
        self._reasons = state.reasons
        if self._on_state is not None:
            self._on_state(state)

    async def _poll(self) -> None:
        """Describe the server until it is available again, so that its return is reported."""
        wait = FIRST_WAIT_SECONDS
        end = time.monotonic() + POLLING_SECONDS
        while self._condition != "ready" and time.monotonic() < end:
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT_SECONDS)
            with suppress(HomebodyError):
                await self.describe()


FAILURES = (
    BackendUnavailable,
    BackendTimeout,
    BackendProtocolError,
    ModelError,
    ModelNotServed,
    StateUnwritable,
)
"""Errors that are changes of state, reported by ``on_state``. Without weights no backend answers either."""
_GENERATION_FAILURES = (BackendFailed, BackendTimeout, BackendProtocolError, ModelNotServed)


class _Attempt:
    """One request and its retries: growing waits while a model loads, one replacement."""

    def __init__(self, patience: float) -> None:
        self._end = time.monotonic() + patience
        self._wait = FIRST_WAIT_SECONDS
        self._replaced = False

    async def wait(self) -> bool:
        """Wait before the next try; ``False`` if there is no time left."""
        if time.monotonic() + self._wait > self._end:
            return False
        await asyncio.sleep(self._wait)
        self._wait = min(self._wait * 2, 1.0)
        return True

    def replace(self) -> bool:
        """Use the only retry with a replaced backend; ``False`` if it is already used."""
        replaced, self._replaced = self._replaced, True
        return not replaced

"""The one wrapper around every backend: retries, waits for loading models, reports changes of state.

Every request is sent to the server, so the first one after the server's return succeeds; only repeated
reports are suppressed. While the server is unavailable it is polled, while it answers it is not.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing, suppress
from typing import Protocol, TypeAlias, TypeVar

from homebody.backend.base import (
    OWN,
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
    Text,
)
from homebody.errors import (
    BackendFailed,
    BackendLoading,
    BackendProtocolError,
    BackendTimeout,
    BackendUnavailable,
    HomebodyError,
    ModelError,
    ModelForbidden,
    ModelNotServed,
    StateUnwritable,
)
from homebody.media import Media
from homebody.settings.schema import is_covered

_Result = TypeVar("_Result")
_Sent: TypeAlias = Sequence[Text | Media | Message]

Check: TypeAlias = Callable[[Iterable[str], Iterable[str]], Awaitable[None]]
"""Called with the sources and the texts of a prompt; raises if the prompt must not be sent."""

FIRST_WAIT_SECONDS = 0.25
LONGEST_WAIT_SECONDS = 4.0
"""Maximum seconds between two polls of an unavailable server; the status is updated within five seconds."""
POLLING_SECONDS = 600.0
"""Seconds after which polling stops; the next request that fails starts it again."""


class Connector(Protocol):
    """Connects to a backend, and replaces one that failed.

    ``reasons`` say why this backend was chosen, one sentence each; empty if there was no choice.
    """

    reasons: tuple[str, ...] = ()

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
        """Stop the processes that were started; nothing for a server of the user."""


class FixedConnector(Connector):
    """Always returns the same backend: its server may become available again."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def connect(self) -> Backend:
        """Return the backend."""
        return self._backend

    async def replace(self, failed: Backend, error: HomebodyError) -> bool:
        """Keep the backend; one that failed may be another, which this one has replaced."""
        del error
        return failed is not self._backend


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
        sent = [Text(text, tuple(sources)) for text in texts]
        return await self._call(lambda backend: backend.count(texts), sent)

    async def place(
        self, prompt: Prompt, *, slot: SlotChoice = "completion", keep: SlotChoice = None
    ) -> Placement:
        """Return where a prompt belongs in the server's cache."""
        return await self._call(lambda backend: backend.place(prompt, slot=slot, keep=keep), prompt.texts)

    async def render_chat(self, messages: Sequence[Message]) -> Prompt:
        """Put messages into the model's chat template."""
        media = (media for message in messages for media in message.media)
        return await self._call(lambda backend: backend.render_chat(messages), [*messages, *media])

    async def stream(self, job: Job) -> Stream:
        """Yield the items of a stream; restart it if it failed before its first piece and that may help."""

        async def run(backend: Backend) -> Stream:
            await self._check(backend, job.prompt.texts)
            async with aclosing(backend.stream(job)) as items:
                async for item in items:
                    yield item

        async with aclosing(self._items(run, generates=True)) as items:
            async for item in items:
                yield item

    async def _call(self, call: Callable[[Backend], Awaitable[_Result]], sent: _Sent | None) -> _Result:
        async def run(backend: Backend) -> AsyncGenerator[_Result]:
            if sent is not None:
                await self._check(backend, sent)
            yield await call(backend)

        async with aclosing(self._items(run, generates=False)) as items:
            return await anext(items)

    async def _items(
        self, run: Callable[[Backend], AsyncGenerator[_Result]], *, generates: bool
    ) -> AsyncGenerator[_Result]:
        """Yield what ``run`` yields; run it again while a model loads, with growing waits.

        And once with a backend that has replaced one that failed; but a stream that failed after its first
        piece cannot be restarted.
        """
        waits, may_replace = _waits(self._patience), True
        while True:
            backend, begun = None, False
            try:
                backend = await self._connector.connect()
                async with aclosing(run(backend)) as items:
                    async for item in items:
                        begun |= isinstance(item, Piece)
                        self._generation_fails &= not generates
                        await self._report_ready(backend)
                        yield item
            except FAILURES as error:
                is_loading = isinstance(error, BackendLoading) and not begun
                if backend is not None and not is_loading and await self._connector.replace(backend, error):
                    if begun:
                        message = "The model stopped during its answer and is being restarted: ask again"
                        raise BackendUnavailable(message) from error
                    if may_replace:
                        may_replace = False
                        continue
                self._report_failure(error, generating=generates and backend is not None)
                if not is_loading or (wait := next(waits, None)) is None:
                    raise
                await asyncio.sleep(wait)
            else:
                return

    async def _check(self, backend: Backend, sent: _Sent) -> None:
        """Check every prompt here, the last step before the connection, whatever built it.

        Raise if it must not be sent: because of its sources or texts, or of the model that would answer.
        """
        if self._models and not is_covered(name := (await backend.describe()).name, self._models):
            message = (
                f"The model {name} is not one that `backend.allowed_models` allows "
                f"({', '.join(self._models)}): serve or choose one of these."
            )
            raise ModelForbidden(message)
        if self._passes is not None:
            # Markers alone are our own text; a text without a source must not pass because of another one's.
            known = all(text.sources for text in sent)
            sources = [OWN, *(uri for text in sent for uri in text.sources)] if known else []
            await self._passes(dict.fromkeys(sources), [text.text for text in sent])

    async def _report_ready(self, backend: Backend) -> None:
        """Report that the server answers, or that ``auto`` has switched to another one."""
        is_known = self._condition == "ready" and self._connector.reasons == self._reasons
        if is_known or self._generation_fails:
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


def _waits(patience: float) -> Iterator[float]:
    """Yield the growing waits between two tries, in seconds, while there is time for one."""
    end, wait = time.monotonic() + patience, FIRST_WAIT_SECONDS
    while time.monotonic() + wait <= end:
        yield wait
        wait = min(wait * 2, 1.0)

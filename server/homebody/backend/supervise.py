"""Tells when a backend goes away and when it is back, once each, and waits where its model loads.

In: any backend. Out: the same backend, and calls of ``on_state``.
Every call still goes to the server, so that the first one after its return succeeds; only the
telling is held back. Looks by itself while the server is away and somebody asked lately; while it
answers, only where ``check`` is called.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from typing import Protocol, TypeVar, runtime_checkable

from homebody.backend.base import Backend, Message, ModelInfo, OnRead, Prompt, Sampling, Slot, Stats, Stream
from homebody.backend.state import BackendState, Condition, OnState, check
from homebody.errors import BackendLoading, BackendTimeout, BackendUnavailable, HomebodyError, ModelError

Result = TypeVar("Result")

FIRST_WAIT_SECONDS = 0.25
LONGEST_WAIT_SECONDS = 4.0
"""Between two looks at a server that is away; the status follows within five seconds of its return."""
CHECK_SECONDS = 4.0
"""Between two looks at a server that answers, while a document is open."""
IDLE_SECONDS = 600.0
"""Without a request for so long, one stops looking until the next request."""


class SupervisedBackend:
    """A backend whose comings and goings are told.

    Parameters
    ----------
    patience_seconds
        How long a request waits while the server loads its model.

    """

    def __init__(self, inner: Backend, *, on_state: OnState | None = None, patience_seconds: float) -> None:
        self._inner = inner
        self._on_state = on_state
        self._patience = patience_seconds
        self._condition: Condition | None = None
        self._reasons: tuple[str, ...] = ()
        self._asked = 0.0
        self._watch: asyncio.Task[None] | None = None

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why ``auto`` chose what it chose; empty where there was no choice."""
        return reasons_of(self._inner)

    async def describe(self) -> ModelInfo:
        """Say what is served."""
        return await self._call(self._inner.describe)

    async def check(self) -> None:
        """Look whether the server is still there, where somebody asked it something lately.

        What is found is told, not raised.
        """
        silent = time.monotonic() - self._asked
        if self._condition != "ready" or not CHECK_SECONDS / 2 < silent < IDLE_SECONDS:
            return
        try:
            await check(self._inner)
        except BackendLoading as error:
            self._down("loading", error)
        except _AWAY as error:
            self._down("unavailable", error)
        except HomebodyError:
            return

    async def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text."""
        return await self._call(lambda: self._inner.count(texts))

    async def count_prompt(self, prompt: Prompt) -> int:
        """Tokens of the prompt as it would be sent."""
        return await self._call(lambda: self._inner.count_prompt(prompt))

    async def render_chat(self, messages: Sequence[Message]) -> Prompt:
        """Put messages into the model's chat template."""
        return await self._call(lambda: self._inner.render_chat(messages))

    async def complete(
        self,
        prompt: Prompt,
        sampling: Sampling,
        *,
        slot: Slot | None = "completion",
        on_read: OnRead | None = None,
    ) -> Stream:
        """Continue the prompt."""
        async with aclosing(
            self._stream(lambda: self._inner.complete(prompt, sampling, slot=slot, on_read=on_read))
        ) as stream:
            async for item in stream:
                yield item

    async def chat(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        *,
        slot: Slot | None = "chat",
        on_read: OnRead | None = None,
    ) -> Stream:
        """Answer the last message."""
        async with aclosing(
            self._stream(lambda: self._inner.chat(messages, sampling, slot=slot, on_read=on_read))
        ) as stream:
            async for item in stream:
                yield item

    async def warm(
        self, prompt: Prompt, *, tokens: int | None = None, slot: Slot | None = "completion"
    ) -> Stats:
        """Read the prompt into the server's cache."""
        return await self._call(lambda: self._inner.warm(prompt, tokens=tokens, slot=slot))

    async def aclose(self) -> None:
        """Stop looking, and give back connections."""
        if self._watch is not None:
            self._watch.cancel()
            with suppress(asyncio.CancelledError):
                await self._watch
        await self._inner.aclose()

    async def _call(self, call: Callable[[], Awaitable[Result]]) -> Result:
        self._asked = time.monotonic()
        wait = _Waits(self._patience)
        while True:
            try:
                result = await call()
            except BackendLoading as error:
                self._down("loading", error)
                if not await wait.next():
                    raise
            except _AWAY as error:
                self._down("unavailable", error)
                raise
            else:
                await self._up()
                return result

    async def _stream(self, start: Callable[[], Stream]) -> Stream:
        """Pass a stream on; while the model loads, start it again."""
        self._asked = time.monotonic()
        wait = _Waits(self._patience)
        while True:
            try:
                async with aclosing(start()) as stream:
                    async for item in stream:
                        await self._up()
                        yield item
            except BackendLoading as error:
                self._down("loading", error)
                if not await wait.next():
                    raise
            except _AWAY as error:
                self._down("unavailable", error)
                raise
            else:
                return

    async def _up(self) -> None:
        """Tell that the server answers, or that ``auto`` has changed to another one."""
        if self._condition != "ready" or reasons_of(self._inner) != self._reasons:
            info = await self._inner.describe()
            self._tell(BackendState("ready", f"{info.name} answers", info, self.reasons))

    def _down(self, condition: Condition, error: HomebodyError) -> None:
        if self._condition != condition:
            self._tell(BackendState(condition, str(error), reasons=self.reasons))
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._look_until_back())

    def _tell(self, state: BackendState) -> None:
        self._condition = state.condition
        self._reasons = state.reasons
        if self._on_state is not None:
            self._on_state(state)

    async def _look_until_back(self) -> None:
        wait = FIRST_WAIT_SECONDS
        while self._condition != "ready" and time.monotonic() - self._asked < IDLE_SECONDS:
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT_SECONDS)
            try:
                await self._inner.describe()
                await self._up()
            except BackendLoading as error:
                if self._condition != "loading":
                    self._tell(BackendState("loading", str(error), reasons=self.reasons))
            except HomebodyError:
                continue


# Without weights nothing answers either: the state changes when a server or a model comes.
_AWAY = (BackendUnavailable, BackendTimeout, ModelError)


@runtime_checkable
class HasReasons(Protocol):
    """A backend that chose by itself."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """What was found and why this was taken, one sentence each."""
        ...


def reasons_of(backend: Backend) -> tuple[str, ...]:
    """Why ``auto`` chose what it chose; empty where there was no choice."""
    return backend.reasons if isinstance(backend, HasReasons) else ()


class _Waits:
    """Waits that grow, until patience ends."""

    def __init__(self, patience: float) -> None:
        self._end = time.monotonic() + patience
        self._wait = FIRST_WAIT_SECONDS

    async def next(self) -> bool:
        """Wait a bit; ``False`` when there is no time left to."""
        if time.monotonic() + self._wait > self._end:
            return False
        await asyncio.sleep(self._wait)
        self._wait = min(self._wait * 2, 1.0)
        return True

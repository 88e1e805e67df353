"""The gate before a backend, without the retries of ``ResilientBackend``."""

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import TypeVar

from homebody.backend.base import Backend, Stream
from homebody.backend.gate import Check, GatedBackend, Sent

Result = TypeVar("Result")


class Gated(GatedBackend):
    """Sends what ``passes`` lets pass to ``backend``."""

    def __init__(self, backend: Backend, passes: Check) -> None:
        super().__init__(passes)
        self._backend = backend

    async def aclose(self) -> None:
        await self._backend.aclose()

    async def _call(self, call: Callable[[Backend], Awaitable[Result]], sent: Sent | None) -> Result:
        await self._check(self._backend, sent)
        return await call(self._backend)

    async def _stream(self, start: Callable[[Backend], Stream], sent: Sent) -> Stream:
        await self._check(self._backend, sent)
        async with aclosing(start(self._backend)) as stream:
            async for item in stream:
                yield item

"""Connects to the backend that ``auto`` chose, and chooses again when it is lost.

In: a search of this machine, and a function that makes the connector of a choice. Out: backends.
Knows nothing of how servers are recognised (``discover``).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from homebody.backend.base import Backend, Slot
from homebody.backend.discover import Choice, Machine
from homebody.backend.resilient import Connector
from homebody.errors import (
    BackendLoading,
    BackendProtocolError,
    BackendUnavailable,
    HomebodyError,
    ModelError,
    ModelNotServed,
)
from homebody.settings import BackendSettings

LOOK_AGAIN_SECONDS = 60.0
"""Seconds after which a request searches again, while the embedded model answers because no server was
found."""


class SharedSearch:
    """Searches this machine for both uses, and shares the connector of what both choose.

    Parameters
    ----------
    look
        Searches this machine.
    choose
        Chooses among what was found.
    connector_for
        Makes the connector of a choice.

    """

    look_again_seconds = LOOK_AGAIN_SECONDS

    def __init__(
        self,
        look: Callable[[], Awaitable[Machine]],
        choose: Callable[[Machine, Slot], Awaitable[Choice]],
        connector_for: Callable[[BackendSettings, Slot], Connector],
    ) -> None:
        self._look = look
        self._choose = choose
        self._connector_for = connector_for
        self._seen: Machine | None = None
        self._seen_at = 0.0
        self._looking = asyncio.Lock()
        self._shared: list[_Shared] = []

    def connector(self, use: Slot) -> "AutoConnector":
        """Make the connector of one use."""
        return AutoConnector(
            partial(self._choice, use),
            partial(self._share, use),
            look_again_seconds=self.look_again_seconds,
        )

    async def _choice(self, use: Slot) -> Choice:
        async with self._looking:
            if self._seen is None or time.monotonic() - self._seen_at > self.look_again_seconds:
                self._seen = await self._look()
                self._seen_at = time.monotonic()
            seen = self._seen
        try:
            return await self._choose(seen, use)
        except HomebodyError:
            # The only server is still loading, for example.
            self._seen = None
            raise

    def _share(self, use: Slot, block: BackendSettings) -> Connector:
        """Return the connector of ``block``, which others may use too."""
        # Without a model, the backend chooses one by its use.
        same = (shared for shared in self._shared if block.model is not None and shared.block == block)
        found = next(same, None)
        if found is None:
            found = _Shared(block, self._connector_for(block, use))
            self._shared.append(found)
        found.users += 1
        return _Share(found, self._release)

    async def _release(self, shared: "_Shared") -> None:
        self._seen = None
        shared.users -= 1
        if not shared.users:
            self._shared.remove(shared)
            await shared.connector.aclose()


@dataclass(eq=False, slots=True)
class _Shared:
    block: BackendSettings
    connector: Connector
    users: int = 0


class _Share:
    """One user's connector: the shared one, until this user closes it."""

    def __init__(self, shared: _Shared, release: Callable[[_Shared], Awaitable[None]]) -> None:
        self._shared = shared
        self._release = release
        self.connect = shared.connector.connect
        self.replace = shared.connector.replace

    @property
    def name(self) -> str:
        """Name of the backend in messages."""
        return self._shared.connector.name

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why this backend was chosen."""
        return self._shared.connector.reasons

    async def aclose(self) -> None:
        """Close it, unless the other use still needs it. The next search looks again."""
        await self._release(self._shared)


class AutoConnector:
    """Searches at the first request, and again when the chosen backend is lost.

    Parameters
    ----------
    search
        Chooses among the servers and model files of this machine.
    connector_for
        Makes the connector of a choice.

    """

    name = "the model"

    def __init__(
        self,
        search: Callable[[], Awaitable[Choice]],
        connector_for: Callable[[BackendSettings], Connector],
        *,
        look_again_seconds: float,
    ) -> None:
        self._search = search
        self._connector_for = connector_for
        self._look_again_seconds = look_again_seconds
        self._inner: Connector | None = None
        self._given: Backend | None = None
        self._choice: Choice | None = None
        self._searched = 0.0
        self._choosing = asyncio.Lock()
        self._again: asyncio.Task[None] | None = None

    @property
    def reasons(self) -> tuple[str, ...]:
        """What was found and why this was chosen, one sentence each; empty before the first search."""
        return self._choice.reasons if self._choice is not None else ()

    async def connect(self) -> Backend:
        """Return the chosen backend; choose one if there is none yet."""
        inner = await self._chosen()
        try:
            self._given = await inner.connect()
        except BackendLoading:
            raise
        except _LOST:
            await self._drop(inner)
            raise
        return self._given

    async def replace(self, failed: Backend, error: HomebodyError) -> bool:
        """Let the chosen connector replace the backend; otherwise choose again at the next request."""
        inner = self._inner
        if inner is None:
            return False
        if failed is not self._given:
            return True
        if await inner.replace(failed, error):
            return True
        if isinstance(error, _LOST):
            await self._drop(inner)
        return False

    async def aclose(self) -> None:
        """Close connections and stop the processes that were started."""
        if self._again is not None:
            self._again.cancel()
            with suppress(asyncio.CancelledError):
                await self._again
        if self._inner is not None:
            await self._drop(self._inner)

    async def _chosen(self) -> Connector:
        async with self._choosing:
            if self._inner is None:
                self._take(await self._search())
            elif self._is_embedded() and time.monotonic() - self._searched > self._look_again_seconds:
                self._searched = time.monotonic()
                self._again = asyncio.create_task(self._search_again())
            if self._inner is None:
                message = "no model was found on this machine: run `homebody models install`"
                raise BackendUnavailable(message)
            return self._inner

    def _take(self, choice: Choice) -> None:
        self._searched = time.monotonic()
        self._inner = self._connector_for(choice.block)
        self._choice = choice

    async def _search_again(self) -> None:
        """Change from the embedded model to a server that was started meanwhile."""
        with suppress(HomebodyError):
            choice = await self._search()
            async with self._choosing:
                if choice.block.kind != "embedded" and self._is_embedded():
                    old = self._inner
                    self._take(choice)
                    if old is not None:
                        await old.aclose()

    def _is_embedded(self) -> bool:
        return self._choice is not None and self._choice.block.kind == "embedded"

    async def _drop(self, inner: Connector) -> None:
        """Forget the choice, unless it was already replaced."""
        if self._inner is inner:
            self._inner = None
            await inner.aclose()


_LOST = (BackendUnavailable, BackendProtocolError, ModelError, ModelNotServed)

"""Connects to the backend that ``auto`` chose, and chooses again when it is lost."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from homebody.backend.base import Backend, Purpose
from homebody.backend.discover import Choice, Survey, discover, look
from homebody.backend.probe import USUAL_URLS
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
    """Searches this machine for all uses, and shares the connector of what several choose.

    Parameters
    ----------
    connector_for
        Makes the connector of a choice.
    urls
        The addresses to search; ``block.url`` replaces them.

    """

    def __init__(
        self,
        block: BackendSettings,
        connector_for: Callable[[BackendSettings, Purpose], Connector],
        urls: Sequence[str] = USUAL_URLS,
    ) -> None:
        self._block = block
        self._connector_for = connector_for
        self._urls = urls
        self._seen: Survey | None = None
        self._seen_at = 0.0
        self._looking = asyncio.Lock()
        self._uses: list[AutoConnector] = []
        self.look_again_seconds = LOOK_AGAIN_SECONDS

    def connector(self, use: Purpose) -> "AutoConnector":
        """Make the connector of one use."""
        made = AutoConnector(self, use)
        self._uses.append(made)
        return made

    async def choice(self, use: Purpose) -> Choice:
        """Choose a backend; search first, unless the last search is still valid."""
        async with self._looking:
            if self._seen is None or time.monotonic() - self._seen_at > self.look_again_seconds:
                self._seen = await look(self._block, self._urls)
                self._seen_at = time.monotonic()
            seen = self._seen
        try:
            return await discover(self._block, use, seen)
        except BackendLoading:
            self._seen = None
            raise

    def open(self, block: BackendSettings, use: Purpose) -> Connector:
        """Return the connector of ``block``: that of the other use, if it has chosen the same."""
        for other in self._uses:
            # Without a model, the backend chooses one by its use.
            if other.inner is not None and block.model is not None and other.block == block:
                return other.inner
        return self._connector_for(block, use)

    async def close(self, connector: Connector) -> None:
        """Close a connector, unless the other use still needs it. The next search looks again."""
        self._seen = None
        if all(other.inner is not connector for other in self._uses):
            await connector.aclose()


class AutoConnector:
    """Searches at the first request, and again when the chosen backend is lost."""

    def __init__(self, search: SharedSearch, use: Purpose) -> None:
        self._search = search
        self._use: Purpose = use
        self.inner: Connector | None = None
        self._given: Backend | None = None
        self._choice: Choice | None = None
        self._searched = 0.0
        self._choosing = asyncio.Lock()
        self._again: asyncio.Task[None] | None = None

    @property
    def block(self) -> BackendSettings | None:
        """The chosen backend as settings."""
        return None if self._choice is None else self._choice.block

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
        inner = self.inner
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
        """Stop the processes that were started."""
        if self._again is not None:
            self._again.cancel()
            with suppress(asyncio.CancelledError):
                await self._again
        if self.inner is not None:
            await self._drop(self.inner)

    async def _chosen(self) -> Connector:
        async with self._choosing:
            if self.inner is None:
                self._take(await self._search.choice(self._use))
            elif self._is_embedded() and time.monotonic() - self._searched > self._search.look_again_seconds:
                self._searched = time.monotonic()
                self._again = asyncio.create_task(self._search_again())
            if self.inner is None:
                message = "No model was found on this machine: run `homebody models install`"
                raise BackendUnavailable(message)
            return self.inner

    def _take(self, choice: Choice) -> None:
        self._searched = time.monotonic()
        self.inner, self._choice = self._search.open(choice.block, self._use), choice

    async def _search_again(self) -> None:
        """Change from the embedded model to a server that was started meanwhile."""
        with suppress(HomebodyError):
            choice = await self._search.choice(self._use)
            async with self._choosing:
                if choice.block.kind != "embedded" and self._is_embedded():
                    old = self.inner
                    self._take(choice)
                    if old is not None:
                        await self._search.close(old)

    def _is_embedded(self) -> bool:
        return self._choice is not None and self._choice.block.kind == "embedded"

    async def _drop(self, inner: Connector) -> None:
        """Forget the choice, unless it was already replaced."""
        if self.inner is inner:
            self.inner = None
            await self._search.close(inner)


_LOST = (BackendUnavailable, BackendProtocolError, ModelError, ModelNotServed)

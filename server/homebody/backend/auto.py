"""Chooses the backend that suits each use on this machine, and chooses again when it is lost.

Order: a loaded model that suits, one that is installed there but not loaded, a GGUF file found on this
machine, the default weights.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import msgspec

from homebody.backend.base import Backend, Purpose
from homebody.backend.choose import AvailableModel, choose
from homebody.backend.probe import USUAL_URLS, Found, probe_all, probe_named
from homebody.backend.resilient import Connector
from homebody.errors import (
    BackendLoading,
    BackendProtocolError,
    BackendUnavailable,
    HomebodyError,
    ModelError,
    ModelNotServed,
)
from homebody.host.machine import available_memory, has_unified_memory
from homebody.models.library import DEFAULT_WEIGHTS, all_models, installed_models, models_dir, suited
from homebody.settings import BackendSettings
from homebody.settings.schema import is_covered

LOOK_AGAIN_SECONDS = 60.0
"""Seconds after which a request searches again, while the embedded model answers because no server was
found."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen backend as settings, and the reasons: what was found and why this was chosen."""

    block: BackendSettings
    reasons: tuple[str, ...]


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
        self._seen: Sequence[Found] | None = None
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


class AutoConnector(Connector):
    """Searches at the first request, and again when the chosen backend, ``block``, is lost."""

    def __init__(self, search: SharedSearch, use: Purpose) -> None:
        self._search = search
        self._use: Purpose = use
        self.inner: Connector | None = None
        self.block: BackendSettings | None = None
        self._searched = 0.0
        self._choosing = asyncio.Lock()
        self._again: asyncio.Task[None] | None = None

    async def connect(self) -> Backend:
        """Return the chosen backend; choose one if there is none yet."""
        inner = await self._chosen()
        try:
            return await inner.connect()
        except BackendLoading:
            raise
        except _LOST:
            await self._drop(inner)
            raise

    async def replace(self, failed: Backend, error: HomebodyError) -> bool:
        """Let the chosen connector replace the backend; otherwise choose again at the next request."""
        inner = self.inner
        if inner is not None and await inner.replace(failed, error):
            return True
        if inner is not None and isinstance(error, _LOST):
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
                return self._take(await self._search.choice(self._use))
            if self._is_embedded() and time.monotonic() - self._searched > self._search.look_again_seconds:
                self._searched = time.monotonic()
                self._again = asyncio.create_task(self._search_again())
            return self.inner

    def _take(self, choice: Choice) -> Connector:
        self._searched = time.monotonic()
        self.inner = self._search.open(choice.block, self._use)
        self.block, self.reasons = choice.block, choice.reasons
        return self.inner

    async def _search_again(self) -> None:
        """Change from the embedded model to a server that was started meanwhile."""
        with suppress(HomebodyError):
            choice = await self._search.choice(self._use)
            async with self._choosing:
                old = self.inner
                if old is not None and self._is_embedded() and choice.block.kind != "embedded":
                    self._take(choice)
                    await self._search.close(old)

    def _is_embedded(self) -> bool:
        return self.block is not None and self.block.kind == "embedded"

    async def _drop(self, inner: Connector) -> None:
        """Forget the choice, unless it was already replaced."""
        if self.inner is inner:
            self.inner = None
            await self._search.close(inner)


_LOST = (BackendUnavailable, BackendProtocolError, ModelError, ModelNotServed)


async def look(block: BackendSettings, urls: Sequence[str] = USUAL_URLS) -> Sequence[Found]:
    """Search this machine, or ask the server that ``backend.url`` names.

    Raises
    ------
    BackendUnavailable, BackendTimeout
        The server that ``backend.url`` names is stopped or too busy, so it cannot be recognised.

    """
    if block.url is None:
        return await probe_all(urls)
    return [await probe_named(block.url, api_key=block.api_key, allowed_hosts=block.allowed_hosts)]


async def discover(block: BackendSettings, use: Purpose, found: Sequence[Found]) -> Choice:
    """Choose a backend among what was found.

    Raises
    ------
    BackendLoading
        The only available server is still loading its model.
    BackendUnavailable
        There is no model for next edits: no other one replaces it.

    """
    remarks = tuple(server.remark for server in found)
    memory, (title, made_for) = available_memory(), _USES[use]
    server_of: dict[AvailableModel, Found] = {}
    for server in found:
        for model in server.models:
            if block.model in {None, model.model} and _is_allowed(block, model.model):
                server_of.setdefault(model, server)
    # A model that is not loaded yet has to fit the memory, and a completion model has to be quick.
    most = min(memory * 7 // 10, _QUICK_BYTES) if use == "completion" else memory * 7 // 10
    chosen = choose(server_of, use, most_bytes=most)
    if chosen is not None:
        server = server_of[chosen]
        state = "is loaded" if chosen.loaded else "is installed"
        kind, url, model = server.kind, server.url, chosen.model
        why = f"{model} of {server.name}, since it {state} and {made_for}"
    elif block.url is not None and use != "next_edit":
        # The user named it, even if its models do not suit the use.
        kind, url, model = found[0].kind, block.url, block.model
        why = f"{url}, since backend.url names it"
    elif any(server.loading for server in found):
        raise BackendLoading(next(server.remark for server in found if server.loading))
    else:
        kind, url = "embedded", block.url
        model, why = await asyncio.to_thread(_file, block, use, memory)
    own = msgspec.structs.replace(block, kind=kind, url=url, model=model)
    return Choice(own, (*remarks, f"{title}: {why}"))


# Completion loads at most a model of 7B in four bits; the user may load a larger one.
_QUICK_BYTES = 5_000_000_000
_WITHOUT_GPU_BYTES = 1_000_000_000

_USES: Mapping[Purpose, tuple[str, str]] = {
    "completion": ("completion", "fills in the middle"),
    "chat": ("chat", "takes instructions"),
    "next_edit": ("next edits", "suggests next edits"),
}
"""The title of each use, and why a model suits it."""


def _file(block: BackendSettings, use: Purpose, memory: int) -> tuple[str | None, str]:
    """Return the weights that Homebody itself should run, and why."""
    if block.model is not None:
        return block.model, f"{block.model}, run by Homebody itself, since backend.model names it"
    mine = (model for model in installed_models() if _is_allowed(block, model.path.stem))
    if (newest := next(suited(mine, use), None)) is not None:
        return str(newest.path), f"{newest.path.stem}, run by Homebody itself, since it suits this use"
    if use == "next_edit":
        message = "no model for next edits was found on this machine"
        raise BackendUnavailable(message)
    # The published wheels use a GPU on Apple's processors only.
    most = memory // 4 if has_unified_memory() else min(memory // 4, _WITHOUT_GPU_BYTES)
    allowed = (model for model in all_models() if _is_allowed(block, model.path.stem))
    fitting = [facts for facts in suited(allowed, use) if facts.size <= most]
    if fitting:
        best = max(fitting, key=lambda facts: facts.size)
        fits = f"the largest suitable file that fits ({best.path})"
        return str(best.path), f"{best.name}, run by Homebody itself, {fits}"
    weights = models_dir() / DEFAULT_WEIGHTS
    # Named, so that both uses share one connection. Without the file, connecting says what to do.
    model = str(weights) if weights.is_file() else None
    return model, "the default weights, run by Homebody itself, since nothing better was found"


def _is_allowed(block: BackendSettings, model: str) -> bool:
    return not block.allowed_models or is_covered(model, block.allowed_models)

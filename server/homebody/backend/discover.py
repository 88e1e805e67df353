"""``auto``: looks for the model servers of this machine and takes the model that suits the use.

In: settings and the use. Out: a backend that chooses at its first call, and again when its choice goes
away; why it chose so stays readable (``reasons``).
Order: a loaded model that suits, one that is installed there but not loaded, a GGUF file found on this
machine, the default weights.
"""

import asyncio
import platform
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from homebody.backend.base import Backend, Message, ModelInfo, OnRead, Prompt, Sampling, Slot, Stats, Stream
from homebody.backend.choose import Candidate, choose
from homebody.backend.open import open_kind
from homebody.backend.probe import USUAL_PORTS, Found, probe, probe_all
from homebody.backend.state import check
from homebody.errors import (
    BackendLoading,
    BackendProtocolError,
    BackendUnavailable,
    HomebodyError,
    ModelError,
    ModelFileInvalid,
)
from homebody.host.machine import available_memory
from homebody.models.facts import Facts, read_facts
from homebody.models.library import DEFAULT_WEIGHTS, all_models, installed_models
from homebody.settings import BackendSettings, Settings

Result = TypeVar("Result")

LOOK_AGAIN_SECONDS = 60.0
"""While our own model answers for lack of a server, a request after so long looks for one again."""

USUAL_URLS = tuple(f"http://127.0.0.1:{port}" for port in USUAL_PORTS)


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen, as settings for that kind of backend, and why."""

    block: BackendSettings
    reasons: tuple[str, ...]


async def discover(block: BackendSettings, use: Slot, *, urls: Sequence[str] = USUAL_URLS) -> Choice:
    """Look at this machine and choose.

    Raises
    ------
    BackendLoading
        The only server that is there still loads its model.

    """
    if block.url is not None:
        named = await probe(block.url, api_key=block.api_key, allowed_hosts=block.allowed_hosts)
        found = [named] if named is not None else []
    else:
        found = await probe_all(urls)
    remarks = tuple(server.remark for server in found)
    memory = available_memory()
    candidates = [c for server in found for c in server.candidates if block.model in {None, c.model}]
    # What is not loaded yet has to fit, and a model that completes has to be quick.
    most = min(memory * 7 // 10, _QUICK_BYTES) if use == "completion" else memory * 7 // 10
    chosen = choose(candidates, use, most_bytes=most)
    if chosen is not None:
        return _server_choice(block, chosen, use, remarks)
    if block.url is not None:
        return _named_choice(block, found)
    if any(server.loading for server in found):
        raise BackendLoading(next(server.remark for server in found if server.loading))
    return await asyncio.to_thread(_file_choice, block, use, remarks, memory)


class AutoBackend:
    """Chooses at its first call, delegates, and chooses again when its choice goes away.

    Attributes
    ----------
    reasons
        What was found and why this was taken, one sentence each; empty before the first call.

    """

    def __init__(
        self,
        block: BackendSettings,
        settings: Settings,
        *,
        use: Slot,
        urls: Sequence[str] = USUAL_URLS,
        look_again_seconds: float = LOOK_AGAIN_SECONDS,
    ) -> None:
        self._block = block
        self._settings = settings
        self._use: Slot = use
        self._urls = urls
        self._look_again_seconds = look_again_seconds
        self._inner: Backend | None = None
        self._choice: Choice | None = None
        self._looked = 0.0
        self._choosing = asyncio.Lock()
        self._again: asyncio.Task[None] | None = None

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why this backend was chosen."""
        return self._choice.reasons if self._choice is not None else ()

    async def describe(self) -> ModelInfo:
        """Say what is served."""
        return await self._call(lambda inner: inner.describe())

    async def check(self) -> None:
        """Ask whether the chosen server is there; our own model is started again when it is needed."""
        if self._inner is not None and not self._is_own():
            await self._call(check)

    async def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text."""
        return await self._call(lambda inner: inner.count(texts))

    async def count_prompt(self, prompt: Prompt) -> int:
        """Tokens of the prompt as it would be sent."""
        return await self._call(lambda inner: inner.count_prompt(prompt))

    async def render_chat(self, messages: Sequence[Message]) -> Prompt:
        """Put messages into the model's chat template."""
        return await self._call(lambda inner: inner.render_chat(messages))

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
            self._stream(lambda inner: inner.complete(prompt, sampling, slot=slot, on_read=on_read))
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
            self._stream(lambda inner: inner.chat(messages, sampling, slot=slot, on_read=on_read))
        ) as stream:
            async for item in stream:
                yield item

    async def warm(
        self, prompt: Prompt, *, tokens: int | None = None, slot: Slot | None = "completion"
    ) -> Stats:
        """Read the prompt into the server's cache."""
        return await self._call(lambda inner: inner.warm(prompt, tokens=tokens, slot=slot))

    async def aclose(self) -> None:
        """Give back connections and end what was started."""
        if self._again is not None:
            self._again.cancel()
            with suppress(asyncio.CancelledError):
                await self._again
        await self._drop()

    async def _call(self, call: Callable[[Backend], Awaitable[Result]]) -> Result:
        inner = await self._chosen()
        try:
            return await call(inner)
        except BackendLoading:
            raise
        except _GONE:
            await self._drop(inner)
            raise

    async def _stream(self, start: Callable[[Backend], Stream]) -> Stream:
        inner = await self._chosen()
        try:
            async with aclosing(start(inner)) as stream:
                async for item in stream:
                    yield item
        except BackendLoading:
            raise
        except _GONE:
            await self._drop(inner)
            raise

    async def _chosen(self) -> Backend:
        async with self._choosing:
            if self._inner is None:
                await self._choose()
            elif self._is_own() and time.monotonic() - self._looked > self._look_again_seconds:
                self._looked = time.monotonic()
                self._again = asyncio.create_task(self._look_again())
            if self._inner is None:
                message = "no model was found on this machine"
                raise BackendUnavailable(message)
            return self._inner

    async def _choose(self) -> None:
        choice = await discover(self._block, self._use, urls=self._urls)
        self._looked = time.monotonic()
        self._inner = open_kind(choice.block.kind, choice.block, self._settings, self._use)
        self._choice = choice

    async def _look_again(self) -> None:
        """Change from our own model to a server that came up meanwhile."""
        with suppress(HomebodyError):
            choice = await discover(self._block, self._use, urls=self._urls)
            async with self._choosing:
                if choice.block.kind != "embedded" and self._is_own():
                    old = self._inner
                    self._inner = open_kind(choice.block.kind, choice.block, self._settings, self._use)
                    self._choice = choice
                    if old is not None:
                        await old.aclose()

    def _is_own(self) -> bool:
        return self._choice is not None and self._choice.block.kind == "embedded"

    async def _drop(self, inner: Backend | None = None) -> None:
        """Forget the choice, unless another was made meanwhile."""
        if self._inner is not None and inner in {None, self._inner}:
            old, self._inner = self._inner, None
            await old.aclose()


_GONE = (BackendUnavailable, BackendProtocolError, ModelError)
# A model of 7B in four bits, and nothing larger, for completion that was not loaded by the user.
_QUICK_BYTES = 5_000_000_000
_WITHOUT_GPU_BYTES = 1_000_000_000


def _server_choice(block: BackendSettings, chosen: Candidate, use: Slot, remarks: tuple[str, ...]) -> Choice:
    state = "is loaded" if chosen.loaded else "is installed"
    made_for = "fills in the middle" if use == "completion" else "takes instructions"
    reason = f"{use}: {chosen.model} of {chosen.server}, since it {state} and {made_for}"
    replaced = msgspec.structs.replace(block, kind=chosen.kind, url=chosen.url, model=chosen.model)
    return Choice(replaced, (*remarks, reason))


def _named_choice(block: BackendSettings, found: Sequence[Found]) -> Choice:
    """Return the server that the user named, whatever it is good for."""
    remarks = tuple(server.remark for server in found)
    kinds = [candidate.kind for server in found for candidate in server.candidates]
    kind = kinds[0] if kinds else "openai"
    reason = f"{block.url}, since backend.url names it"
    return Choice(msgspec.structs.replace(block, kind=kind), (*remarks, reason))


def _file_choice(block: BackendSettings, use: Slot, remarks: tuple[str, ...], memory: int) -> Choice:
    """Return the embedded model with weights of the user's, found weights, or the default ones."""
    own = msgspec.structs.replace(block, kind="embedded")
    if block.model is not None:
        return Choice(
            own, (*remarks, f"{use}: {block.model} in our own process, since backend.model names it")
        )
    for model in installed_models():
        facts = _facts(model.path) if model.path.name != DEFAULT_WEIGHTS else None
        if facts is not None and _suits(facts, use):
            return Choice(
                own, (*remarks, f"{use}: {model.name} in our own process, since it was installed for that")
            )
    most = memory // 4 if _has_gpu() else min(memory // 4, _WITHOUT_GPU_BYTES)
    found = [_facts(model.path) for model in all_models() if model.path.name != DEFAULT_WEIGHTS]
    fitting = [facts for facts in found if facts is not None and _suits(facts, use) and facts.size <= most]
    best = max(fitting, key=lambda facts: facts.size, default=None)
    if best is not None:
        reason = (
            f"{use}: {best.name} in our own process, the largest suitable file found that fits ({best.path})"
        )
        return Choice(msgspec.structs.replace(own, model=str(best.path)), (*remarks, reason))
    return Choice(
        own, (*remarks, f"{use}: the default weights in our own process, since nothing better was found")
    )


def _suits(facts: Facts, use: Slot) -> bool:
    return facts.fim is not None if use == "completion" else facts.chat_template


def _facts(path: Path) -> Facts | None:
    try:
        return read_facts(path)
    except (ModelFileInvalid, OSError):
        return None


def _has_gpu() -> bool:
    """Whether our own process would use one: the published wheels do on Apple's processors alone."""
    return sys.platform == "darwin" and platform.machine() == "arm64"

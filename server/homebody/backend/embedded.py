"""The embedded model: llama.cpp's API spoken to our own host process, which is started when needed.

In: a ``Prompt`` or chat messages, as for every backend. Out: the same streams.
The host may end at any time, by a crash or for lack of work: the next request finds or starts another
and succeeds. Knows nothing of how hosts are found (``find_host``) or run (``host``).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from homebody.backend.base import Message, ModelInfo, OnRead, Piece, Prompt, Sampling, Slot, Stats, Stream
from homebody.backend.find_host import HostFinder
from homebody.backend.servers.llama_cpp import LlamaCppBackend
from homebody.errors import BackendLoading, BackendUnavailable, ModelFileInvalid
from homebody.host.options import HostOptions
from homebody.models.facts import read_special_texts
from homebody.models.library import resolve
from homebody.settings import BackendSettings, Settings

Result = TypeVar("Result")


def open_embedded(block: BackendSettings, settings: Settings, *, use: Slot) -> "EmbeddedBackend":
    """Make the backend that the settings describe; nothing is started before its first call."""
    return EmbeddedBackend(
        lambda: HostOptions(
            model=resolve(block.model, use),
            context_length=block.context_length,
            threads=settings.embedded.threads,
            idle_minutes=settings.embedded.idle_minutes,
        ),
        timeout_seconds=block.timeout_seconds,
    )


class EmbeddedBackend:
    """The model in a host process of ours.

    Parameters
    ----------
    options
        What to run; asked at each start, since weights may be installed or removed meanwhile. May
        raise ``ModelError``.
    timeout_seconds
        Longest silence of the host, before an answer and between pieces.
    loading_seconds
        How long a call waits for a host that is being started before it raises ``BackendLoading``;
        the start goes on.

    """

    def __init__(
        self,
        options: Callable[[], HostOptions],
        *,
        timeout_seconds: float = 120.0,
        loading_seconds: float = 3.0,
    ) -> None:
        self._finder = HostFinder(options)
        self._timeout_seconds = timeout_seconds
        self._loading_seconds = loading_seconds
        self._client: LlamaCppBackend | None = None
        self._starting: asyncio.Task[LlamaCppBackend] | None = None
        self._architecture: str | None = None
        self._model: Path | None = None
        self._special_texts: frozenset[str] | None = None
        self._named = ""
        self.reasons: tuple[str, ...] = ()

    async def describe(self) -> ModelInfo:
        """Say what is served, under the name of the file: that is how ``homebody models`` knows it."""
        info = await self._call(lambda client: client.describe())
        if info.fim is None and self._special_texts is None and self._model is not None:
            # Codestral's files and Seed-Coder's name no markers, and have them.
            self._special_texts = await asyncio.to_thread(_special_texts, self._model)
        return replace(
            info,
            architecture=self._architecture,
            name=self._named or info.name,
            special_texts=self._special_texts or frozenset(),
        )

    async def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text by itself; one round trip."""
        return await self._call(lambda client: client.count(texts))

    async def count_prompt(self, prompt: Prompt) -> int:
        """Tokens of the prompt as it would be sent, BOS included."""
        return await self._call(lambda client: client.count_prompt(prompt))

    async def render_chat(self, messages: Sequence[Message]) -> Prompt:
        """Put messages into the model's chat template."""
        return await self._call(lambda client: client.render_chat(messages))

    def complete(
        self,
        prompt: Prompt,
        sampling: Sampling,
        *,
        slot: Slot | None = "completion",
        on_read: OnRead | None = None,
    ) -> Stream:
        """Continue the prompt."""
        return self._stream(lambda client: client.complete(prompt, sampling, slot=slot, on_read=on_read))

    def chat(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        *,
        slot: Slot | None = "chat",
        on_read: OnRead | None = None,
    ) -> Stream:
        """Answer the last message."""
        return self._stream(lambda client: client.chat(messages, sampling, slot=slot, on_read=on_read))

    async def warm(
        self, prompt: Prompt, *, tokens: int | None = None, slot: Slot | None = "completion"
    ) -> Stats:
        """Read the prompt into the host's cache."""
        return await self._call(lambda client: client.warm(prompt, tokens=tokens, slot=slot))

    async def aclose(self) -> None:
        """Close all connections, and leave the host to others; one of our own ends."""
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.wait([self._starting])
        if self._client is not None:
            await self._client.aclose()
        await self._finder.aclose()

    async def _call(self, call: Callable[[LlamaCppBackend], Awaitable[Result]]) -> Result:
        client = await self._ready()
        try:
            return await call(client)
        except BackendLoading:
            raise
        except BackendUnavailable:
            return await call(await self._after(client))

    async def _stream(self, start: Callable[[LlamaCppBackend], Stream]) -> Stream:
        client = await self._ready()
        begun = False
        try:
            async with aclosing(start(client)) as stream:
                async for item in stream:
                    begun = begun or isinstance(item, Piece)
                    yield item
        except BackendUnavailable as error:
            # What was shown cannot be taken back; before that, the same request goes to the next host.
            if begun:
                message = (
                    f"the embedded model{self._finder.name} ended in the middle of its answer: "
                    "ask again, it is started anew"
                )
                raise BackendUnavailable(message) from error
        else:
            return
        async with aclosing(start(await self._after(client))) as stream:
            async for item in stream:
                yield item

    async def _after(self, lost: LlamaCppBackend) -> LlamaCppBackend:
        """Return the client of the host that follows on ``lost``."""
        if self._client is lost:
            self._client = None
            await lost.aclose()
        return await self._ready()

    async def _ready(self) -> LlamaCppBackend:
        """Return the client of a host that answers; start one where there is none."""
        if self._client is not None:
            return self._client
        if self._starting is None or self._starting.done():
            self._starting = asyncio.create_task(self._start())
            # Whoever waited may have been cancelled: then nobody asks for the error.
            self._starting.add_done_callback(lambda task: task.cancelled() or task.exception())
        starting = self._starting
        try:
            return await asyncio.wait_for(asyncio.shield(starting), self._loading_seconds)
        except TimeoutError as error:
            message = f"the embedded model{self._finder.name} is being loaded: ask again in a moment"
            raise BackendLoading(message) from error

    async def _start(self) -> LlamaCppBackend:
        ready = await self._finder.find()
        self._architecture = ready.architecture
        self._model, self._special_texts = Path(ready.model), None
        self._named = self._model.stem
        self.reasons = (ready.note,) if ready.note else ()
        self._client = LlamaCppBackend(
            f"http://127.0.0.1:{ready.port}",
            api_key=ready.api_key,
            timeout_seconds=self._timeout_seconds,
            kind="embedded",
        )
        return self._client


def _special_texts(model: Path) -> frozenset[str]:
    """Those of the file; none where it went away after it was loaded."""
    try:
        return read_special_texts(model)
    except ModelFileInvalid:
        return frozenset()

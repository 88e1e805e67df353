"""What the backends have in common whose servers take prompts as strings.

In: a ``Prompt`` or chat messages. Out: pieces, then stats, out of what a server's own class streams.
There, text of the user's that looks like a marker acts as one: ``ModelInfo.special_texts`` says which
texts do, and the context leaves such lines out.
Knows nothing of any API.
"""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import ClassVar, TypeAlias

import msgspec

from homebody.backend.answer import Answer
from homebody.backend.base import (
    Message,
    ModelInfo,
    OnRead,
    Piece,
    Prompt,
    Sampling,
    Slot,
    Stats,
    Stream,
    Text,
)
from homebody.backend.estimate import TokenEstimate
from homebody.backend.http import ModelServer
from homebody.backend.stops import split_stops
from homebody.errors import (
    BackendProtocolError,
    BackendRefused,
    BackendTimeout,
    BackendUnavailable,
    ContextTooLong,
)

Deltas: TypeAlias = AsyncGenerator[Piece | Stats]


@dataclass(frozen=True, slots=True)
class Job:
    """One completion as a server's class sends it.

    ``forced`` is text that the answer has to begin with; servers that cannot see to it leave it out.
    """

    text: str
    stop: tuple[str, ...]
    sampling: Sampling
    forced: str = ""


class StringBackend(ABC):
    """One model server that takes strings.

    A server's class says what is served (``_ask``), and streams (``_generate``, ``_converse``).

    Attributes
    ----------
    estimate
        Counts, scaled by what the server said of earlier prompts.
    keeps_prompts
        Whether the server keeps what it read for a prompt that begins alike. Where that is not sure,
        reading ahead in pieces might read everything again at each piece.

    """

    keeps_prompts: ClassVar[bool] = False

    def __init__(self, server: ModelServer, *, model: str | None, context_length: int | None) -> None:
        self._server = server
        self._model = model
        self._context_length = context_length
        self.estimate = TokenEstimate()
        self._info: ModelInfo | None = None
        self._heard = 0.0
        self._asking = asyncio.Lock()

    @abstractmethod
    async def _ask(self) -> ModelInfo:
        """Ask the server what it serves."""

    @abstractmethod
    def _generate(self, info: ModelInfo, job: Job) -> Deltas:
        """Stream the continuation of ``job.text``."""

    @abstractmethod
    def _converse(self, info: ModelInfo, messages: Sequence[Message], sampling: Sampling) -> Deltas:
        """Stream the answer to the last message, without ``reasoning_content``."""

    async def describe(self) -> ModelInfo:
        """Say what is served; asked again after the server failed, or after a while of silence."""
        async with self._asking:
            if self._info is None or time.monotonic() - self._heard > _TRUST_SECONDS:
                async with self._forgetting():
                    self._info = await self._ask()
            return self._info

    async def check(self) -> None:
        """Ask for the list of models, which loads none."""
        with suppress(BackendRefused):
            async with self._forgetting():
                await self._server.get("/v1/models", msgspec.Raw)

    async def count(self, texts: Sequence[str]) -> list[int]:
        """Estimate the tokens of each text; no request is made."""
        return [self.estimate.count(text) for text in texts]

    async def count_prompt(self, prompt: Prompt) -> int:
        """Estimate the tokens of the whole prompt."""
        return self.estimate.count_prompt(prompt)

    async def render_chat(self, messages: Sequence[Message]) -> Prompt:
        """Refuse: the server renders the chat template itself. Use ``chat``.

        Raises
        ------
        BackendRefused
            Always.

        """
        del messages
        message = f"the server at {self._server.url} does not show its chat template; use its chat"
        raise BackendRefused(message)

    async def complete(
        self,
        prompt: Prompt,
        sampling: Sampling,
        *,
        slot: Slot | None = "completion",
        on_read: OnRead | None = None,
    ) -> Stream:
        """Continue the prompt.

        Without a grammar nothing can be forced: an answer that does not begin with ``prompt.forced``
        is dropped, and the prompt sent once more with the forced text at its end.
        """
        del on_read  # these servers do not report it
        info = await self.describe()
        tokens = await self._admit(info, prompt)
        sampling = replace(sampling, max_tokens=min(sampling.max_tokens, info.context_length - tokens))
        thoughts = prompt.text if prompt.is_chat or slot == "chat" else None
        theirs, ours = split_stops(prompt.stop, prompt.forced)
        answer = Answer(forced=prompt.forced, stops=ours, thoughts=thoughts)
        job = Job(prompt.text, theirs, sampling, prompt.forced)
        async with aclosing(self._pieces(self._generate(info, job), answer, sampling)) as stream:
            async for item in stream:
                yield self._checked(info, prompt.text, item)
        if answer.went_astray:
            answer = Answer(thoughts=thoughts)
            job = Job(prompt.text + prompt.forced, prompt.stop, sampling)
            async with aclosing(self._pieces(self._generate(info, job), answer, sampling)) as stream:
                async for item in stream:
                    yield self._checked(info, job.text, item)

    async def chat(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        *,
        slot: Slot | None = "chat",
        on_read: OnRead | None = None,
    ) -> Stream:
        """Answer the last message, thoughts left out."""
        del slot, on_read  # one cache, and nothing is reported while it is read
        info = await self.describe()
        text = "\n".join(message.text for message in messages)
        tokens = await self._admit(info, Prompt((Text(text),))) + _FRAME_TOKENS * len(messages)
        sampling = replace(
            sampling, max_tokens=max(1, min(sampling.max_tokens, info.context_length - tokens))
        )
        deltas = self._converse(info, messages, sampling)
        async with aclosing(self._pieces(deltas, Answer(thoughts=""), sampling)) as stream:
            async for item in stream:
                yield self._checked(info, text, item)

    async def warm(
        self, prompt: Prompt, *, tokens: int | None = None, slot: Slot | None = "completion"
    ) -> Stats:
        """Read the prompt into the server's cache, at the price of one token that is dropped.

        A beginning of it (``tokens``) is as much of the text as its share of all tokens.
        """
        stats = Stats(None, None, None, None, None, None, "length")
        if tokens is not None:
            if not self.keeps_prompts:
                return stats
            prompt = Prompt((Text(await self._beginning(prompt, tokens)),))
        single = Sampling(max_tokens=1)
        async with aclosing(self.complete(replace(prompt, forced=""), single, slot=slot)) as stream:
            async for item in stream:
                if isinstance(item, Stats):
                    stats = item
        return replace(stats, output_tokens=0)

    def forget(self) -> None:
        """Ask the server anew at the next request."""
        self._info = None

    async def aclose(self) -> None:
        """Close all connections."""
        await self._server.aclose()

    async def _beginning(self, prompt: Prompt, tokens: int) -> str:
        """Return the share of the prompt's text that so many tokens are of all."""
        total = await self.count_prompt(prompt)
        return prompt.text if tokens >= total else prompt.text[: len(prompt.text) * tokens // total]

    async def _admit(self, info: ModelInfo, prompt: Prompt) -> int:
        """Return the prompt's tokens, or refuse a prompt that the server would have to cut."""
        tokens = await self.count_prompt(prompt)
        if tokens >= info.context_length:
            message = (
                f"the prompt has about {tokens} tokens and the server at {self._server.url} serves "
                f"{info.context_length}; nothing was sent"
            )
            raise ContextTooLong(message)
        return tokens

    async def _pieces(self, deltas: Deltas, answer: Answer, sampling: Sampling) -> Deltas:
        """Filter what the server streams; an answer always ends in stats, or in an error."""
        output = 0
        async with self._forgetting(), aclosing(deltas):
            async for item in deltas:
                if isinstance(item, Stats):
                    if rest := answer.finish():
                        yield Piece(rest)
                    yield item
                    return
                output += 1
                text = answer.feed(item.text)
                if answer.went_astray:
                    return
                if text:
                    yield Piece(text, item.logprob)
                if answer.stopped or output > sampling.max_tokens + _SLACK:
                    finish = "stop" if answer.stopped else "length"
                    yield Stats(None, None, None, output, None, None, finish)
                    return
            message = f"the server at {self._server.url} went away in the middle of an answer: ask again"
            raise BackendUnavailable(message)

    def _checked(self, info: ModelInfo, text: str, item: Piece | Stats) -> Piece | Stats:
        """Compare the server's own count with ours: a prompt that fills the context was cut."""
        if isinstance(item, Piece) or item.prompt_tokens is None:
            return item
        self.estimate.learn(text, item.prompt_tokens)
        cut = item.truncated or item.prompt_tokens >= info.context_length
        return replace(item, truncated=cut)

    @asynccontextmanager
    async def _forgetting(self) -> AsyncGenerator[None]:
        """Note that the server lives, or forget what is known of one that failed."""
        try:
            yield
        except (BackendUnavailable, BackendProtocolError, BackendTimeout):
            self.forget()
            raise
        self._heard = time.monotonic()


# Tokens of a chat template around each message, more than any known one takes.
_FRAME_TOKENS = 12
# An answer may be this many pieces longer than was asked for before it counts as endless.
_SLACK = 16
# Silence after which one asks whether it is still the same server with the same model.
_TRUST_SECONDS = 30.0

"""What all model servers have in common: describe, admit, filter and check an answer.

In: a ``Prompt`` or chat messages. Out: pieces, then stats, out of what a server's own class streams.
A server's class says what is served (``_ask``) and streams (``_generate``); ``StringBackend`` is for
servers that take prompts as strings.
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
    FinishReason,
    Marker,
    Message,
    ModelInfo,
    OnRead,
    Piece,
    Prompt,
    PromptRead,
    ReadProgress,
    Sampling,
    SlotChoice,
    Stats,
    Stream,
    Text,
)
from homebody.backend.http import ModelServer
from homebody.backend.patience import Patience
from homebody.backend.reasoning import ReasoningFilter, closes_at_end
from homebody.backend.stops import split_stops
from homebody.errors import (
    BackendFailed,
    BackendProtocolError,
    BackendRefused,
    BackendTimeout,
    BackendUnavailable,
    ContextTooLong,
)
from homebody.models.families import Thinking, thinking_of
from homebody.tokens import TokenEstimate, frame_tokens


@dataclass(frozen=True, slots=True)
class Thought:
    """A piece of reasoning that the server sends apart from the answer; nobody gets to see it."""


Deltas: TypeAlias = AsyncGenerator[Piece | Thought | Stats]


def _ignore(_progress: ReadProgress) -> None:
    """Reading progress that nobody asked for."""


@dataclass(frozen=True, slots=True)
class Job:
    """One completion as a server's class sends it.

    Attributes
    ----------
    prompt
        Its ``forced`` is text that the answer has to begin with; servers that cannot make the model do
        so leave it out.
    tokens
        Of the prompt.
    stop
        Stop texts that the server watches.
    sampling
        With as many tokens as there is room for.
    patience
        Told of each text that comes; ``None`` before the prompt was admitted.

    """

    prompt: Prompt
    sampling: Sampling
    stop: tuple[str, ...] = ()
    slot: SlotChoice = None
    on_read: OnRead = _ignore
    tokens: int = 0
    patience: Patience | None = None


class ServerBackend(ABC):
    """One model on one server.

    Parameters
    ----------
    model
        As the server names it; ``None``: the server's class chooses one.
    context_length
        Use at most this many tokens; ``None``: what the server serves.

    """

    watches_stops: ClassVar[bool] = False
    """Whether all stop texts are watched here too, for servers that may refuse some."""

    def __init__(self, server: ModelServer, *, model: str | None, context_length: int | None) -> None:
        self._server = server
        self._model: str | None = model
        self._context_length = context_length
        self._info: ModelInfo | None = None
        self._heard = 0.0
        self._asking = asyncio.Lock()

    @property
    def most_stops(self) -> int | None:
        """Stop texts that the server takes at most; the others are watched here. ``None``: any number."""
        return None

    @abstractmethod
    async def _ask(self) -> ModelInfo:
        """Ask the server what it serves."""

    @abstractmethod
    def _generate(self, info: ModelInfo, job: Job) -> Deltas:
        """Stream the continuation of ``job.prompt``."""

    @abstractmethod
    async def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text."""

    @abstractmethod
    async def count_prompt(self, prompt: Prompt) -> int:
        """Tokens of the prompt as it would be sent."""

    async def describe(self) -> ModelInfo:
        """Say what is served; asked again after the server failed, and after half a minute of silence."""
        async with self._asking:
            if self._info is None or time.monotonic() - self._heard > _TRUST_SECONDS:
                async with self._watched():
                    self._info = await self._ask()
            return self._info

    async def check(self) -> None:
        """Ask for the list of models, which loads none and needs no slot."""
        with suppress(BackendRefused):
            async with self._watched():
                await self._server.get("/v1/models", msgspec.Raw)

    async def complete(
        self,
        prompt: Prompt,
        sampling: Sampling,
        *,
        slot: SlotChoice = "completion",
        on_read: OnRead | None = None,
    ) -> Stream:
        """Continue the prompt; reasoning text is left out of chats.

        An answer that does not begin with ``prompt.forced`` is dropped, and the prompt sent once more
        with the forced text at its end.
        """
        info = await self.describe()
        is_chat = prompt.is_chat or slot == "chat"
        theirs, ours = self._split_stops(prompt)
        answer = Answer(forced=prompt.forced, stops=ours, thoughts=_filter(prompt) if is_chat else None)
        asked = Job(prompt, sampling, theirs, slot, on_read or _ignore)
        job = await self._admit(info, asked)
        async with aclosing(self._pieces(info, job, self._generate(info, job), answer)) as stream:
            async for item in stream:
                yield item
        if answer.went_astray:
            prompt = replace(prompt, parts=(*prompt.parts, Text(prompt.forced)), forced="")
            theirs, ours = self._split_stops(prompt)
            job = await self._admit(info, replace(asked, prompt=prompt, stop=theirs))
            answer = Answer(stops=ours, thoughts=_filter(prompt) if is_chat else None)
            async with aclosing(self._pieces(info, job, self._generate(info, job), answer)) as stream:
                async for item in stream:
                    yield item

    def forget(self) -> None:
        """Ask the server again at the next request."""
        self._info = None

    async def aclose(self) -> None:
        """Close all connections."""
        await self._server.aclose()

    def _split_stops(self, prompt: Prompt) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the stop texts that the server watches, and those that are watched here."""
        theirs, ours = split_stops(prompt.stop, prompt.forced, self.most_stops)
        return theirs, (prompt.stop if self.watches_stops else ours)

    async def _admit(self, info: ModelInfo, job: Job) -> Job:
        """Count the prompt, and ask for no more tokens than there is room for.

        Raises
        ------
        ContextTooLong
            The server would have to cut the prompt.

        """
        tokens = await self.count_prompt(job.prompt)
        if tokens >= info.context_length:
            about = "" if info.exact_tokenizer else "about "
            message = (
                f"the prompt has {about}{tokens} tokens and the server at {self._server.url} serves "
                f"{info.context_length}; nothing was sent"
            )
            raise ContextTooLong(message)
        most = min(_wanted(info, job.prompt, job.sampling), info.context_length - tokens)
        patience = Patience(self._server.timeout_seconds, most)
        return replace(job, tokens=tokens, sampling=replace(job.sampling, max_tokens=most), patience=patience)

    async def _pieces(self, info: ModelInfo, job: Job, deltas: Deltas, answer: Answer) -> Stream:
        """Filter what the server streams; an answer always ends in stats, or in an error."""
        output = 0
        shown = False
        async with self._watched(), aclosing(deltas):
            async for item in deltas:
                if isinstance(item, Stats):
                    if rest := answer.finish():
                        yield Piece(rest)
                    yield self._checked(info, job, item)
                    return
                output += 1
                if job.patience is not None:
                    job.patience.heard()
                if isinstance(item, Thought):
                    answer.reasons_apart()
                    text = ""
                else:
                    text = answer.feed(item.text)
                if answer.went_astray:
                    return
                if text and isinstance(item, Piece):
                    yield replace(item, text=text, read=None if shown else item.read)
                    shown = True
                if answer.stopped or output > job.sampling.max_tokens + _SLACK:
                    finish: FinishReason = "stop" if answer.stopped else "length"
                    read = item.read if isinstance(item, Piece) else None
                    yield _stats_of_cut(info, job, output, read, finish)
                    return
            message = f"the server at {self._server.url} went away in the middle of an answer: ask again"
            raise BackendFailed(message)

    def _checked(self, info: ModelInfo, job: Job, stats: Stats) -> Stats:
        """Compare the server's own counts with ours."""
        del info, job
        return stats

    @asynccontextmanager
    async def _watched(self) -> AsyncGenerator[None]:
        """Note that the server answers, or forget what is known of one that failed."""
        try:
            yield
        except (BackendUnavailable, BackendProtocolError, BackendTimeout):
            self.forget()
            raise
        self._heard = time.monotonic()


class StringBackend(ServerBackend):
    """One model on a server that takes prompts as strings.

    There, text of the user's that looks like a marker acts as one: ``ModelInfo.special_texts`` says
    which texts do, and the context leaves such lines out.

    Attributes
    ----------
    estimate
        Token counts, scaled by what the server reported for earlier prompts.
    keeps_prompts
        Whether the server keeps what it read for a prompt that begins alike. Where that is not sure,
        reading ahead in pieces might read everything again at each piece.

    """

    keeps_prompts: ClassVar[bool] = False

    def __init__(self, server: ModelServer, *, model: str | None, context_length: int | None) -> None:
        super().__init__(server, model=model, context_length=context_length)
        self.estimate = TokenEstimate()

    @abstractmethod
    def _converse(self, info: ModelInfo, messages: Sequence[Message], job: Job) -> Deltas:
        """Stream the answer to the last message, without reasoning that comes in a field of its own."""

    async def count(self, texts: Sequence[str]) -> list[int]:
        """Estimate the tokens of each text; no request is made."""
        return [self.estimate.count(text) for text in texts]

    async def count_prompt(self, prompt: Prompt) -> int:
        """Estimate the tokens of the whole prompt; each marker is one, and a BOS may come in front."""
        texts = "".join(part.text for part in prompt.parts if isinstance(part, Text))
        markers = sum(frame_tokens(part.text) for part in prompt.parts if isinstance(part, Marker))
        return 1 + markers + self.estimate.count(texts)

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

    async def chat(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        *,
        slot: SlotChoice = "chat",
        on_read: OnRead | None = None,
    ) -> Stream:
        """Answer the last message, reasoning left out; these servers have one cache and report no reading."""
        info = await self.describe()
        prompt = Prompt((Text("\n".join(message.text for message in messages)),), is_chat=True)
        job = await self._admit(info, Job(prompt, sampling, (), slot, on_read or _ignore))
        room = info.context_length - job.tokens - FRAME_TOKENS * len(messages)
        most = max(1, min(job.sampling.max_tokens, room))
        job = replace(job, sampling=replace(job.sampling, max_tokens=most))
        deltas = self._converse(info, messages, job)
        always = thinking_of(info.name) is Thinking.ALWAYS
        # Its template opens the thought, which only the server sees.
        thoughts = ReasoningFilter("</think>" if always else None, is_certain=False)
        async with aclosing(self._pieces(info, job, deltas, Answer(thoughts=thoughts))) as stream:
            async for item in stream:
                yield item

    async def warm(
        self, prompt: Prompt, *, tokens: int | None = None, slot: SlotChoice = "completion"
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

    async def _beginning(self, prompt: Prompt, tokens: int) -> str:
        """Return the share of the prompt's text that so many tokens are of all."""
        total = await self.count_prompt(prompt)
        return prompt.text if tokens >= total else prompt.text[: len(prompt.text) * tokens // total]

    def _checked(self, info: ModelInfo, job: Job, stats: Stats) -> Stats:
        """Correct the estimate by the server's count; a prompt that fills the context was cut."""
        if stats.prompt_tokens is None:
            return stats
        self.estimate.learn(job.prompt.text, stats.prompt_tokens)
        cut = stats.truncated or stats.prompt_tokens >= info.context_length
        return replace(stats, truncated=cut)


FRAME_TOKENS = 12
"""Tokens of a chat template around each message, more than any known one takes."""

THOUGHT_TOKENS = 2048
"""Tokens that a model which cannot be kept from reasoning gets for it, beside those of the answer."""

# An answer may be this many pieces longer than was asked for before it counts as endless.
_SLACK = 16
# Seconds of silence after which the server is asked again which model it serves.
_TRUST_SECONDS = 30.0


def _filter(prompt: Prompt) -> ReasoningFilter:
    """Return the filter for a rendered chat, whose template may have opened a thought at its end."""
    last = prompt.parts[-1] if prompt.parts else None
    return ReasoningFilter(closes_at_end(last.text) if isinstance(last, Marker) else None)


def _wanted(info: ModelInfo, prompt: Prompt, sampling: Sampling) -> int:
    """Tokens to ask for: those of the forced text and of thoughts that cannot be avoided are added."""
    # Most tokens have three bytes or more.
    forced = -(-len(prompt.forced.encode()) // 3)
    thinks = prompt.is_chat and thinking_of(info.name) in {Thinking.LEAST, Thinking.ALWAYS}
    return sampling.max_tokens + forced + (THOUGHT_TOKENS if thinks else 0)


def _stats_of_cut(
    info: ModelInfo, job: Job, output: int, read: PromptRead | None, finish: FinishReason
) -> Stats:
    """Return the stats of an answer that was ended here, for which the server sends none."""
    return Stats(
        prompt_tokens=job.tokens if info.exact_tokenizer else None,
        evaluated_tokens=read.evaluated_tokens if read else None,
        reused_tokens=read.reused_tokens if read else None,
        output_tokens=output,
        prompt_ms=read.milliseconds if read else None,
        output_ms=None,
        finish=finish,
    )

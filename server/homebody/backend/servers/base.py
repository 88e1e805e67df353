"""Common base of all model servers: describes the model, admits prompts, filters and checks answers.

A subclass describes the served model (``_ask``) and streams (``_generate``).
"""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from typing import ClassVar, TypeAlias

from homebody.backend.answer import Answer, opened_at_end, partial_match
from homebody.backend.base import (
    Backend,
    Job,
    Marker,
    ModelInfo,
    Piece,
    Prompt,
    Purpose,
    Sampling,
    Stats,
    Stream,
    Text,
)
from homebody.backend.choose import AvailableModel
from homebody.backend.http import ModelServer, Patience
from homebody.errors import (
    BackendFailed,
    BackendProtocolError,
    BackendRefused,
    BackendTimeout,
    BackendUnavailable,
    ContextTooLong,
    ModelNotServed,
)
from homebody.models.families import Thinking, family_of, thinking_notes
from homebody.settings import BackendSettings

Deltas: TypeAlias = AsyncGenerator[Piece | Stats]
"""What a server sends; of reasoning that it sends separately from the answer, a piece without text."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """A job that fits the context, as a subclass sends it.

    Attributes
    ----------
    prompt
        Its ``forced`` is the text that the answer has to begin with; servers that cannot enforce it ignore
        it.
    sampling
        Sampling, with ``max_tokens`` limited to the free context.
    stop
        Stop texts that are sent to the server.
    tokens
        Tokens of the prompt.
    patience
        Notified of each received text.

    """

    job: Job
    prompt: Prompt
    sampling: Sampling
    stop: tuple[str, ...]
    tokens: int
    patience: Patience


class ServerBackend(Backend, ABC):
    """One model on one server.

    Parameters
    ----------
    block
        The server and its model; ``url`` is set, and may end in ``/v1``. Without a ``model``, the subclass
        chooses one that suits ``use``.

    Attributes
    ----------
    most_stops
        Number of stop texts that are sent to the server; an answer ends at the others too.

    """

    most_stops: ClassVar[int | None] = None

    def __init__(self, block: BackendSettings, use: Purpose = "completion") -> None:
        url = block.url or ""
        self._server = ModelServer(
            url if url.startswith("unix:") else url.rstrip("/").removesuffix("/v1"),
            api_key=block.api_key,
            allowed_hosts=block.allowed_hosts,
            timeout_seconds=block.timeout_seconds,
        )
        self._block = block
        self._use: Purpose = use
        self._info: ModelInfo | None = None
        self._heard = 0.0
        self._asking = asyncio.Lock()

    @abstractmethod
    async def _ask(self) -> ModelInfo:
        """Request what this kind of server reports about the served model."""

    @abstractmethod
    def _generate(self, info: ModelInfo, sent: Admitted) -> Deltas:
        """Stream the continuation of ``sent.prompt``."""

    async def describe(self) -> ModelInfo:
        """Return the facts about the served model; requested again after a failure or 30 idle seconds."""
        async with self._asking:
            if self._info is None or time.monotonic() - self._heard > _TRUST_SECONDS:
                async with self._watched():
                    info = await self._ask()
                self._info = replace(
                    info,
                    url=self._server.url,
                    notes=(*info.notes, *thinking_notes(info.name)),
                )
            return self._info

    async def stream(self, job: Job) -> Stream:
        """Send one request; reasoning is left out of the answers to chats.

        An answer that does not begin with ``prompt.forced`` is dropped, and the prompt sent once more
        with the forced text at its end.
        """
        info, prompt = await self.describe(), job.prompt
        while True:
            answer = Answer(forced=prompt.forced, stops=prompt.stop, opened=_opened(job))
            sent = await self._admit(info, job, prompt)
            async with aclosing(self._pieces(info, sent, answer)) as stream:
                async for item in stream:
                    yield item
            if not answer.went_astray:
                return
            prompt = replace(prompt, parts=(*prompt.parts, Text(prompt.forced)), forced="")

    def _pick(self, candidates: Sequence[AvailableModel], server: str, *, advice: str) -> str:
        """Return the name of the model that the settings name, or of the one that suits the use best.

        Otherwise that of a loaded one, otherwise any. Raises ``ModelNotServed`` if the server does not have
        the named one, ``BackendRefused`` if it has none; ``advice`` says how to get one.
        """
        named, server = self._block.model, f"{server} at {self._server.url}"
        if named is None:
            chosen = max(
                (candidate for candidate in candidates if candidate.remote_host is None),
                key=lambda c: ((fits := c.suits(self._use)) and c.loaded, fits, c.loaded, -(c.size or 0)),
                default=None,
            )
            if chosen is None:
                message = f"{server} has no model of its own; {advice}"
                raise BackendRefused(message)
            return chosen.model
        if all(candidate.model != named for candidate in candidates):
            names = ", ".join(candidate.model for candidate in candidates[:5]) or "none"
            message = f"{server} has no model {named} (it has: {names}); change backend.model"
            raise ModelNotServed(message)
        return named

    def forget(self) -> None:
        """Forget the facts, so that the next request asks for them again."""
        self._info = None

    async def _admit(self, info: ModelInfo, job: Job, prompt: Prompt) -> Admitted:
        """Count the prompt, and limit the requested tokens to the free context.

        Raises
        ------
        ContextTooLong
            The server would have to cut the prompt.

        """
        tokens = await self.count_prompt(prompt)
        if tokens >= info.context_length:
            about = "" if info.exact_tokenizer else "about "
            message = (
                f"The prompt has {about}{tokens} tokens and the server at {self._server.url} serves "
                f"{info.context_length}; nothing was sent"
            )
            raise ContextTooLong(message)
        # Servers generate at least one token, also of a prompt that is only read.
        sampling = job.sampling or Sampling(max_tokens=1)
        most = min(_wanted(prompt, sampling, family_of(info.name).thinking), info.context_length - tokens)
        patience = Patience(self._server.timeout_seconds)
        # A stop text within the forced text, or beginning at its end, would end the answer too early.
        early = {stop for stop in prompt.stop if stop in prompt.forced or partial_match(prompt.forced, stop)}
        stop = tuple(stop for stop in prompt.stop if stop not in early)[: self.most_stops]
        return Admitted(job, prompt, replace(sampling, max_tokens=most), stop, tokens, patience)

    async def _pieces(self, info: ModelInfo, sent: Admitted, answer: Answer) -> Stream:
        """Filter the server's stream; an answer always ends with stats or an error."""
        output, shown = 0, False
        room = (sent.sampling.max_tokens + _SLACK) * _CHARACTERS
        async with self._watched(), aclosing(self._generate(info, sent)) as deltas:
            async for item in deltas:
                if isinstance(item, Stats):
                    if rest := answer.finish():
                        yield Piece(rest)
                    yield item
                    return
                output += 1
                sent.patience.heard()
                text = answer.feed(item.text[:room])
                room -= len(item.text)
                if answer.went_astray:
                    return
                if text:
                    yield replace(item, text=text, read=None if shown else item.read)
                    shown = True
                if answer.stopped or output > sent.sampling.max_tokens + _SLACK or room <= 0:
                    # For an answer that Homebody ends, the server sends no stats.
                    yield Stats(
                        prompt_tokens=sent.tokens if info.exact_tokenizer else None,
                        evaluated_tokens=item.read.evaluated if item.read else None,
                        reused_tokens=item.read.reused if item.read else None,
                        output_tokens=output,
                        prompt_ms=item.read.milliseconds if item.read else None,
                        finish="stop" if answer.stopped else "length",
                    )
                    return
            message = f"The server at {self._server.url} closed the connection during an answer: ask again"
            raise BackendFailed(message)

    @asynccontextmanager
    async def _watched(self) -> AsyncGenerator[None]:
        """Record that the server answers; after a failure, forget the facts about it."""
        try:
            yield
        except (BackendUnavailable, BackendProtocolError, BackendTimeout):
            self.forget()
            raise
        self._heard = time.monotonic()


THOUGHT_TOKENS = 2048
"""Extra tokens for the reasoning of a model for which reasoning cannot be switched off."""

# Pieces by which an answer may exceed the requested length before it is treated as endless.
_SLACK = 16
# Maximum characters for each requested token: few have more, and a broken server may send any number at once.
_CHARACTERS = 32
# Seconds without a request after which the facts about the served model are requested again.
_TRUST_SECONDS = 30.0


def _wanted(prompt: Prompt, sampling: Sampling, thinking: Thinking) -> int:
    """Tokens to request: those of the forced text and of unavoidable reasoning are added."""
    # Most tokens have three bytes or more.
    forced = -(-len(prompt.forced.encode()) // 3)
    thinks = prompt.is_chat and thinking in {Thinking.LEAST, Thinking.ALWAYS}
    return sampling.max_tokens + forced + (THOUGHT_TOKENS if thinks else 0)


def _opened(job: Job) -> str | None:
    """Return the tag of reasoning that a chat's template has opened; ``None`` if it is no chat."""
    if not (job.prompt.is_chat or job.slot == "chat"):
        return None
    last = job.prompt.parts[-1] if job.prompt.parts else None
    return opened_at_end(last.text) if isinstance(last, Marker) else ""

"""Common base of the backends whose servers take prompts as strings."""

from abc import abstractmethod
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import ClassVar

from homebody.backend.answer import Answer, ReasoningFilter
from homebody.backend.base import (
    Marker,
    Message,
    ModelInfo,
    OnRead,
    Piece,
    Placement,
    Prompt,
    Purpose,
    Sampling,
    SlotChoice,
    Stats,
    Stream,
    Text,
)
from homebody.backend.cached_prompts import CachedPrompts
from homebody.backend.servers.base import Deltas, Job, ServerBackend, ignore_progress
from homebody.errors import BackendRefused
from homebody.models.families import Thinking
from homebody.settings import BackendSettings
from homebody.text import common_start
from homebody.tokens import TokenEstimate, frame_tokens

FRAME_TOKENS = 12
"""Tokens of a chat template around each message; more than any known template has."""


class StringBackend(ServerBackend):
    """One model on a server that takes prompts as strings.

    On such a server, the user's text acts as a marker if it looks like one: ``ModelInfo.special_texts`` lists
    these texts, and the context leaves out lines that contain them.

    Attributes
    ----------
    estimate
        Token counts, scaled by what the server reported for earlier prompts.
    keeps_prompts
        Whether the server reuses its cache for a prompt with the same beginning. Otherwise reading ahead in
        pieces might evaluate everything again for each piece.

    """

    keeps_prompts: ClassVar[bool] = False

    def __init__(self, block: BackendSettings, use: Purpose = "completion") -> None:
        super().__init__(block, use)
        self.estimate = TokenEstimate()
        self._cached: CachedPrompts[str] | None = None

    @abstractmethod
    def _converse(self, info: ModelInfo, messages: Sequence[Message], job: Job) -> Deltas:
        """Stream the answer to the last message; reasoning in a separate field is left out."""

    async def count(self, texts: Sequence[str]) -> list[int]:
        """Estimate the tokens of each text; no request is made."""
        return [self.estimate.count(text) for text in texts]

    async def count_prompt(self, prompt: Prompt) -> int:
        """Estimate the tokens of the whole prompt; each marker is one, and one is added for a BOS.

        A picture has as many as it was estimated, or an earlier server counted.
        """
        texts = "".join(part.text for part in prompt.parts if isinstance(part, Text))
        media = sum(media.tokens for media in prompt.media)
        markers = sum(frame_tokens(part.text) for part in prompt.parts if isinstance(part, Marker))
        return 1 + markers + media + self.estimate.count(texts)

    async def place(
        self, prompt: Prompt, *, slot: SlotChoice = "completion", keep: SlotChoice = None
    ) -> Placement:
        """Return where the prompt belongs, by the text that was sent before; the tokens are estimated."""
        cached = self._cached_prompts(await self.describe())
        tokens = await self.count_prompt(prompt)
        best, shared = cached.place(prompt.text, slot, keep)
        return Placement(best, tokens, tokens - tokens * shared // max(1, len(prompt.text)))

    def forget(self) -> None:
        """Forget the facts and the cached prompts: another model may be served."""
        super().forget()
        self._cached = None

    async def render_chat(self, messages: Sequence[Message]) -> Prompt:
        """Refuse: the server renders the chat template itself. Use ``chat``.

        Raises
        ------
        BackendRefused
            Always.

        """
        del messages
        message = f"The server at {self._server.url} does not report its chat template; use its chat"
        raise BackendRefused(message)

    async def chat(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        *,
        slot: SlotChoice = "chat",
        on_read: OnRead | None = None,
    ) -> Stream:
        """Answer the last message, without reasoning; ``slot`` and ``on_read`` are ignored."""
        info = await self.describe()
        media = [each for message in messages for each in message.media]
        text = Text("\n".join(message.text for message in messages))
        prompt = Prompt((*media, text), is_chat=True)
        job = await self._admit(info, Job(prompt, sampling, (), slot, on_read or ignore_progress))
        room = info.context_length - job.tokens - FRAME_TOKENS * len(messages)
        most = max(1, min(job.sampling.max_tokens, room))
        job = replace(job, sampling=replace(job.sampling, max_tokens=most))
        deltas = self._converse(info, messages, job)
        always = self.thinking(info.name) is Thinking.ALWAYS
        # The template, which only the server sees, opens the reasoning block.
        thoughts = ReasoningFilter("</think>" if always else None, is_certain=False)
        async with aclosing(self._pieces(info, job, deltas, Answer(thoughts=thoughts))) as stream:
            async for item in stream:
                yield item

    async def warm(
        self,
        prompt: Prompt,
        *,
        tokens: int | None = None,
        slot: SlotChoice = "completion",
        on_read: OnRead | None = None,
    ) -> Stats:
        """Read the prompt into the server's cache; costs one token, which is dropped.

        For a beginning (``tokens``), the text is cut in proportion to the estimated tokens.
        """
        del on_read
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
        """Return the beginning of the prompt's text, in proportion to ``tokens``."""
        total = await self.count_prompt(prompt)
        return prompt.text if tokens >= total else prompt.text[: len(prompt.text) * tokens // total]

    async def _pieces(self, info: ModelInfo, job: Job, deltas: Deltas, answer: Answer) -> Stream:
        """Record what the server reads and writes."""
        cached, text = self._cached_prompts(info), job.prompt.text
        place, _ = cached.place(text, job.slot)
        cached.put(place, text)
        written = job.prompt.forced
        try:
            async with aclosing(super()._pieces(info, job, deltas, answer)) as stream:
                async for item in stream:
                    if isinstance(item, Piece):
                        written += item.text
                    yield item
        finally:
            cached.put(place, text + written)

    def _cached_prompts(self, info: ModelInfo) -> CachedPrompts[str]:
        """Return the prompts in the server's cache; a single slot is that of chats too."""
        slots = info.completion_slots
        if self._cached is None or self._cached.completion != slots:
            self._cached = CachedPrompts[str](slots, "chat" if slots > 1 else 0, common_start, len)
        return self._cached

    def _checked(self, info: ModelInfo, job: Job, stats: Stats) -> Stats:
        """Correct the estimate with the server's count; a prompt that fills the context was cut."""
        if stats.prompt_tokens is None:
            return stats
        if not job.prompt.media:
            self.estimate.learn(job.prompt.text, stats.prompt_tokens)
        cut = stats.truncated or stats.prompt_tokens >= info.context_length
        return replace(stats, truncated=cut)

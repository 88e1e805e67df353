"""Common base of the backends whose servers take prompts as strings."""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import ClassVar

from homebody.backend.answer import Answer
from homebody.backend.base import (
    Job,
    Marker,
    Message,
    ModelInfo,
    Piece,
    Placement,
    Prompt,
    Purpose,
    SlotChoice,
    Stats,
    Stream,
    Text,
)
from homebody.backend.cached_prompts import CachedPrompts
from homebody.backend.http import StatusRefused
from homebody.backend.servers.base import Admitted, ServerBackend
from homebody.errors import ModelNotServed
from homebody.settings import BackendSettings
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

    async def count(self, texts: Sequence[str]) -> list[int]:
        """Estimate the tokens of each text; no request is made."""
        return [self.estimate.count(text) for text in texts]

    async def count_prompt(self, prompt: Prompt) -> int:
        """Estimate the tokens of the whole prompt; each marker is one, and one is added for a BOS.

        A picture has as many as it was estimated, or an earlier server counted.
        """
        frames = FRAME_TOKENS * len(prompt.messages)
        texts = "".join(part.text for part in prompt.parts if isinstance(part, Text))
        media = sum(media.tokens for media in prompt.media)
        markers = sum(frame_tokens(part.text) for part in prompt.parts if isinstance(part, Marker))
        return 1 + frames + markers + media + self.estimate.count(texts)

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
        """Return the messages as they are: the server puts them into the chat template."""
        parts = tuple(part for message in messages for part in message.parts)
        return Prompt(parts, is_chat=True, messages=tuple(messages))

    async def stream(self, job: Job) -> Stream:
        """Send one request. To read a prompt costs one token; the text of a beginning is estimated.

        Nothing is sent if that would not help later: a chat is not rendered here, and a server that reuses
        no prompts evaluates each beginning anew.
        """
        if job.sampling is None:
            if job.prompt.messages or not self.keeps_prompts:
                return
            text, total = job.prompt.text, await self.count_prompt(job.prompt)
            if job.most is not None and job.most < total:
                job = replace(job, prompt=Prompt((Text(text[: len(text) * job.most // total]),)))
        async with aclosing(super().stream(job)) as items:
            async for item in items:
                yield item

    async def _pieces(self, info: ModelInfo, sent: Admitted, answer: Answer) -> Stream:
        """Record what the server reads and writes."""
        cached, text = self._cached_prompts(info), sent.prompt.text
        place, _ = cached.place(text, sent.job.slot)
        cached.put(place, text)
        written = sent.prompt.forced
        try:
            async with aclosing(super()._pieces(info, sent, answer)) as stream:
                async for item in stream:
                    if isinstance(item, Piece):
                        written += item.text
                        yield item
                    else:
                        yield self._checked(info, sent, item)
        except StatusRefused as error:
            if error.status == 404:
                # The server has another model now: request the facts again.
                self.forget()
                raise ModelNotServed(str(error)) from error
            raise
        finally:
            cached.put(place, text + written)

    def _cached_prompts(self, info: ModelInfo) -> CachedPrompts[str]:
        """Return the prompts in the server's cache; a single slot is that of chats too."""
        slots = info.completion_slots
        if self._cached is None or self._cached.completion != slots:
            self._cached = CachedPrompts[str](slots, "chat" if slots > 1 else 0)
        return self._cached

    def _checked(self, info: ModelInfo, sent: Admitted, stats: Stats) -> Stats:
        """Correct the estimate with the server's count; a prompt that fills the context was cut."""
        if stats.prompt_tokens is None:
            return stats
        if not sent.prompt.media:
            self.estimate.learn(sent.prompt.text, stats.prompt_tokens)
        cut = stats.truncated or stats.prompt_tokens >= info.context_length
        return replace(stats, truncated=cut)

"""Token budgets of a chat prompt: what fits the context, and what is read before the first word.

In: settings, the served model, its measured speed. Out: tokens.
"""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from homebody.backend.base import Message, ModelInfo, PromptRead
from homebody.context.budget import UNMEASURED_SPEED, chat_budget
from homebody.engine import Engine
from homebody.errors import BackendRefused
from homebody.prompt.front_matter import PromptFile

TEMPLATE_TOKENS = 24
"""First guess of what a chat template adds; the exact count corrects it."""

_LEAST_TOKENS = 256
"""Minimum budget, in tokens, even on the slowest machine; with fewer an answer is useless."""

CHARACTERS_A_TOKEN = 8
"""Code has fewer: a text with more characters for each token than that has too many tokens."""

_CHARACTERS = 200
"""Characters of the code that are read to measure the speed: some fifty tokens."""

_MEASURED_TOKENS = 64
"""Tokens that are read to measure the speed: one batch of the embedded model."""


@dataclass(frozen=True, slots=True)
class ChatRoom:
    """Tokens of one chat request.

    Attributes
    ----------
    output
        Kept free for the answer.
    fits
        Maximum total of the prompt's texts.
    readable
        What the model reads in ``chat.readingSeconds``, at least 256; never more than ``fits``.

    """

    output: int
    fits: int
    readable: int


def chat_room(engine: Engine, info: ModelInfo) -> ChatRoom:
    """Split the context of one request.

    The answer gets ``chat.maxTokens``, and a quarter of a short context at most. Before the first
    measurement the speed of a small model on two slow cores is assumed.

    Raises
    ------
    ContextTooLong
        No tokens are left for the prompt.

    """
    settings = engine.settings.chat
    output = min(settings.max_tokens, info.context_length // 4)
    fits = chat_budget(info.context_length, output=output, overhead=TEMPLATE_TOKENS).prompt
    speed = engine.chat.speed.prompt or UNMEASURED_SPEED
    readable = int(speed * settings.reading_seconds)
    return ChatRoom(output, fits, min(fits, max(readable, _LEAST_TOKENS)))


@asynccontextmanager
async def speed_measured(engine: Engine, prompt: PromptFile, text: str = "") -> AsyncGenerator[None]:
    """Measure the speed while the block runs: at its end, ``chat_room`` knows it. Raises ``BackendError``."""
    measuring = asyncio.create_task(measure_speed(engine, prompt, text))
    try:
        yield
        await measuring
    finally:
        measuring.cancel()
        await asyncio.wait({measuring})
        if not measuring.cancelled():
            # Where the block itself failed, its own error counts.
            measuring.exception()


async def measure_speed(engine: Engine, prompt: PromptFile, text: str = "") -> None:
    """Measure how fast the chat model reads, unless that is known.

    Completions of the same model have measured it; otherwise the beginning of ``text`` and the words of
    ``prompt`` are read, one batch of them. Where the server cannot only read, the speed stays unknown until
    its first answer.
    """
    use = engine.chat
    if use.speed.prompt is not None:
        return
    if (known := await engine.speed_of_same_model("chat")) is not None:
        use.speed.prompt = known
        return
    messages = [Message("system", prompt.system)] if prompt.system else []
    # The text comes first: the words of the prompt may be in the cache already.
    question = Message("user", text[:_CHARACTERS] + prompt.body)
    try:
        words = await use.backend.render_chat([*messages, question])
    except BackendRefused:
        return
    began = time.monotonic()
    stats = await use.backend.warm(words, tokens=_MEASURED_TOKENS, slot="chat")
    if stats.prompt_tokens is not None:
        evaluated = stats.prompt_tokens if stats.evaluated_tokens is None else stats.evaluated_tokens
        seen = PromptRead(evaluated, stats.prompt_tokens - evaluated, (time.monotonic() - began) * 1000)
        use.speed.learn_seen(seen, stats.prompt_ms)

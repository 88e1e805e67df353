"""Token budgets of a chat prompt: how much fits the context, and how much is read before the first word.

In: settings, the served model, its measured speed. Out: tokens.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from homebody.audit import BEYOND_CONTEXT, BEYOND_TIME
from homebody.backend.base import OWN, Message, ModelInfo, PromptRead
from homebody.context.budget import UNMEASURED_SPEED, chat_budget
from homebody.engine import Engine
from homebody.errors import BackendRefused
from homebody.prompt.front_matter import PromptFile

TEMPLATE_TOKENS = 24
"""Estimated tokens of a chat template; the exact count corrects it."""

_LEAST_TOKENS = 256
"""Minimum budget, in tokens, even on the slowest machine; with fewer an answer is useless."""

CHARACTERS_A_TOKEN = 8
"""Upper bound on the characters of a token in code: a text with more for each allowed token is too long."""

_CHARACTERS = 200
"""Characters of the code that are read to measure the speed: about fifty tokens."""

_MEASURED_TOKENS = 64
"""Tokens that are read to measure the speed: one batch of the embedded model."""


@dataclass(frozen=True, slots=True)
class ChatRoom:
    """Tokens of one chat request.

    Attributes
    ----------
    output
        Tokens that are reserved for the answer.
    fits
        Maximum tokens of all texts of the prompt.
    readable
        Tokens that the model reads in ``chat.readingSeconds``, at least 256; never more than ``fits``.

    """

    output: int
    fits: int
    readable: int


def reason_beyond(limit: int, tokens: int, room: ChatRoom) -> str:
    """Why a prompt leaves out what is beyond the lower one: ``limit``, for the time, or what fits.

    ``tokens`` are those that a prompt with a shorter answer may have; they can be more than ``room.fits``.
    """
    return BEYOND_TIME if limit < min(tokens, room.fits) else BEYOND_CONTEXT


def chat_room(engine: Engine, info: ModelInfo) -> ChatRoom:
    """Split the context of one request.

    The answer gets ``chat.maxTokens``, but at most a quarter of the context. Before the first
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
async def speed_measured(
    engine: Engine, prompt: PromptFile, text: str, sources: Iterable[str]
) -> AsyncGenerator[None]:
    """Measure the speed while the block runs, so that it is known afterwards. Raises as ``measure_speed``."""
    measuring = asyncio.create_task(measure_speed(engine, prompt, text, sources))
    try:
        yield
        await measuring
    finally:
        measuring.cancel()
        await asyncio.wait({measuring})
        if not measuring.cancelled():
            # If the block itself failed, its own error is raised.
            measuring.exception()


async def measure_speed(
    engine: Engine, prompt: PromptFile, text: str = "", sources: Iterable[str] = ()
) -> None:
    """Measure how fast the chat model reads, unless that is already known.

    Completions of the same model measure it too; otherwise one batch of the beginning of ``text`` and the
    text of ``prompt`` is read. If the server cannot read without answering, the speed is unknown until its
    first answer. ``sources`` are the URIs that ``text`` comes from. Raises ``BackendError`` or ``Excluded``.
    """
    use = engine.chat
    if use.speed.prompt is not None:
        return
    if (known := await engine.speed_of_same_model("chat")) is not None:
        use.speed.prompt = known
        return
    messages = [Message("system", prompt.system, (OWN,))] if prompt.system else []
    # The text comes first: the prompt's own text may be in the cache already.
    question = Message("user", text[:_CHARACTERS] + prompt.body, (OWN, *sources))
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

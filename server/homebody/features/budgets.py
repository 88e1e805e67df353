"""Token budgets: how much fits the context, how much is read before the first word, and prompts that fit."""

import time
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from homebody.audit import BEYOND_CONTEXT, BEYOND_TIME
from homebody.backend.base import OWN, Message, ModelInfo, ReadProgress, Stats
from homebody.context.window import UNMEASURED_SPEED, Count, prompt_room
from homebody.engine import Engine, Use
from homebody.errors import BackendRefused, ContextTooLong
from homebody.prompt.front_matter import PromptFile

TEMPLATE_TOKENS = 24
"""Estimated tokens of a chat template; the exact count corrects it."""

LEAST_TOKENS = 256
"""Minimum budget, in tokens, even on the slowest machine; with fewer an answer is useless."""

CHARACTERS_A_TOKEN = 8
"""Upper bound on the characters of a token in code: a text with more for each allowed token is too long."""

_CHARACTERS = 200
"""Characters of the code that are read to measure the speed: about fifty tokens."""

_MEASURED_TOKENS = 64
"""Tokens that are read to measure the speed: one batch of the embedded model."""

_TRIES = 4

_MARGIN_TOKENS = 16
"""Tokens that are cut in addition to the overshoot, for markers and rounding, which the estimate does not
include."""

Built = TypeVar("Built")


@dataclass(frozen=True, slots=True)
class ChatRoom:
    """Tokens of one chat request.

    ``output`` is reserved for the answer, ``fits`` is the maximum of all texts of the prompt. ``readable`` is
    what the model reads in time, at least 256 and at most ``fits``.
    """

    output: int
    fits: int
    readable: int


def chat_room(engine: Engine, info: ModelInfo, patience: int = 1) -> ChatRoom:
    """Split the context of one request that may be read for ``patience`` times ``chat.readingSeconds``.

    The answer gets ``chat.maxTokens``, but at most a quarter of the context. Before the first
    measurement the speed of a small model on two slow cores is assumed.
    """
    settings = engine.settings.chat
    output = min(settings.max_tokens, info.context_length // 4)
    fits = prompt_room(info.context_length, output + TEMPLATE_TOKENS)
    speed = engine.chat.speed.prompt or UNMEASURED_SPEED
    readable = int(speed * settings.reading_seconds * patience)
    return ChatRoom(output, fits, min(fits, max(readable, LEAST_TOKENS * patience)))


def reason_beyond(limit: int, tokens: int, room: ChatRoom) -> str:
    """Why a prompt leaves out what is beyond the lower one: ``limit``, for the time, or what fits.

    ``tokens`` are those that a prompt with a shorter answer may have; they can be more than ``room.fits``.
    """
    return BEYOND_TIME if limit < min(tokens, room.fits) else BEYOND_CONTEXT


def whole_lines(lines: Sequence[str], tokens: int, count: Count) -> int:
    """Return how many of ``lines``, from the first, have at most ``tokens`` tokens together."""
    for number, line in enumerate(lines):
        tokens -= count(line)
        if tokens < 0:
            return number
    return len(lines)


def beginning(text: str, tokens: int, count: Count) -> str:
    """Return the whole lines at the start of ``text`` that fit, or as much of its first line as fits."""
    lines = text.splitlines(keepends=True) or [""]
    if kept := whole_lines(lines, tokens, count):
        return "".join(lines[:kept])
    line = lines[0]
    characters = bisect_right(range(len(line)), tokens, key=lambda end: count(line[:end])) - 1
    return line[: max(characters, 1)]


async def measure_speed(
    engine: Engine, prompt: PromptFile, text: str = "", sources: Iterable[str] = ()
) -> None:
    """Measure how fast the chat model reads, unless that is already known.

    Completions of the same model measure it too; otherwise one batch of the beginning of ``text`` and the
    text of ``prompt`` is read. If the server cannot read without answering, or not even that fits its
    context, the speed is unknown until the first answer. ``sources`` are the URIs that ``text`` comes from.
    """
    use = engine.chat
    await use.describe()
    if use.speed.prompt is not None:
        return
    messages = [Message("system", prompt.system, (OWN,))] if prompt.system else []
    # The text comes first: the prompt's own text may be in the cache already.
    question = Message("user", text[:_CHARACTERS] + prompt.body, (OWN, *sources))
    try:
        words = await use.backend.render_chat([*messages, question])
        began = time.monotonic()
        stats = await use.backend.warm(words, tokens=_MEASURED_TOKENS, slot="chat")
    except (BackendRefused, ContextTooLong):
        return
    if stats.prompt_tokens is not None:
        evaluated = stats.prompt_tokens if stats.evaluated_tokens is None else stats.evaluated_tokens
        tokens, milliseconds = stats.prompt_tokens, (time.monotonic() - began) * 1000
        seen = ReadProgress(tokens, tokens, tokens - evaluated, milliseconds)
        use.speed.learn_seen(seen, stats.prompt_ms)


async def fit(
    build: Callable[[int | None], Awaitable[tuple[Built, int, int]]],
    *,
    limit: int,
    too_long: str,
) -> tuple[Built, int]:
    """Return a prompt of at most ``limit`` tokens, and its exact count.

    ``build`` builds a prompt, estimates its tokens and counts them, exactly if the server can. It is called
    with the estimated tokens that the prompt may have; with ``None`` the first time, when its budget is the
    limit. Raises ``ContextTooLong`` with the message ``too_long`` after four tries.
    """
    tokens: int | None = None
    for _ in range(_TRIES):
        built, estimated, exact = await build(tokens)
        if exact <= limit:
            return built, exact
        # The estimate of a shorter prompt is wrong by the same ratio.
        used = estimated if tokens is None else min(tokens, estimated)
        tokens = max(1, used * limit // exact - _MARGIN_TOKENS)
    raise ContextTooLong(too_long)


def compared(
    use: Use,
    text: str,
    expected: int,
    stats: Stats | None,
    *,
    exact: bool,
) -> tuple[str, ...]:
    """Compare the server's count of a prompt with Homebody's, and correct Homebody's if it was an estimate.

    ``text`` is the prompt as it was sent, or the most similar known text; ``expected`` are its tokens as
    counted by Homebody, ``exact``ly if by the server's own tokenizer. ``stats`` are the server's counts.
    Returns one sentence for each difference.
    """
    counted = None if stats is None else stats.prompt_tokens
    notes: list[str] = []
    if stats is not None and stats.truncated:
        notes.append("the server cut the prompt")
    if counted is not None and exact and counted != expected:
        notes.append(f"the server counted {counted} prompt tokens, {expected} were expected")
    if counted is not None and not exact:
        use.tokens.estimate.learn(text, counted)
    return tuple(notes)

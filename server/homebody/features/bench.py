"""Bench: how fast the chosen model reads and writes on this machine.

Every prompt is cold: it begins with a line that no earlier prompt had. The text is this package's source
code, since speed depends on how text splits into tokens.
"""

import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from itertools import cycle
from pathlib import Path

from msgspec import Struct

import homebody
from homebody.backend.base import OWN, ModelInfo, Prompt, Sampling, Slot, Stats, Text
from homebody.engine import Engine, Use

SIZES = (512, 2048, 8192)
"""Prompt lengths in tokens, as far as the served context allows."""

_PATIENCE_SECONDS = 120.0
"""Maximum reading time, in seconds; longer prompts are left out, except the shortest."""

_ANSWER_TOKENS = 64
_ROOM = 32


class Row(Struct, frozen=True, rename="camel"):
    """One prompt length.

    Times are milliseconds to the first token, speeds tokens per second; ``output_speed`` is ``None`` if the
    server does not report it and the whole answer came at once.
    """

    prompt_tokens: int
    cold_ms: float
    cached_ms: float
    prompt_speed: float
    output_speed: float | None


class Bench(Struct, frozen=True, rename="camel"):
    """Measurements of one model on this machine."""

    model: str
    backend: str
    context_length: int
    rows: tuple[Row, ...]


async def bench(
    engine: Engine,
    *,
    use: Slot = "completion",
    sizes: Sequence[int] = SIZES,
    on_size: Callable[[int], None] = lambda _: None,
) -> Bench:
    """Measure the model of ``use``; ``on_size`` gets each prompt length before it is measured."""
    measured = engine.completion if use == "completion" else engine.chat
    info = await measured.describe()
    # A context of 8,192 tokens has no room for a prompt of that length: then the longest that fits is
    # measured.
    most = info.context_length - _ANSWER_TOKENS - _ROOM
    rows: list[Row] = []
    for size in sorted({min(size, most) for size in sizes}):
        # Attention makes the time grow faster than the length.
        seconds = rows[-1].cold_ms / 1000 * (size / rows[-1].prompt_tokens) ** 1.5 if rows else 0
        if seconds > _PATIENCE_SECONDS:
            break
        on_size(size)
        rows.append(await _row(measured, info, size, use))
    return Bench(info.name, info.kind, info.context_length, tuple(rows))


async def _row(use: Use, info: ModelInfo, size: int, slot: Slot) -> Row:
    prompt = Prompt((Text(await _text(use, info, size), (OWN,)),))
    tokens = await use.backend.count_prompt(prompt) if info.exact_tokenizer else use.tokens.count(prompt.text)
    cold, stats, output = await _asked(use, prompt, _ANSWER_TOKENS, slot)
    cached, _, _ = await _asked(use, prompt, 1, slot)
    read, milliseconds = tokens, cold
    if stats is not None and stats.evaluated_tokens and stats.prompt_ms:
        read, milliseconds = stats.evaluated_tokens, stats.prompt_ms
    return Row(tokens, cold, cached, read / milliseconds * 1000, output)


async def _asked(
    use: Use, prompt: Prompt, tokens: int, slot: Slot
) -> tuple[float, Stats | None, float | None]:
    """Return milliseconds to the first piece, the server's own figures, and tokens written a second."""
    began = time.perf_counter()
    times: list[float] = []
    stats: Stats | None = None
    async with aclosing(use.backend.complete(prompt, Sampling(max_tokens=tokens), slot=slot)) as stream:
        async for item in stream:
            if isinstance(item, Stats):
                stats = item
            else:
                times.append(time.perf_counter())
    times = times or [time.perf_counter()]
    output = None
    if stats is not None and stats.output_tokens and stats.output_ms:
        output = stats.output_tokens / stats.output_ms * 1000
    elif times[-1] > times[0]:
        output = (len(times) - 1) / (times[-1] - times[0])
    return (times[0] - began) * 1000, stats, output


async def _text(use: Use, info: ModelInfo, size: int) -> str:
    """Source lines of about ``size`` tokens, below a first line that is unique."""
    lines = [f"# {secrets.token_hex(8)}\n"]
    left = size - 16
    for path in cycle(sorted(Path(homebody.__file__).parent.rglob("*.py"))):
        text = path.read_text("utf-8")
        if info.exact_tokenizer:
            await use.learn_counts([text], [OWN])
        for line in text.splitlines(keepends=True):
            left -= use.tokens.count(line)
            if left < 0:
                return "".join(lines)
            lines.append(line)
    return ""

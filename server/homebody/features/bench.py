"""Bench: how fast the chosen model reads and writes on this machine.

Every prompt is cold: it begins with a line that no earlier prompt had. The text is this package's source
code, since speed depends on how text splits into tokens.
"""

import platform
import secrets
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from itertools import cycle
from pathlib import Path

import psutil
from msgspec import Struct

import homebody
from homebody.backend.base import OWN, ModelInfo, Prompt, ReadProgress, Sampling, Slot, Stats, Text
from homebody.engine import Engine, Use
from homebody.errors import BackendTimeout

SIZES = (512, 2048, 8192)
"""Prompt lengths in tokens, as far as the served context allows."""

_PATIENCE_SECONDS = 120.0
"""Maximum reading time, in seconds; longer prompts are left out, except the shortest."""

_ANSWER_TOKENS = 64
_ROOM = 32


class Row(Struct, frozen=True, rename="camel"):
    """One prompt length.

    Times are milliseconds to the first token, speeds tokens per second; ``None`` if the server does not
    report a value and it could not be measured.
    """

    prompt_tokens: int
    cold_ms: float
    cached_ms: float
    prompt_speed: float | None
    output_speed: float | None


class Bench(Struct, frozen=True, rename="camel"):
    """Measurements of one model on one machine.

    ``quick_tokens`` is an estimate of the largest cold prompt that is answered within
    ``latency_budget_ms``. ``left_out`` are prompt lengths that would have taken minutes.
    ``memory_bytes`` is the memory of the embedded model's process, ``None`` for other servers.
    """

    model: str
    backend: str
    context_length: int
    platform: str
    threads: int
    rows: tuple[Row, ...]
    quick_tokens: int
    latency_budget_ms: int
    memory_bytes: int | None
    left_out: tuple[int, ...] = ()


async def bench(
    engine: Engine,
    *,
    use: Slot = "completion",
    sizes: Sequence[int] = SIZES,
    on_size: Callable[[int], None] | None = None,
) -> Bench:
    """Measure the model of ``use``; ``on_size`` gets each prompt length before it is measured."""
    measured = engine.completion if use == "completion" else engine.chat
    info = await measured.describe()
    most = info.context_length - _ANSWER_TOKENS - _ROOM
    # A context of 8,192 tokens has no room for a prompt of that length: then the longest that fits is
    # measured.
    wanted = sorted({min(size, most) for size in sizes})
    rows: list[Row] = []
    for size in wanted:
        if rows and _seconds(rows, size) > _PATIENCE_SECONDS:
            break
        if on_size is not None:
            on_size(size)
        try:
            rows.append(await _row(measured, info, size, use))
        except BackendTimeout:
            if not rows:
                raise
            break
    budget = engine.settings.completion.latency_budget_ms
    return Bench(
        model=info.name,
        backend=info.kind,
        context_length=info.context_length,
        platform=f"{platform.system()} {platform.machine()}, {_processor()}",
        threads=psutil.cpu_count(logical=False) or 1,
        rows=tuple(rows),
        quick_tokens=quick_tokens(rows, budget),
        latency_budget_ms=budget,
        memory_bytes=_memory(info),
        left_out=tuple(wanted[len(rows) :]),
    )


async def _row(use: Use, info: ModelInfo, size: int, slot: Slot) -> Row:
    prompt = Prompt((Text(await _text(use, info, size), (OWN,)),))
    tokens = await use.backend.count_prompt(prompt) if info.exact_tokenizer else use.tokens.count(prompt.text)
    cold, read, stats, seconds, pieces = await _asked(use, prompt, _ANSWER_TOKENS, slot)
    cached = (await _asked(use, prompt, 1, slot))[0]
    speed = None
    if stats is not None and stats.evaluated_tokens and stats.prompt_ms:
        speed = stats.evaluated_tokens / stats.prompt_ms * 1000
    elif read is not None and read.milliseconds:
        speed = read.evaluated / read.milliseconds * 1000
    output = None
    if stats is not None and stats.output_tokens and stats.output_ms:
        output = stats.output_tokens / stats.output_ms * 1000
    elif pieces > 1 and seconds > 0:
        output = (pieces - 1) / seconds
    return Row(tokens, cold, cached, speed or tokens / cold * 1000, output)


async def _asked(
    use: Use, prompt: Prompt, tokens: int, slot: Slot
) -> tuple[float, ReadProgress | None, Stats | None, float, int]:
    """Return ms to the first piece, the cost of reading, the stats, seconds of writing, number of pieces."""
    began = time.perf_counter()
    first = last = 0.0
    pieces = 0
    read: ReadProgress | None = None
    stats: Stats | None = None
    async with aclosing(use.backend.complete(prompt, Sampling(max_tokens=tokens), slot=slot)) as stream:
        async for item in stream:
            if isinstance(item, Stats):
                stats = item
                continue
            last = time.perf_counter()
            if not pieces:
                first, read = last, item.read
            pieces += 1
    ended = time.perf_counter()
    first = first or ended
    return (first - began) * 1000, read, stats, (last or ended) - first, pieces


async def _text(use: Use, info: ModelInfo, size: int) -> str:
    """Source lines of about ``size`` tokens, below a first line that is unique."""
    lines: list[str] = [f"# {secrets.token_hex(8)}\n"]
    tokens = 16
    async for line, cost in _source_lines(use, info):
        if tokens + cost > size:
            break
        lines.append(line)
        tokens += cost
    return "".join(lines)


async def _source_lines(use: Use, info: ModelInfo) -> AsyncIterator[tuple[str, int]]:
    for path in cycle(sorted(Path(homebody.__file__).parent.rglob("*.py"))):
        text = path.read_text("utf-8")
        if info.exact_tokenizer:
            await use.learn_counts([text], [OWN])
        for line in text.splitlines(keepends=True):
            yield line, use.tokens.count(line)


def _seconds(rows: Sequence[Row], size: int) -> float:
    """Estimated time for a longer prompt, from the last row: more than proportional, because of attention."""
    return rows[-1].cold_ms / 1000 * (size / max(rows[-1].prompt_tokens, 1)) ** 1.5


def quick_tokens(rows: Sequence[Row], budget_ms: float) -> int:
    """Number of tokens read within the budget, by linear interpolation between the rows.

    The time for zero tokens is that of the shortest prompt when cached. The result is at most the length
    of the longest prompt that was measured.
    """
    before_tokens, before_ms = 0, rows[0].cached_ms
    for row in rows:
        if budget_ms < row.cold_ms:
            share = (budget_ms - before_ms) / max(row.cold_ms - before_ms, 1e-9)
            return max(0, int(before_tokens + share * (row.prompt_tokens - before_tokens)))
        before_tokens, before_ms = row.prompt_tokens, row.cold_ms
    return before_tokens


def _memory(info: ModelInfo) -> int | None:
    """Resident memory of Homebody's own host process; the memory of other servers is unknown."""
    if info.kind != "embedded":
        return None
    held = [
        process.info["memory_info"].rss
        for process in psutil.process_iter(["cmdline", "memory_info"])
        if "homebody.host.run" in (process.info["cmdline"] or ()) and process.info["memory_info"] is not None
    ]
    return max(held, default=None)


def _processor() -> str:
    """Name of the processor, if the system reports it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown processor"

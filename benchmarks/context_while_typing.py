"""Measures how much context the requests of a typing user have: prompt sizes as a proxy sees them.

Twenty lines of a 2,600-line file are retyped through the real server, with brackets and quotes that the
editor closes (and that the user types over) or not; with the default weights and with a copy that has FIM
ids; with our own host, and with llama.cpp's server with four slots and with one. With one slot, the user
thinks for ten seconds after the fifth line. Doubles read at fixed speeds, whatever the machine's load is.

    python benchmarks/context_while_typing.py [--only WORD ...] [--lines N]
"""

import argparse
import asyncio
import statistics
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

from measure.homebody_server import open_homebody
from measure.model import FimIds, default_weights, open_model, open_stock_model, write_fim_copy
from measure.proxy import ModelRequest, open_proxy
from measure.quick_server import open_quick_model
from measure.run import Run, milliseconds, percentile, play
from measure.sources import standard_library
from measure.table import percent, print_table
from measure.trace import Passage, Step, Trace, make_trace, with_closed_brackets

_FIRST_LINE = 122
_THINKS_AFTER = 5
_THINKING_SECONDS = 10.0
_WIDE_SHARE = 0.6
"""A prompt with this share of the largest one counts as wide."""

_DOUBLE_CONTEXT = 4096


Start: TypeAlias = Callable[[], AbstractAsyncContextManager[Any]]


@dataclass(frozen=True, slots=True)
class Setup:
    """One row: a model behind a server, and how the editor treats brackets."""

    name: str
    start: Start
    closes: bool
    has_one_slot: bool = False


async def main() -> None:
    """Measure and print."""
    options = _options()
    rows: list[list[str]] = []
    with tempfile.TemporaryDirectory() as folder:
        fim = write_fim_copy(Path(folder) / "fim.gguf", FimIds())
        for setup in _setups(fim, options.threads):
            if not all(word in setup.name for word in " ".join(options.only).split()):
                continue
            run = await _typed(setup, options.lines)
            rows.append([setup.name, *_columns(run)])
            print(rows[-1], flush=True)
    print_table("Prompts of the requests of twenty lines", ("", *_HEAD), rows)


def _setups(fim: Path, threads: int | None) -> list[Setup]:
    """List the rows."""
    setups: list[Setup] = []
    for weights, path in (("FIM", fim), ("default weights", default_weights())):
        servers: dict[str, Start] = {
            "four slots": partial(open_stock_model, path, threads=threads, slots=4),
            "one slot": partial(open_stock_model, path, threads=threads),
            "our host": partial(open_model, path, threads=threads),
        }
        for server, start in servers.items():
            setups += _both(f"{weights}, {server}", start, has_one_slot=server == "one slot")
    for speed in (180, 2000, 5000):
        for slots in (4, 1):
            setups += _both(
                f"double of {speed:,} tokens/s, FIM, {'one slot' if slots == 1 else 'four slots'}",
                partial(open_quick_model, speed, slots=slots, context_length=_DOUBLE_CONTEXT),
                has_one_slot=slots == 1,
            )
    return setups


def _both(name: str, start: Start, *, has_one_slot: bool) -> list[Setup]:
    return [Setup(f"{name}, {how}", start, how == "closed", has_one_slot) for how in ("open", "closed")]


async def _typed(setup: Setup, lines: int) -> Run:
    """Retype the lines."""
    path = standard_library() / "argparse.py"
    trace = make_trace("twenty lines", [Passage(path, "python", _FIRST_LINE, lines)])
    if setup.has_one_slot:
        trace = _with_thinking(trace)
    if setup.closes:
        trace = with_closed_brackets(trace)
    async with setup.start() as model, open_proxy(model.url) as proxy:
        settings = model.settings | {"url": proxy.url}
        async with open_homebody(settings, {}) as homebody:
            return await play(trace, homebody, model, proxy)


def _with_thinking(trace: Trace) -> Trace:
    """Let the user think after the fifth line."""
    steps: list[Step] = []
    pauses = 0
    for step in trace.steps:
        pauses += step.is_pause
        thinks = step.is_pause and pauses == _THINKS_AFTER
        steps.append(replace(step, seconds=_THINKING_SECONDS) if thinks else step)
    return replace(trace, steps=tuple(steps))


_HEAD = (
    "requests",
    "first / median / largest prompt",
    "wide",
    "first key to wide",
    "falls below half",
    "evaluated by the median request / 90 %",
    "evaluated, per typed token beyond the windows",
    "key to request, median / 99 % / longest",
    "… while reading ahead",
)


def _columns(run: Run) -> list[str]:
    asked = run.asked
    sizes = [request.prompt_tokens for request in asked]
    if not sizes:
        return ["0"] + ["-"] * (len(_HEAD) - 1)
    largest = max(sizes)
    wide = [request for request in asked if request.prompt_tokens >= _WIDE_SHARE * largest]
    first_key = run.visits[0].first_key or 0.0
    falls = sum(after.prompt_tokens < before.prompt_tokens / 2 for before, after in pairwise(asked))
    evaluated = [request.evaluated or 0 for request in asked[1:]]
    beyond = run.total.evaluated - sum(_windows(asked))
    waits = run.waits
    return [
        f"{len(asked)}",
        f"{sizes[0]:,} / {statistics.median(sizes):,.0f} / {largest:,}",
        percent(len(wide), len(asked)),
        f"{wide[0].began - first_key:.1f} s",
        f"{falls}",
        f"{percentile(evaluated, 0.5)} / {percentile(evaluated, 0.9)}",
        f"{run.total.evaluated:,}, {beyond / run.typed_tokens:.1f}",
        milliseconds([wait.seconds for wait in waits]),
        milliseconds([w.seconds for w in waits if w.is_behind_piece]),
    ]


def _windows(asked: Sequence[ModelRequest]) -> list[int]:
    """Tokens of the first prompt, and of each that is wider than the one before by half."""
    sizes = [request.prompt_tokens for request in asked]
    return sizes[:1] + [after for before, after in pairwise(sizes) if after > before * 3 / 2]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The context of requests while typing.")
    parser.add_argument("--only", nargs="*", default=[], help="only rows with all these words")
    parser.add_argument("--lines", type=int, default=20)
    parser.add_argument("--threads", type=int, help="threads of the model")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main())

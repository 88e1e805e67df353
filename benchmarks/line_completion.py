"""Completes the rest of a line: how often the model alone and Homebody give the original text, and how fast.

Random holes in the source of installed packages and of the standard library, a third of each kind. The
model alone gets the last 512 tokens and writes greedily to the newline; Homebody's ``complete`` gets the
same document, weights and hole.

    python benchmarks/line_completion.py [--holes N] [--seed S] [--model GGUF]
"""

import argparse
import asyncio
import statistics
from collections import Counter
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from homebody.engine import Engine, open_engine
from homebody.session.session import Session
from measure.holes import KINDS, Hole, Region, choose_regions
from measure.line_answers import READING_SPEED, LineAnswer, SteadySpeed, ask_bare, ask_ours, settings_for
from measure.model import Model, default_weights, open_model
from measure.sources import python_files, short_name
from measure.table import percent, print_table

THRESHOLDS = (0.0, 0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.9)


@dataclass(frozen=True, slots=True)
class Pair:
    """The answers of both at one hole."""

    hole: Hole
    bare: LineAnswer
    ours: LineAnswer


async def main() -> None:
    """Measure and print."""
    options = _options()
    async with open_model(options.model or default_weights(), threads=options.threads) as model:
        regions = choose_regions(python_files(), options.holes, options.seed)
        pairs: list[Pair] = []
        async with open_engine(settings_for(model)) as engine:
            engine.completion.speed = SteadySpeed(prompt=READING_SPEED)
            for number, region in enumerate(regions, 1):
                pairs += await measured(model, engine, region)
                print(f"{number}/{len(regions)} {short_name(region.path):<60}", end="\r", flush=True)
    print(f"{len(pairs)} holes in {len(regions)} regions, seed {options.seed}" + " " * 60)
    report(pairs)


async def measured(model: Model, engine: Engine, region: Region) -> list[Pair]:
    """Request both at every hole of a region."""
    pairs: list[Pair] = []
    async with aclosing(Session(engine)) as session:
        for hole in region.holes:
            bare = await ask_bare(model, region.text[: hole.offset])
            pairs.append(Pair(hole, bare, await ask_ours(engine, session, region, hole)))
    return pairs


def report(pairs: Sequence[Pair]) -> None:
    """Print the tables."""
    rows = [_compared("all", pairs)]
    rows += [_compared(kind, [pair for pair in pairs if pair.hole.kind == kind]) for kind in KINDS]
    head = ("holes", "number", "exact: alone", "Homebody", "first token: alone", "Homebody")
    print_table(
        "Rest of the line, the model alone and Homebody, same weights, without a threshold", head, rows
    )
    for name, of in (("alone", lambda pair: pair.bare), ("Homebody", lambda pair: pair.ours)):
        _print_times(name, [of(pair) for pair in pairs])
    _print_thresholds(pairs)
    dropped = Counter(pair.ours.outcome for pair in pairs if pair.ours.outcome != "shown")
    print("\nnot shown with any threshold: " + ", ".join(f"{why} {n}" for why, n in dropped.most_common()))


def _compared(name: str, pairs: Sequence[Pair]) -> list[str]:
    shares = (
        sum(pair.bare.is_exact(pair.hole) for pair in pairs),
        sum(pair.ours.is_exact(pair.hole) for pair in pairs),
        sum(pair.bare.has_first_token(pair.hole) for pair in pairs),
        sum(pair.ours.has_first_token(pair.hole) for pair in pairs),
    )
    return [name, f"{len(pairs)}", *(percent(share, len(pairs)) for share in shares)]


def _print_times(name: str, result: Sequence[LineAnswer]) -> None:
    seconds = sorted(s.seconds for s in result)
    tokens = statistics.median(s.prompt_tokens for s in result)
    print(
        f"{name}: {statistics.median(seconds) * 1000:.0f} ms an answer (median), "
        f"{seconds[int(len(seconds) * 0.9)] * 1000:.0f} ms (90 %), {tokens:.0f} prompt tokens"
    )


def _print_thresholds(pairs: Sequence[Pair]) -> None:
    rows: list[list[str]] = []
    for least in THRESHOLDS:
        shown = [p for p in pairs if p.ours.outcome == "shown" and (p.ours.confidence or 0) >= least]
        exact = sum(p.ours.is_exact(p.hole) for p in shown)
        first = sum(p.ours.has_first_token(p.hole) for p in shown)
        shares = (percent(len(shown), len(pairs)), percent(exact, len(shown)), percent(first, len(shown)))
        rows.append([f"{least:.2f}", *shares, percent(exact, len(pairs))])
    head = ("minConfidence", "shown", "exact of shown", "first token of shown", "exact of all")
    print_table("Shown at each confidence threshold", head, rows)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Rest of a line: the model alone and Homebody.")
    parser.add_argument("--holes", type=int, default=1008, help="number of holes (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--threads", type=int, help="threads of the model; one is faster on a busy machine")
    parser.add_argument("--model", type=Path, help="a GGUF instead of the default weights")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main())

"""Rest of a line: how often the model alone and Homebody say what stands there, and how long it takes.

Random holes in the source of installed packages and of the standard library, a third of each kind. The
model alone gets the last 512 tokens and writes greedily to the newline; Homebody's ``complete`` gets the
same document, weights and hole. Paired, with intervals over regions of neighbouring holes.

    python benchmarks/line_completion.py [--holes N] [--seed S] [--json FILE] [--model GGUF]
"""

import argparse
import asyncio
import json
import re
import statistics
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass
from pathlib import Path

from homebody.engine import Engine, Speed, open_engine
from homebody.features.complete import complete
from homebody.features.prepare import prepare_once
from homebody.session.session import Session
from homebody.settings import Settings
from homebody.settings.schema import BackendSettings, ChatSettings, CompletionSettings
from homebody.text import Document
from measure.holes import KINDS, Hole, Region, choose_regions, without_rest
from measure.interval import difference, ratio
from measure.model import Model, default_weights, open_model
from measure.sources import python_files, short_name
from measure.table import percent, print_table

BARE_TOKENS = 512
LINE_TOKENS = 48
READING_SPEED = 350.0
"""Tokens a second that Homebody's budget is told: the context shall not depend on the machine's load."""

THRESHOLDS = (0.0, 0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.9)
_FIRST_TOKEN = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Said:
    """One answer: its first line, how sure it was (0 to 1), prompt tokens, seconds."""

    line: str
    confidence: float | None
    prompt_tokens: int
    seconds: float
    outcome: str = "shown"
    pieces: tuple[tuple[str, float | None], ...] = ()

    def is_exact(self, hole: Hole) -> bool:
        """Whether the line is what stood there; blanks at its end do not count."""
        return self.line.rstrip() == hole.expected

    def has_first_token(self, hole: Hole) -> bool:
        """Whether it begins with the same word or sign."""
        mine, its = _FIRST_TOKEN.search(self.line), _FIRST_TOKEN.search(hole.expected)
        return mine is not None and its is not None and mine.group() == its.group()


@dataclass(frozen=True, slots=True)
class Pair:
    """What both said at one hole."""

    hole: Hole
    bare: Said
    ours: Said


class SteadySpeed(Speed):
    """A speed that does not follow measurements."""

    def learn(self, stats: object) -> None:
        """Leave it."""

    def learn_read(self, read: object) -> None:
        """Leave it."""


async def main() -> None:
    """Measure and print."""
    options = _options()
    regions = choose_regions(python_files(), options.holes, options.seed)
    groups: list[list[Pair]] = []
    known = _known_answers(options.alone)
    async with (
        open_model(options.model or default_weights(), threads=options.threads) as model,
        open_engine(settings_for(model)) as engine,
    ):
        engine.completion.speed = SteadySpeed(prompt=READING_SPEED)
        for number, region in enumerate(regions, 1):
            groups.append(await measured(model, engine, region, known))
            print(f"{number}/{len(regions)} {short_name(region.path)}", end="   \r", flush=True)
            if options.json:
                options.json.write_text(json.dumps([_as_json(p) for group in groups for p in group]))
    report(groups, options.seed)


def settings_for(model: Model) -> Settings:
    """Use the benchmark's own model; show everything, since the gate is what is to be chosen."""
    backend = BackendSettings(kind="llama.cpp", url=model.url, api_key=model.key)
    completion = CompletionSettings(min_confidence=0.0, backend=backend)
    return Settings(backend=backend, completion=completion, chat=ChatSettings(backend=backend))


async def measured(
    model: Model, engine: Engine, region: Region, known: Mapping[tuple[str, int], Said]
) -> list[Pair]:
    """Ask both at every hole of a region; the model alone only where its answer is not known."""
    pairs: list[Pair] = []
    async with aclosing(Session(engine)) as session:
        for hole in region.holes:
            bare = known.get((short_name(hole.path), hole.offset))
            if bare is None:
                bare = await ask_bare(model, region.text[: hole.offset])
            pairs.append(Pair(hole, bare, await ask_ours(engine, session, region, hole)))
    return pairs


async def ask_bare(model: Model, prefix: str) -> Said:
    """Ask the model alone, in the slot that Homebody does not complete in."""
    ids = (await model.tokenize([prefix[-BARE_TOKENS * 12 :]]))[0][-BARE_TOKENS:]
    body = {"prompt": ids, "n_predict": LINE_TOKENS, "temperature": 0, "stop": ["\n"], "id_slot": 1}
    answer = await model.complete(body)
    return Said(answer.text, None, len(ids), answer.seconds)


async def ask_ours(engine: Engine, session: Session, region: Region, hole: Hole) -> Said:
    """Ask Homebody, as in a pause at this place: with all the context that the budget allows."""
    text = without_rest(region.text, hole)
    document = Document.create(region.path.as_uri(), "python", 1, text)
    engine.trees.open(document)
    await engine.trees.ready(document)
    await prepare_once(session, document, hole.offset)
    began = time.perf_counter()
    found = await complete(engine, document, hole.offset, session=session)
    seconds = time.perf_counter() - began
    generation = session.running
    pieces = tuple((p.text, p.logprob) for p in generation.pieces) if generation else ()
    await session.stop_background()
    await session.stop_running()
    record = engine.audit.last(document.uri)
    tokens = record.prompt_tokens if record else 0
    if not found:
        return Said("", None, tokens, seconds, record.outcome if record else "not asked", pieces)
    line = found[0].text.partition("\n")[0]
    return Said(line, found[0].confidence, tokens, seconds, "shown", pieces)


def report(groups: Sequence[Sequence[Pair]], seed: int) -> None:
    """Print the tables."""
    pairs = [pair for group in groups for pair in group]
    print(f"{len(pairs)} holes in {len(groups)} regions, seed {seed}" + " " * 40)
    rows = [_compared("all", pairs)]
    rows += [_compared(kind, [pair for pair in pairs if pair.hole.kind == kind]) for kind in KINDS]
    head = ("holes", "number", "exact: alone", "Homebody", "first token: alone", "Homebody")
    print_table(
        "Rest of the line, the model alone and Homebody with the same weights, nothing held back", head, rows
    )
    exact = [[(pair.bare.is_exact(pair.hole), pair.ours.is_exact(pair.hole)) for pair in g] for g in groups]
    times, more = ratio(exact), difference(exact)
    print(f"\nexact: {times.value:.2f} times as many ({times.low:.2f} to {times.high:.2f}),", end=" ")
    print(f"{100 * more.value:+.1f} points ({100 * more.low:+.1f} to {100 * more.high:+.1f})")
    for name, of in (("alone", lambda pair: pair.bare), ("Homebody", lambda pair: pair.ours)):
        _print_times(name, [of(pair) for pair in pairs])
    _print_thresholds(pairs)
    dropped = Counter(pair.ours.outcome for pair in pairs if pair.ours.outcome != "shown")
    print("\nnot shown, whatever the gate: " + ", ".join(f"{why} {n}" for why, n in dropped.most_common()))


def _compared(name: str, pairs: Sequence[Pair]) -> list[str]:
    def share(of: Callable[[Pair], bool]) -> str:
        return percent(sum(map(of, pairs)), len(pairs))

    return [
        name,
        f"{len(pairs)}",
        share(lambda p: p.bare.is_exact(p.hole)),
        share(lambda p: p.ours.is_exact(p.hole)),
        share(lambda p: p.bare.has_first_token(p.hole)),
        share(lambda p: p.ours.has_first_token(p.hole)),
    ]


def _print_times(name: str, said: Sequence[Said]) -> None:
    seconds = sorted(s.seconds for s in said)
    tokens = statistics.median(s.prompt_tokens for s in said)
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
    print_table("What the gate lets through", head, rows)


def _as_json(pair: Pair) -> dict[str, object]:
    made = asdict(pair)
    made["hole"]["path"] = short_name(pair.hole.path)
    return made


def _known_answers(path: Path | None) -> dict[tuple[str, int], Said]:
    """Answers of the model alone from an earlier run's JSON: they do not change while Homebody does."""
    if path is None:
        return {}
    pairs = json.loads(path.read_text())
    return {(pair["hole"]["path"], pair["hole"]["offset"]): Said(**pair["bare"]) for pair in pairs}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Rest of a line: the model alone and Homebody.")
    parser.add_argument("--holes", type=int, default=1008, help="at least so many (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--json", type=Path, help="write every hole and answer there")
    parser.add_argument("--alone", type=Path, help="take the model's own answers from this earlier JSON")
    parser.add_argument("--threads", type=int, help="of the model; one is faster on a busy machine")
    parser.add_argument("--model", type=Path, help="a GGUF instead of the default weights")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main())

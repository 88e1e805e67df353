"""Confidence by place: how often suggestions are exact at line ends, inside identifiers, and elsewhere.

Holes in the standard library and in installed packages, as many of each kind: the rest of a line, and at
line ends the next line. Everything is requested without a threshold and written down with its
probabilities; thresholds are chosen on one half of the regions and reported on the other.

    python benchmarks/confidence.py --json FILE [--holes N] [--seed S] [--report]

``FILE`` has a line for each region; a second run continues behind them. ``--report`` only prints.
"""

import argparse
import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path

import msgspec

from homebody.backend.base import Piece
from homebody.engine import open_engine
from homebody.postprocess.ghost.confidence import confidence
from homebody.session.session import Session
from homebody.settings import Settings
from measure.asking import SteadySpeed, ask_ours, settings_for
from measure.holes import PLACES, Kind, choose_regions
from measure.model import default_weights, open_model
from measure.sources import python_files, short_name
from measure.table import percent, print_table

_SPEED = 100.0
"""Tokens per second that the budget assumes: it makes windows of 500 tokens."""

_WANTED = 0.65
"""Share of the shown suggestions that should be exact."""


class Answer(msgspec.Struct, frozen=True):
    """One hole and its answer; ``line`` is empty where nothing was worth showing.

    ``prefix`` is the cursor's line up to the cursor; ``pieces`` are the answer as the model wrote it, with
    the logarithms of the probabilities.
    """

    kind: Kind
    prefix: str
    line: str
    is_exact: bool
    outcome: str
    pieces: tuple[tuple[str, float | None], ...]

    @property
    def place(self) -> str:
        """Where the answer goes, as far as a request can tell."""
        if not self.prefix.strip():
            return "new line"
        answer = "".join(text for text, _ in self.pieces)
        if "\n" in answer[: len(answer) - len(answer.lstrip())]:
            return "next line"
        return "in a word" if self.prefix[-1].isalnum() or self.prefix[-1] == "_" else "in a line"

    @property
    def confidence(self) -> float | None:
        """Confidence in the first line; ``None`` where nothing would be shown."""
        line = self.line.strip()
        start = max(0, "".join(text for text, _ in self.pieces).find(line))
        pieces = [Piece(text, logprob) for text, logprob in self.pieces]
        return confidence(pieces, start, start + len(line)) if line else None


class RegionAnswers(msgspec.Struct, frozen=True):
    """The answers in one region of a file."""

    name: str
    answers: tuple[Answer, ...]


async def main() -> None:
    """Measure, unless only a report is wanted, and print."""
    options = _options()
    if not options.report:
        await _measure(options)
    report(_read(options.json))


async def _measure(options: argparse.Namespace) -> None:
    """Ask at every hole, one region after the other; regions of an earlier run are not asked again."""
    known = {region.name for region in _read(options.json)}
    regions = choose_regions(python_files(), options.holes, options.seed, PLACES)
    async with (
        open_model(default_weights(), threads=options.threads) as model,
        open_engine(settings_for(model)) as engine,
    ):
        engine.completion.speed = SteadySpeed(prompt=options.speed)
        for number, region in enumerate(regions, start=1):
            name = short_name(region.path)
            if name in known:
                continue
            answers: list[Answer] = []
            async with aclosing(Session(engine)) as session:
                for hole in region.holes:
                    said = await ask_ours(engine, session, region, hole)
                    before = region.text[region.text.rfind("\n", 0, hole.offset) + 1 : hole.offset]
                    exact = said.is_exact(hole)
                    answers.append(Answer(hole.kind, before, said.line, exact, said.outcome, said.pieces))
            with options.json.open("ab") as file:
                file.write(msgspec.json.encode(RegionAnswers(name, tuple(answers))) + b"\n")
            print(f"{number}/{len(regions)} {name:<60}", end="\r", flush=True)


def _read(path: Path) -> list[RegionAnswers]:
    if not path.exists():
        return []
    return [msgspec.json.decode(line, type=RegionAnswers) for line in path.read_bytes().splitlines()]


def report(regions: Sequence[RegionAnswers]) -> None:
    """Print the curve of each kind, and what thresholds chosen on every second region do on the others."""
    answers = [answer for region in regions for answer in region.answers]
    print(f"{len(answers)} holes in {len(regions)} regions" + " " * 60)
    rows: list[list[str]] = []
    for kind in ("all", *PLACES):
        of = [answer for answer in answers if kind in ("all", answer.kind)]
        rows.append([kind, f"{len(of)}", *(_shown_and_exact(of, (least,) * 4) for least in _STEPS)])
    head = ("holes", "number", *(f"{least:.1f}" for least in _STEPS))
    print_table("One threshold for all places: shown / of them exact", head, rows)
    chosen_on = [answer for region in regions[::2] for answer in region.answers]
    others = [answer for region in regions[1::2] for answer in region.answers]
    chosen = tuple(_threshold([answer for answer in chosen_on if answer.place == place]) for place in _NAMES)
    at_default = (_DEFAULT,) * len(_NAMES)
    rows = []
    for place, least in zip((*_NAMES, "all"), (*chosen, None), strict=True):
        of = [answer for answer in others if place in ("all", answer.place)]
        shares = [_shown_and_exact(of, limits) for limits in (at_default, chosen)]
        rows.append([place, f"{len(of)}", "" if least is None else f"{least:.2f}", *shares])
    head = ("place", "number", "threshold", f"{_DEFAULT} everywhere", "threshold of the place")
    print_table("The other half: shown / of them exact", head, rows)


_DEFAULT = Settings().completion.min_confidence
_STEPS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
_NAMES = ("next line", "new line", "in a word", "in a line")


def _threshold(answers: Sequence[Answer]) -> float:
    """Return the lowest confidence from which on as many suggestions are exact as wanted."""
    by_confidence = sorted(
        ((a.confidence, a.is_exact) for a in answers if a.confidence is not None), reverse=True
    )
    exact, least = 0, 1.0
    for shown, (value, is_exact) in enumerate(by_confidence, start=1):
        exact += is_exact
        if exact >= _WANTED * shown:
            least = value
    return least


def _shown_and_exact(answers: Sequence[Answer], least: Sequence[float]) -> str:
    """Shares that are shown at the thresholds of the places, and of these the exact ones."""
    limits = dict(zip(_NAMES, least, strict=True))
    shown = [a for a in answers if a.confidence is not None and a.confidence >= limits[a.place]]
    exact = sum(answer.is_exact for answer in shown)
    return f"{percent(len(shown), len(answers))} / {percent(exact, len(shown))}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Confidence by place.")
    parser.add_argument("--holes", type=int, default=960, help="at least so many (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=9)
    parser.add_argument("--json", type=Path, required=True, help="answers, a line for each region")
    parser.add_argument("--threads", type=int, help="of the model; one is faster on a busy machine")
    parser.add_argument(
        "--speed",
        type=float,
        default=_SPEED,
        help="makes windows of five seconds at it (default: %(default)s)",
    )
    parser.add_argument("--report", action="store_true", help="ask nothing, print what FILE holds")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main())

"""Confidence by place: how often a suggestion is exact at line ends, on new lines and inside lines.

Passages of real code are retyped in Python, JavaScript and Lua. At each pause one line is requested, with
the whole window read and no threshold, and the answer is recorded with its probabilities. The report runs
the rules over what was recorded, so a change of the rules or of the confidence needs no new answers.
Thresholds are chosen on one half of the files and reported on the other.

    python benchmarks/confidence.py --json FILE [--passages N] [--lines N] [--seed S] [--report]

``FILE`` has a line for each passage; a second run continues behind them. ``--report`` only prints.
"""

import argparse
import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

import msgspec

from homebody.backend.base import Piece
from homebody.engine import Engine, open_engine
from homebody.features.complete import complete, prepare_once
from homebody.postprocess.ghost.draft import DropReason
from homebody.postprocess.ghost.finish import Finished, finish
from homebody.session.result_cache import ResultCache
from homebody.session.session import Session
from homebody.settings import Settings
from homebody.syntax.cursor import cursor_context
from homebody.syntax.tree import parse
from measure.line_answers import SteadySpeed, settings_for
from measure.model import default_weights, open_model
from measure.pauses import PAUSE_KINDS, Pause, PauseKind, choose_passage, pauses_of
from measure.sources import code_files, short_name
from measure.table import percent, print_table

_SPEED = 250.0
"""Tokens per second that the budget assumes: it makes windows of about 1,200 tokens."""

_WANTED = 0.65
"""Share of the shown suggestions that should be exact."""

_STEPS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
_DEFAULT = Settings().completion.min_confidence


class Answer(msgspec.Struct, frozen=True):
    """The model's answer at one pause, as it wrote it, with the logarithms of the probabilities."""

    kind: PauseKind
    offset: int
    pieces: tuple[tuple[str, float | None], ...]
    is_whole: bool


class PassageAnswers(msgspec.Struct, frozen=True):
    """The answers in one passage: ``first`` and ``lines`` say which lines of the file were retyped."""

    name: str
    first: int
    lines: int
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """What the rules make of an answer; ``confidence`` is 0 where nothing would be shown."""

    kind: PauseKind
    language: str
    confidence: float
    is_exact: bool
    dropped: DropReason | None = None


async def main() -> None:
    """Measure, unless only a report is wanted, and print."""
    options = _options()
    if not options.report:
        await _measure(options)
    files = {short_name(path): (path, language) for path, language in code_files(options.seed)}
    report(_read(options.json), files, options.seed)


async def _measure(options: argparse.Namespace) -> None:
    """Ask at every pause, one passage after the other; those of an earlier run are not asked again."""
    known = {passage.name for passage in _read(options.json)}
    files = code_files(options.seed)[: options.passages]
    async with open_model(options.model or default_weights(), threads=options.threads) as model:
        settings = settings_for(model, snippets=False)
        completion = msgspec.structs.replace(settings.completion, multiline="never")
        async with open_engine(msgspec.structs.replace(settings, completion=completion)) as engine:
            engine.completion.speed = SteadySpeed(prompt=_SPEED)
            for number, (path, language) in enumerate(files, start=1):
                name = short_name(path)
                if name in known:
                    continue
                first = choose_passage(path, options.lines, options.seed)
                if first is None:
                    continue
                pauses = pauses_of(path, language, first, options.lines, options.seed)
                answers = await _answers(engine, list(pauses))
                made = PassageAnswers(name, first, options.lines, tuple(answers))
                with options.json.open("ab") as file:
                    file.write(msgspec.json.encode(made) + b"\n")
                print(f"{number}/{len(files)} {name:<60}", end="\r", flush=True)


async def _answers(engine: Engine, pauses: Sequence[Pause]) -> list[Answer]:
    """Type one passage, and ask at each of its pauses."""
    answers: list[Answer] = []
    async with aclosing(Session(engine)) as session:
        for pause in pauses:
            engine.trees.open(pause.document)
            await engine.trees.ready(pause.document)
            if not answers:
                await prepare_once(session, pause.document, pause.offset)
            # Each pause gets an answer of its own, also where an earlier one was typed along.
            session.result_cache = ResultCache()
            await complete(engine, pause.document, pause.offset, session=session)
            generation = session.running
            await session.stop_background()
            await session.stop_running()
            pieces = generation.pieces if generation is not None else []
            is_whole = generation is not None and generation.answer().state.is_whole
            answers.append(
                Answer(pause.kind, pause.offset, tuple((p.text, p.logprob) for p in pieces), is_whole)
            )
    return answers


def _read(path: Path) -> list[PassageAnswers]:
    if not path.exists():
        return []
    return [msgspec.json.decode(line, type=PassageAnswers) for line in path.read_bytes().splitlines()]


def judged(passage: PassageAnswers, path: Path, language: str, seed: int) -> Iterator[Judged]:
    """Run the rules over the answers of a passage."""
    pauses = {
        (pause.kind, pause.offset): pause
        for pause in pauses_of(path, language, passage.first, passage.lines, seed)
    }
    for answer in passage.answers:
        pause = pauses[answer.kind, answer.offset]
        pieces = [Piece(text, logprob) for text, logprob in answer.pieces]
        cursor = cursor_context(pause.document, parse(pause.document), pause.offset)
        found = finish(
            pause.document,
            pause.offset,
            "".join(piece.text for piece in pieces),
            cursor,
            pieces=pieces,
            cut_by_length=not answer.is_whole,
            wanted="line",
        )
        if isinstance(found, Finished):
            yield Judged(answer.kind, language, found.probability or 0.0, pause.is_exact(found.text))
        else:
            yield Judged(answer.kind, language, 0.0, is_exact=False, dropped=found.reason)


def report(passages: Sequence[PassageAnswers], files: dict[str, tuple[Path, str]], seed: int) -> None:
    """Print the curve of each kind, and what thresholds chosen on every second file do on the others."""
    groups = [list(judged(passage, *files[passage.name], seed)) for passage in passages]
    every = [one for group in groups for one in group]
    print(f"{len(every)} pauses in {len(groups)} files" + " " * 60)
    dropped = Counter(one.dropped for one in every if one.dropped)
    print("dropped by a rule: " + ", ".join(f"{why} {n}" for why, n in dropped.most_common()))
    names = ("all", *PAUSE_KINDS, *sorted({one.language for one in every}))
    rows: list[list[str]] = []
    for name in names:
        of = [one for one in every if name in ("all", one.kind, one.language)]
        shares = [_shown_and_exact(of, dict.fromkeys(PAUSE_KINDS, least)) for least in _STEPS]
        rows.append([name, f"{len(of)}", *shares])
    head = ("pauses", "number", *(f"{least:.1f}" for least in _STEPS))
    print_table("One threshold for all places: shown / of these exact", head, rows)
    chosen_on = [one for group in groups[::2] for one in group]
    others = [one for group in groups[1::2] for one in group]
    own = {kind: _threshold([one for one in chosen_on if one.kind == kind]) for kind in PAUSE_KINDS}
    everywhere = dict.fromkeys(PAUSE_KINDS, _DEFAULT)
    rows = []
    for kind in (*PAUSE_KINDS, "all"):
        of = [one for one in others if kind in ("all", one.kind)]
        least = f"{own[kind]:.2f}" if kind in own else ""
        rows.append([kind, f"{len(of)}", least, _shown_and_exact(of, everywhere), _shown_and_exact(of, own)])
    head = ("pauses", "number", "threshold", f"{_DEFAULT} everywhere", "threshold of the kind")
    print_table("The other half of the files: shown / of them exact", head, rows)


def _threshold(answers: Sequence[Judged]) -> float:
    """Return the lowest confidence threshold at which the wanted share of suggestions is exact."""
    by_confidence = sorted(
        ((one.confidence, one.is_exact) for one in answers if one.confidence), reverse=True
    )
    exact, least = 0, 1.0
    for shown, (value, is_exact) in enumerate(by_confidence, start=1):
        exact += is_exact
        if exact >= _WANTED * shown:
            least = value
    return least


def _shown_and_exact(answers: Sequence[Judged], least: dict[PauseKind, float]) -> str:
    """Shares that are shown at the thresholds of the kinds, and of these the exact ones."""
    shown = [one for one in answers if one.confidence and one.confidence >= least[one.kind]]
    exact = sum(one.is_exact for one in shown)
    return f"{percent(len(shown), len(answers))} / {percent(exact, len(shown))}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Confidence by place.")
    parser.add_argument("--passages", type=int, default=60, help="files (default: %(default)s)")
    parser.add_argument("--lines", type=int, default=12, help="of a passage (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=9)
    parser.add_argument("--json", type=Path, required=True, help="answers, a line for each passage")
    parser.add_argument("--model", type=Path, help="a GGUF instead of the default weights")
    parser.add_argument("--threads", type=int, help="threads of the model; one is faster on a busy machine")
    parser.add_argument("--report", action="store_true", help="send no requests, print the report of FILE")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main())

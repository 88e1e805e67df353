"""Compares suggestions while typing with those after everything was read: the benefit of a wide window.

Passages of real code are retyped. At each pause, inside a line and on a new one, two sessions with the same
weights request one line. In one, no window was read ahead: its prompt has what the latency budget allows, and
the text typed since. The other read the whole window at the passage's first line. Paired, with intervals over
passages: the maximum benefit of reading a wide window in a second slot.

    python benchmarks/wide_window.py [--passages N] [--lines N] [--seed S] [--json FILE]
"""

import argparse
import asyncio
import json
import random
import re
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import msgspec

from homebody.engine import Engine, open_engine
from homebody.features.complete import complete, prepare_once
from homebody.session.session import Session
from homebody.settings import Settings
from homebody.text import Document
from measure.interval import difference
from measure.line_answers import READING_SPEED, SteadySpeed, settings_for
from measure.model import Model, default_weights, open_model
from measure.sources import python_files, read, short_name
from measure.table import percent, print_table

_FEWEST_BEFORE = 150
"""Minimum number of lines before a passage: with fewer, the narrow window contains most of the file."""

_THRESHOLD = Settings().completion.min_confidence
_BOUNDARY = re.compile(r"(?<=\w)(?=\W)|(?<=\W)(?=\w)")


@dataclass(frozen=True, slots=True)
class Pause:
    """The document at a pause, the cursor, and the line that follows."""

    document: Document
    offset: int
    kind: Literal["inside a line", "on a new line"]
    expected: str


@dataclass(frozen=True, slots=True)
class Suggested:
    """First line of a suggestion, its confidence, and the prompt's length."""

    line: str
    confidence: float
    prompt_tokens: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Suggestions of both sessions at one pause."""

    name: str
    kind: str
    expected: str
    typed: Suggested
    wide: Suggested


async def main() -> None:
    """Measure and print."""
    options = _options()
    files = [path for path in python_files() if read(path).count("\n") > 2 * _FEWEST_BEFORE]
    random.Random(options.seed).shuffle(files)
    groups = _measured_before(options.json)
    measured = {pair.name for group in groups for pair in group}
    async with open_model(default_weights(), threads=options.threads) as model:
        for path in files[: options.passages]:
            if short_name(path) in measured:
                continue
            # A passage does not depend on those measured before it.
            chance = random.Random(f"{options.seed} {short_name(path)}")
            async with open_engine(_settings(model)) as engine:
                engine.completion.speed = SteadySpeed(prompt=READING_SPEED)
                groups.append(await _measured(engine, path, options.lines, chance))
            print(f"{len(groups)}/{options.passages} {short_name(path):<60}", end="\r", flush=True)
            if options.json:
                options.json.write_text(json.dumps([[asdict(pair) for pair in group] for group in groups]))
    _report(groups)


def _measured_before(path: Path | None) -> list[list[Pair]]:
    """Read the passages that an earlier run has written; the run continues after them."""
    if path is None or not path.exists():
        return []
    return [[msgspec.convert(pair, Pair) for pair in group] for group in json.loads(path.read_text())]


def _settings(model: Model) -> Settings:
    settings = settings_for(model, snippets=False)
    completion = msgspec.structs.replace(settings.completion, multiline="never")
    return msgspec.structs.replace(settings, completion=completion)


async def _measured(engine: Engine, path: Path, lines: int, chance: random.Random) -> list[Pair]:
    """Type one passage, and send a request to both sessions at each of its pauses."""
    pairs: list[Pair] = []
    async with aclosing(Session(engine)) as typing, aclosing(Session(engine)) as reading:
        for pause in _pauses(path, lines, chance):
            engine.trees.open(pause.document)
            await engine.trees.ready(pause.document)
            if not pairs:
                await prepare_once(reading, pause.document, pause.offset)
            result = [await _ask(engine, session, pause) for session in (typing, reading)]
            pairs.append(Pair(short_name(path), pause.kind, pause.expected, *result))
    return pairs


async def _ask(engine: Engine, session: Session, pause: Pause) -> Suggested:
    """Send a request, without the work that follows it in a pause."""
    found = await complete(engine, pause.document, pause.offset, session=session)
    await session.stop_background()
    record = engine.audit.last(pause.document.uri)
    tokens = record.prompt_tokens if record is not None else 0
    if not found:
        return Suggested("", 0.0, tokens)
    lines = [line for line in found[0].text.splitlines() if line.strip()]
    return Suggested(lines[0].strip() if lines else "", found[0].confidence or 0.0, tokens)


def _pauses(path: Path, count: int, chance: random.Random) -> Iterator[Pause]:
    """Yield the pauses of one passage: after each line's indentation, and at a word boundary inside it."""
    lines = read(path).splitlines(keepends=True)
    first = chance.randint(_FEWEST_BEFORE, len(lines) - count - 1)
    before, after = "".join(lines[:first]), "".join(lines[first + count :])

    def pause(typed: str, kind: Literal["inside a line", "on a new line"], expected: str) -> Pause:
        document = Document.create(path.as_uri(), "python", 1, f"{before}{typed}\n{after}")
        return Pause(document, len(before) + len(typed), kind, expected)

    typed = ""
    for number in range(first, first + count):
        line = lines[number].rstrip("\n")
        indentation = len(line) - len(line.lstrip())
        edges = [edge.start() for edge in _BOUNDARY.finditer(line) if edge.start() > indentation]
        if line.strip():
            yield pause(typed + line[:indentation], "on a new line", line.strip())
        if edges:
            edge = chance.choice(edges)
            yield pause(typed + line[:edge], "inside a line", line[edge:].strip())
        typed += lines[number]


def _report(groups: Sequence[Sequence[Pair]]) -> None:
    pairs = [pair for group in groups for pair in group]
    print(f"{len(pairs)} pauses in {len(groups)} passages" + " " * 60)
    rows: list[list[str]] = []
    for kind in ("all", "inside a line", "on a new line"):
        of = [pair for pair in pairs if kind in ("all", pair.kind)]
        row = [kind, f"{len(of)}"]
        for result in ([pair.typed for pair in of], [pair.wide for pair in of]):
            exact = [_is_exact(one, pair) for one, pair in zip(result, of, strict=True)]
            shown = [one.confidence >= _THRESHOLD and bool(one.line) for one in result]
            both = sum(a and b for a, b in zip(exact, shown, strict=True))
            row += [percent(sum(exact), len(of)), percent(sum(shown), len(of)), percent(both, sum(shown))]
        rows.append(row)
    head = (
        "pauses",
        "number",
        "typed: exact",
        "shown",
        "exact of shown",
        "wide: exact",
        "shown",
        "exact of shown",
    )
    print_table(f"First line, threshold {_THRESHOLD}", head, rows)
    exact = [[(_is_exact(p.typed, p), _is_exact(p.wide, p)) for p in group] for group in groups]
    hits = [[(_is_hit(p.typed, p), _is_hit(p.wide, p)) for p in group] for group in groups]
    for name, of in (("exact", exact), ("shown and exact", hits)):
        more = difference(of)
        print(f"{name}: {100 * more.value:+.1f} points ({100 * more.low:+.1f} to {100 * more.high:+.1f})")
    tokens = sorted(p.typed.prompt_tokens for p in pairs), sorted(p.wide.prompt_tokens for p in pairs)
    print(f"prompt tokens, median: {tokens[0][len(pairs) // 2]} and {tokens[1][len(pairs) // 2]}")


def _is_exact(result: Suggested, pair: Pair) -> bool:
    return result.line == pair.expected


def _is_hit(result: Suggested, pair: Pair) -> bool:
    return _is_exact(result, pair) and result.confidence >= _THRESHOLD


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The benefit of a wide window.")
    parser.add_argument("--passages", type=int, default=24)
    parser.add_argument("--lines", type=int, default=12, help="lines of a passage (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--threads", type=int, help="threads of the model; one is faster on a busy machine")
    parser.add_argument("--json", type=Path, help="write every answer to this file; continue its earlier run")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main())

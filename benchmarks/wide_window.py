"""Compares suggestions while typing with those after everything was read: the benefit of a wide window.

Passages of real code are retyped. At each pause, inside a line and on a new one, several sessions with the
same weights request one line. In the first, no window was read ahead: its prompt has what the latency budget
allows, and the text typed since. The others read a window of 450 tokens (what is read in 2.5 s on two slow
cores), of 900, and the whole one at the passage's first line. Paired, with intervals over passages: the
benefit of reading a wide window in a second slot.

    python benchmarks/wide_window.py [--passages N] [--lines N] [--seed S] [--tokens N ...] [--json FILE]
"""

import argparse
import asyncio
import json
import random
import re
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

import msgspec

from homebody.engine import Engine, open_engine
from homebody.features.complete import complete, prepare_once
from homebody.features.complete.plan import place_at
from homebody.features.complete.reader import reader_of
from homebody.session.session import Session
from homebody.settings import Settings
from homebody.text import Document
from measure.interval import Interval, difference
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
class Compared:
    """Suggestions at one pause, by window: ``narrow``, a number of tokens, ``whole``."""

    name: str
    kind: str
    expected: str
    suggested: dict[str, Suggested]

    def is_exact(self, window: str) -> bool:
        """Whether the suggestion is the line of the file."""
        return self.suggested[window].line == self.expected

    def is_shown(self, window: str) -> bool:
        """Whether the suggestion is confident enough to be shown."""
        found = self.suggested[window]
        return found.confidence >= _THRESHOLD and bool(found.line)

    def is_hit(self, window: str) -> bool:
        """Whether the suggestion is shown and exact."""
        return self.is_exact(window) and self.is_shown(window)


async def main() -> None:
    """Measure and print."""
    options = _options()
    files = [path for path in python_files() if read(path).count("\n") > 2 * _FEWEST_BEFORE]
    random.Random(options.seed).shuffle(files)
    groups = _measured_before(options.json)
    measured = {one.name for group in groups for one in group}
    async with open_model(default_weights(), threads=options.threads) as model:
        for path in files[: options.passages]:
            if short_name(path) in measured:
                continue
            # A passage does not depend on those measured before it.
            chance = random.Random(f"{options.seed} {short_name(path)}")
            async with open_engine(_settings(model)) as engine:
                engine.completion.speed = SteadySpeed(prompt=READING_SPEED)
                groups.append(await _measured(engine, path, options, chance))
            print(f"{len(groups)}/{options.passages} {short_name(path):<60}", end="\r", flush=True)
            if options.json:
                options.json.write_text(json.dumps([[asdict(one) for one in group] for group in groups]))
    _report(groups)


def _measured_before(path: Path | None) -> list[list[Compared]]:
    """Read the passages that an earlier run has written; the run continues after them."""
    if path is None or not path.exists():
        return []
    return [[msgspec.convert(one, Compared) for one in group] for group in json.loads(path.read_text())]


def _settings(model: Model) -> Settings:
    settings = settings_for(model, snippets=False)
    completion = msgspec.structs.replace(settings.completion, multiline="never")
    return msgspec.structs.replace(settings, completion=completion)


async def _measured(
    engine: Engine, path: Path, options: argparse.Namespace, chance: random.Random
) -> list[Compared]:
    """Type one passage, and send a request to all sessions at each of its pauses."""
    found: list[Compared] = []
    sizes: dict[str, int | None] = {f"{tokens}": tokens for tokens in options.tokens} | {"whole": None}
    async with AsyncExitStack() as stack:
        sessions = {
            name: await stack.enter_async_context(aclosing(Session(engine))) for name in ("narrow", *sizes)
        }
        for pause in _pauses(path, options.lines, chance):
            engine.trees.open(pause.document)
            await engine.trees.ready(pause.document)
            if not found:
                for name, tokens in sizes.items():
                    await _prepare(sessions[name], pause, tokens)
            suggested = {name: await _ask(engine, session, pause) for name, session in sessions.items()}
            found.append(Compared(short_name(path), pause.kind, pause.expected, suggested))
    return found


async def _prepare(session: Session, pause: Pause, tokens: int | None) -> None:
    """Choose the window that the session's requests use: of this number of tokens, or the whole one."""
    await prepare_once(session, pause.document, pause.offset)
    if tokens is not None:
        place = await place_at(session, pause.document, pause.offset)
        reader_of(session, pause.document.uri).use(place.window("narrow", tokens))


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


def _report(groups: Sequence[Sequence[Compared]]) -> None:
    pauses = [one for group in groups for one in group]
    print(f"{len(pauses)} pauses in {len(groups)} passages" + " " * 60)
    windows = list(pauses[0].suggested)
    rows: list[list[str]] = []
    for kind in ("all", "inside a line", "on a new line"):
        of = [one for one in pauses if kind in ("all", one.kind)]
        for window in windows:
            exact = sum(one.is_exact(window) for one in of)
            shown = sum(one.is_shown(window) for one in of)
            hits = sum(one.is_hit(window) for one in of)
            shares = (percent(exact, len(of)), percent(shown, len(of)), percent(hits, shown))
            rows.append([kind, f"{len(of)}", window, *shares])
    head = ("pauses", "number", "window", "exact", "shown", "exact of shown")
    print_table(f"First line, threshold {_THRESHOLD}", head, rows)
    for before, after in [("narrow", window) for window in windows[1:]] + list(pairwise(windows[1:])):
        exact = difference([[(o.is_exact(before), o.is_exact(after)) for o in group] for group in groups])
        hits = difference([[(o.is_hit(before), o.is_hit(after)) for o in group] for group in groups])
        print(f"{before} to {after}: exact {_points(exact)}, shown and exact {_points(hits)}")
    for window in windows:
        tokens = sorted(one.suggested[window].prompt_tokens for one in pauses)
        print(f"{window}: {tokens[len(tokens) // 2]} tokens in the prompt, median")


def _points(more: Interval) -> str:
    return f"{100 * more.value:+.1f} points ({100 * more.low:+.1f} to {100 * more.high:+.1f})"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The benefit of a wide window.")
    parser.add_argument("--passages", type=int, default=24)
    parser.add_argument("--lines", type=int, default=12, help="lines of a passage (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--tokens", type=int, nargs="*", default=[450, 900])
    parser.add_argument("--threads", type=int, help="threads of the model; one is faster on a busy machine")
    parser.add_argument("--json", type=Path, help="write every answer to this file; continue its earlier run")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main())

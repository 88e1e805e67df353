"""Compares suggestions in prompts that were typed with those in prompts that were read, without a clock.

Forty lines in each of seven files are retyped in a session, with a pause inside each line and at its end. At
each pause the session's reader may finish, so the machine's load plays no part. Then another session, which
read the whole window at the first pause, completes at the same pauses. Prints how often the first line is
exact in each, and how often both are the same.

    python benchmarks/typed_as_read.py [--files N]
"""

import argparse
import asyncio
import random
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace

from homebody.engine import Engine, open_engine
from homebody.features.complete import complete, prepare_once
from homebody.session.answers import ResultCache
from homebody.session.session import Session
from homebody.text import Document, TextEdit
from measure.line_answers import READING_SPEED, SteadySpeed, settings_for
from measure.model import Model, default_weights, open_model
from measure.sources import standard_library
from measure.table import percent, print_table
from measure.trace import Passage, make_trace

_LINES = 40
_SEED = 5
_PLACES = {
    "argparse.py": 122,
    "tarfile.py": 1250,
    "zipfile.py": 700,
    "configparser.py": 600,
    "shutil.py": 500,
    "optparse.py": 700,
    "smtplib.py": 400,
}
"""Files of the standard library, and the first line that is retyped, from 1."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause, the edits since the one before, and the first line that follows."""

    document: Document
    offset: int
    edits: tuple[tuple[Document, TextEdit], ...]
    expected: str


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Typed prompts and prompts that were read.")
    parser.add_argument("--files", type=int, default=len(_PLACES), help="how many of the files")
    options = parser.parse_args()
    rows: list[list[str]] = []
    every: list[tuple[bool, bool, bool]] = []
    async with open_model(default_weights()) as model:
        for name, first in list(_PLACES.items())[: options.files]:
            pauses = _pauses(name, first)
            typed, read = await _typed(model, pauses), await _read(model, pauses)
            outcomes = [
                (one == pause.expected, other == pause.expected, one == other)
                for pause, one, other in zip(pauses, typed, read, strict=True)
            ]
            rows.append([name, *_columns(outcomes)])
            every += outcomes
            print(rows[-1], flush=True)
    head = ("", "pauses", "exact, typed", "exact, read", "the same first line")
    print_table("First lines in prompts that were typed, and read", head, [*rows, ["all", *_columns(every)]])


def _pauses(name: str, first: int) -> list[Pause]:
    """List the pauses of a file: one at a random place inside each line, and one at its end."""
    trace = make_trace(name, [Passage(standard_library() / name, "python", first, _LINES)])
    [document], chance = trace.documents, random.Random(_SEED)
    stops: set[int] = set()
    begin = 0
    for end, step in enumerate(trace.steps):
        if step.is_pause:
            stops |= {end, *([chance.choice(inside)] if (inside := range(begin + 2, end - 1)) else [])}
            begin = end + 1
    pauses: list[Pause] = []
    edits: list[tuple[Document, TextEdit]] = []
    for number, step in enumerate(trace.steps):
        if step.edit is not None:
            document = document.edited(step.edit, document.version + 1)
            edits.append((document, step.edit))
        if number in stops:
            pauses.append(Pause(document, step.cursor, tuple(edits), ""))
            edits = []
    # No text is deleted, so the finished file has what follows each pause.
    return [replace(pause, expected=_first_line(document.text[pause.offset :])) for pause in pauses]


def _first_line(text: str) -> str:
    """Return the first line that is not blank, without the blanks around it."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


async def _typed(model: Model, pauses: Sequence[Pause]) -> list[str]:
    """Type from pause to pause, and let the reader finish at each."""
    lines: list[str] = []
    async with _session(model) as (engine, session):
        for pause in pauses:
            for document, edit in pause.edits:
                session.changed([edit], document)
            engine.trees.open(pause.document)
            state = session.document_state(pause.document.uri)
            while True:
                before, line = state.windows.current, await _line(engine, session, pause)
                await _idle()
                if before is not None and before is state.windows.current:
                    break
            lines.append(line)
    return lines


async def _idle() -> None:
    """Wait until the reader has nothing left to do."""
    while readers := [task for task in asyncio.all_tasks() if task.get_name() == "homebody-reader"]:
        await asyncio.wait(readers)


async def _read(model: Model, pauses: Sequence[Pause]) -> list[str]:
    """Complete in a session that reads the whole window at the first pause."""
    lines: list[str] = []
    async with _session(model) as (engine, session):
        for pause in pauses:
            engine.trees.open(pause.document)
            if not lines:
                await prepare_once(session, pause.document, pause.offset)
            lines.append(await _line(engine, session, pause))
            await session.stop_background()
    return lines


@asynccontextmanager
async def _session(model: Model) -> AsyncGenerator[tuple[Engine, Session]]:
    async with (
        open_engine(settings_for(model, snippets=False)) as engine,
        aclosing(Session(engine)) as session,
    ):
        engine.completion.speed = SteadySpeed(prompt=READING_SPEED)
        yield engine, session


async def _line(engine: Engine, session: Session, pause: Pause) -> str:
    """Request a suggestion, not from the cache; return its first line."""
    await engine.trees.ready(pause.document)
    session.result_cache = ResultCache()
    found = await complete(engine, pause.document, pause.offset, session=session)
    await session.stop_running()
    return _first_line(found[0].text) if found else ""


def _columns(outcomes: Sequence[tuple[bool, bool, bool]]) -> list[str]:
    typed, read, same = (sum(column) for column in zip(*outcomes, strict=True))
    return [f"{len(outcomes)}", f"{typed}", f"{read}", percent(same, len(outcomes))]


if __name__ == "__main__":
    asyncio.run(main())

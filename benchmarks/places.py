"""Measures the cost of returning to a place: tokens that the server reads again.

Four files of the standard library are visited, then visited again with a key typed at each; an explanation is
requested, and each file is typed in again; the cursor jumps far away in one file and returns. Then a line is
typed, a part of it deleted, and the line above changed. Uses the server's own counter, which includes
warm-ups and cancelled requests. Runs with Homebody's own host, a llama-server with its default flags (four
slots), and one with a single slot.

    python benchmarks/places.py [--threads N]
"""

import argparse
import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from homebody.backend.embedded import HostedBackend
from homebody.backend.servers.llama_cpp import LlamaCppBackend
from homebody.engine import Engine
from homebody.errors import BackendRefused
from homebody.features.complete import complete, prepare_once
from homebody.features.explain import explain
from homebody.session.session import Session
from homebody.settings import BackendSettings
from homebody.text import Document, Span, TextEdit
from measure.line_answers import SteadySpeed, settings_for
from measure.model import Model, default_weights, open_model, open_stock_model
from measure.sources import standard_library
from measure.table import print_table
from support.gated import ScriptedEngine

_FILES = ("argparse.py", "ast.py", "difflib.py", "tarfile.py")
_LINES = 350
"""Number of lines of each file that are used, so that an explanation of all of them takes seconds."""

_LINE, _FAR_LINE = 60, 300
_SPEED = 120.0
"""Tokens per second that the budget assumes: it makes windows of 600 tokens on any machine."""

_LONG_LINE = "\n        " + "total = first_value + second_value * (third_value - 1)  # " * 3
_EXPLAINED_LINES = 10
_CHAT_TOKENS = 24


@dataclass(slots=True)
class Place:
    """A document and the cursor in it."""

    document: Document
    offset: int


class Visitor:
    """Runs one action after the other, and returns the tokens that the server read for each."""

    def __init__(self, model: Model, engine: Engine, session: Session) -> None:
        self._model = model
        self._engine = engine
        self._session = session

    async def open(self, place: Place) -> int:
        """Go to a place and wait until its whole window is read, then type a key."""
        before = await self._read()
        await prepare_once(self._session, place.document, place.offset)
        await self._complete(place)
        return await self._read() - before

    async def type_key(self, place: Place, key: str) -> int:
        """Type a key at a place and wait for its answer."""
        before = await self._read()
        self._edit(place, TextEdit(Span(place.offset, place.offset), key), place.offset + len(key))
        await self._complete(place)
        return await self._read() - before

    async def delete(self, place: Place, keys: int) -> int:
        """Delete some characters before the cursor, and wait for an answer after each."""
        before = await self._read()
        for _ in range(keys):
            edit = TextEdit(Span(place.offset - 1, place.offset), "")
            self._edit(place, edit, place.offset - 1)
            await self._complete(place)
        return await self._read() - before

    def _edit(self, place: Place, edit: TextEdit, offset: int) -> None:
        edited = place.document.edited(edit, place.document.version + 1)
        self._engine.trees.edit(place.document, edit, edited)
        self._session.changed([edit], edited)
        place.document, place.offset = edited, offset

    async def explain(self, place: Place) -> int:
        """Request an explanation of the ten lines above the cursor."""
        before = await self._read()
        line = place.document.line_of(place.offset)
        start = place.document.line_starts[line - _EXPLAINED_LINES]
        with suppress(BackendRefused):  # a model without a chat template
            await explain(self._engine, place.document, Span(start, place.offset), session=self._session)
        return await self._read() - before

    async def _complete(self, place: Place) -> None:
        await complete(self._engine, place.document, place.offset, session=self._session)
        await self._session.stop_background()
        await self._session.stop_running()

    async def _read(self) -> int:
        return (await self._model.counters()).evaluated


async def main() -> None:
    """Measure and print."""
    options = _options()
    path = default_weights()
    servers: dict[str, Callable[[Path], AbstractAsyncContextManager[Model]]] = {
        "our host": lambda path: open_model(path, threads=options.threads),
        "llama-server, default flags": lambda path: open_stock_model(path, threads=options.threads, slots=4),
        "llama-server, one slot": lambda path: open_stock_model(path, threads=options.threads),
    }
    columns: dict[str, dict[str, str]] = {}
    for name, start in servers.items():
        async with start(path) as model, _visitor(model) as visitor:
            columns[name] = await _measured(visitor)
            print(f"{name}: {columns[name]}", flush=True)
    names = list(columns)
    steps = list(columns[names[0]])
    rows = [[step, *(columns[name][step] for name in names)] for step in steps]
    print_table(f"Tokens read, {path.name}", ("", *names), rows)


async def _measured(visitor: Visitor) -> dict[str, str]:
    """Run all actions once."""
    places = [_place(name, _LINE) for name in _FILES]
    found: dict[str, list[int]] = {}
    found["first visit to each of four files"] = [await visitor.open(one) for one in places]
    found["a key at each, coming back"] = [await visitor.type_key(one, "s") for one in places]
    found["an explanation"] = [await visitor.explain(places[0])]
    found["a key at each, after it"] = [await visitor.type_key(one, "e") for one in places]
    near = places[0]
    far = replace(near, offset=near.document.line_starts[_FAR_LINE])
    found["a jump in one file"] = [await visitor.open(far)]
    found["a key, back where it came from"] = [await visitor.type_key(near, "l")]
    found["each key of a word"] = [await visitor.type_key(near, key) for key in "f.zqv(k"]
    found["three backspaces"] = [await visitor.delete(near, 3)]
    found["a key after them"] = [await visitor.type_key(near, "w")]
    await visitor.type_key(near, "\n        ")
    above = replace(near, offset=near.document.line_span(near.document.line_of(near.offset) - 1).end)
    found["a key on the line above"] = [await visitor.type_key(above, "x")]
    start = above.offset
    await visitor.type_key(above, _LONG_LINE)
    back = replace(above, offset=start)
    found["a key in front of a line of 50 tokens that was typed"] = [await visitor.type_key(back, "y")]
    return {step: ", ".join(f"{tokens:,}" for tokens in counts) for step, counts in found.items()}


def _place(name: str, line: int) -> Place:
    """Return a place for a new statement below a line of a file."""
    path = standard_library() / name
    lines = path.read_text("utf-8").splitlines(keepends=True)[:_LINES]
    before = "".join(lines[:line])
    text = f"{before}        \n{''.join(lines[line:])}"
    return Place(Document.create(path.as_uri(), "python", 1, text), len(before) + 8)


@asynccontextmanager
async def _visitor(model: Model) -> AsyncGenerator[Visitor]:
    settings = settings_for(model, snippets=False)
    chat = msgspec.structs.replace(settings.chat, max_tokens=_CHAT_TOKENS)
    settings = msgspec.structs.replace(settings, chat=chat)
    backend = (
        HostedBackend(model.ready, timeout_seconds=600)
        if model.ready is not None
        else LlamaCppBackend(BackendSettings(url=model.url, api_key=model.key, timeout_seconds=600))
    )
    async with (
        aclosing(backend),
        aclosing(ScriptedEngine(backend, settings)) as engine,
        aclosing(Session(engine)) as session,
    ):
        engine.completion.speed = SteadySpeed(prompt=_SPEED)
        yield Visitor(model, engine, session)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The cost of returning to a place.")
    parser.add_argument("--threads", type=int, help="threads of the model; one is faster on a busy machine")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main())

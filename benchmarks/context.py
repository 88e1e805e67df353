"""Measures the server's own time for a keystroke: from reading the change to sending the prompt.

A `didChange` from the editor, and the following request, up to the prompt, without a model; on 10,000 lines,
while the workspace is indexed, and on 1 MiB.
Lines are typed at random places, so each line begins with a jump, the most expensive keystroke: about one in
28. In addition to wall time, the table has "own", which is wall time without waiting for a core, and
processor time: a busy machine increases only wall time.

    python benchmarks/context.py [--keys N] [--only NAME]
"""

import argparse
import asyncio
import json
import os
import random
import shutil
import sysconfig
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from lsprotocol import converters, types

from homebody.backend.base import ModelInfo, Placement
from homebody.backend.cached_prompts import CachedPrompts
from homebody.engine import Engine, open_engine
from homebody.features.complete.plan import Place, best_window
from homebody.features.complete.reader import reader_of
from homebody.features.complete.request import request_at
from homebody.lsp.documents import Documents
from homebody.lsp.process import freeze_heap, share_interpreter
from homebody.prompt.fim import find_format
from homebody.session.prompt_window import PromptWindow
from homebody.session.session import Session
from homebody.settings import BackendSettings, CompletionSettings, Settings
from measure.sources import standard_library
from measure.spent import Spent, Times

_LINE = "value = self.other(name, 1)"
_URI = "file:///bench.py"
_KEY_SECONDS = 0.03
_SEED = 1
_CONVERTER = converters.get_converter()

SMALL = ModelInfo("llama.cpp", "SmolLM2-135M", 8192, takes_token_ids=True, exact_tokenizer=True)
LARGE = replace(SMALL, name="qwen2.5-coder-7b", context_length=32_768)


@dataclass(frozen=True, slots=True)
class Case:
    """A text, a model's facts and its speed in tokens per second, and whether an index is being built."""

    name: str
    text: str
    info: ModelInfo
    speed: float
    indexed: bool = False


class Typist:
    """Types lines at random places, and sends the messages of an editor."""

    def __init__(self, text: str) -> None:
        self._chance = random.Random(_SEED)
        self._typed = ""
        self.documents = Documents()
        self.offset = 0
        self.jumped = False
        item = types.TextDocumentItem(uri=_URI, language_id="python", version=0, text=text)
        opened = self.documents.open(item)
        assert opened is not None, "the text is served"
        self.document = opened

    def message(self) -> bytes:
        """The next keystroke's ``didChange``; a new line and its indentation are one change."""
        document = self.document
        self.jumped = not self._typed
        if self.jumped:
            line = self._chance.randrange(document.line_count)
            text = document.line_text(line)
            self.offset = document.line_span(line).end
            self._typed = "\n" + text[: len(text) - len(text.lstrip())] + _LINE
        size = len(self._typed) - len(_LINE) if self.jumped else 1
        key, self._typed = self._typed[:size], self._typed[size:]
        line, column = document.position_of(self.offset)
        place = {"line": line, "character": column}
        change = {"range": {"start": place, "end": place}, "text": key}
        identifier = {"uri": _URI, "version": document.version + 1}
        self.offset += size
        return json.dumps({"params": {"textDocument": identifier, "contentChanges": [change]}}).encode()

    def take(self, message: bytes, engine: Engine, session: Session, times: Times) -> None:
        """Read the change and apply it, as ``lsp`` does."""
        with times.step("message decoded"):
            params = _CONVERTER.structure(json.loads(message)["params"], types.DidChangeTextDocumentParams)
        with times.step("document edited"):
            changes = self.documents.change(params.text_document, params.content_changes)
        for change in changes:
            with times.step("tree moved along"):
                engine.trees.edit(change.before, change.edit, change.after)
            with times.step("session.changed"):
                session.changed([change.edit], change.after)
            self.document = change.after


async def main() -> None:
    """Measure and print."""
    options = _options()
    # As ``homebody lsp`` does.
    share_interpreter()
    large = library((1 << 20) - 20_000)
    medium = "".join(large.splitlines(keepends=True)[:10_000])
    cases = [
        Case("10,000 lines", medium, SMALL, 300),
        Case("10,000 lines, index being built", medium, SMALL, 300, indexed=True),
        Case("10,000 lines, fast model with FIM", medium, LARGE, 5_000),
        Case("1 MiB", large, SMALL, 300),
        Case("1 MiB, fast model with FIM", large, LARGE, 5_000),
    ]
    for case in cases:
        if not options.only or options.only == case.name:
            await choose(case, options.keys)


def library(size: int) -> str:
    """Source of the standard library, joined to ``size`` characters."""
    texts = (path.read_text(encoding="utf-8") + "\n\n" for path in sorted(standard_library().glob("*.py")))
    return "".join(texts)[:size]


async def choose(case: Case, keys: int) -> None:
    """From reading the change to laying out the prompt, for each keystroke."""
    async with _opened(indexed=case.indexed) as (engine, session):
        engine.completion.speed.prompt = case.speed
        typist, times = Typist(case.text), Times()
        cached = CachedPrompts[str](5, "chat")
        engine.trees.open(typist.document)
        await engine.trees.ready(typist.document)
        freeze_heap()
        for _ in range(keys):
            await asyncio.sleep(_KEY_SECONDS)
            message = typist.message()
            with times.step("in all"), times.step("in all, at a jump" if typist.jumped else "in all, else"):
                typist.take(message, engine, session, times)
                await _lay_out(typist, session, case.info, times, cached)
        if engine.index is not None:
            print(f"\nthe index is {engine.index.state} at the end")
        times.print(f"{case.name} ({typist.document.line_count:,} lines, {len(case.text):,} characters)")


@dataclass(frozen=True, slots=True)
class _Offline(Place):
    """A place whose prompts no server has; about three characters are a token."""

    cached: CachedPrompts[str]

    async def placed(self, window: PromptWindow, *, beside: PromptWindow | None = None) -> Placement:
        """Look up the window's prompt among those of earlier keystrokes."""
        del beside
        text = self.prompt(window).text
        slot, shared = self.cached.place(text, "completion")
        return Placement(slot, len(text) // 3, (len(text) - shared) // 3)


async def _lay_out(
    typist: Typist, session: Session, info: ModelInfo, times: Times, cached: CachedPrompts[str]
) -> None:
    """Like a request, up to the point where the server has to count the tokens."""
    with times.step("documents.find"):
        document = typist.documents.find(_URI)
    assert document is not None, "it is served"
    offset, state = typist.offset, session.document_state(_URI)
    with times.step("facts at the cursor"):
        place = _Offline(session, info, find_format(info), document, offset, cached)
        request = request_at(place, session.new_ticket(document, offset))
    with times.step("cache looked up"):
        session.result_cache.find(place.model, document, offset)
    before = state.windows.current
    began = Spent.now()
    window, _ = await best_window(place)
    prompt = place.prompt(window)
    reader_of(session, _URI).use(window)
    name = "plan and prompt, window kept" if window is before else "plan and prompt, new window"
    times.found[name].append(Spent.now() - began)
    cached.put(cached.place(prompt.text, "completion")[0], prompt.text)
    assert request.wanted, "lines are wanted"


@asynccontextmanager
async def _opened(*, indexed: bool) -> AsyncGenerator[tuple[Engine, Session]]:
    """Open an engine and a session in separate folders, with an index that is being built."""
    with tempfile.TemporaryDirectory() as name:
        for kind in ("CONFIG", "CACHE"):
            os.environ[f"HOMEBODY_{kind}_DIR"] = f"{name}/{kind}"
        folders: Sequence[Path] = ()
        if indexed:
            folders = (Path(name, "workspace"),)
            left_out = shutil.ignore_patterns("site-packages", "__pycache__", "lib-dynload", "*.so")
            shutil.copytree(sysconfig.get_path("stdlib"), folders[0], ignore=left_out)
        async with open_engine(_settings(), folders=folders) as engine:
            session = Session(engine)
            if engine.index is not None:
                engine.index.start()
                await asyncio.sleep(1)
            try:
                yield engine, session
            finally:
                await session.aclose()


def _settings() -> Settings:
    backend = BackendSettings(kind="llama.cpp", url="http://127.0.0.1:9")
    return Settings(completion=CompletionSettings(backend=backend, debounce_ms=0))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The server's own time for a keystroke.")
    parser.add_argument("--keys", type=int, default=600)
    parser.add_argument("--only", help="this case only")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main())

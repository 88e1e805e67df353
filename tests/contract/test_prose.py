"""A model that has the markers but answers with prose: one note, and completion continues without them."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager

import pytest

from homebody.engine import Engine, open_engine
from homebody.features.complete import complete
from homebody.features.complete.request import PROSE_NOTE
from homebody.session.session import Session
from homebody.settings import BackendSettings, CompletionSettings, Settings
from homebody.text import Document
from support.ollama_double import OllamaDouble, OllamaModel

PREFIX_MARKER = "<|fim_prefix|>"
PROSE = "Okay, let's see. The user wants me to complete this function, so we need a return statement."
CODE = "return total / count"

pytestmark = pytest.mark.usefixtures("own_folders")


def talkative(prompt: str) -> str:
    """Answer like a chat model that was not trained with its markers."""
    return PROSE if PREFIX_MARKER in prompt else CODE


@asynccontextmanager
async def served(
    answer: Callable[[str], str], *, fim: str = "auto"
) -> AsyncIterator[tuple[Engine, list[str], OllamaDouble]]:
    with OllamaDouble([OllamaModel("qwen2.5-coder:1.5b", fim=True)], answer=answer) as double:
        backend = BackendSettings(kind="ollama", url=double.url)
        completion = CompletionSettings(backend=backend, debounce_ms=0, min_confidence=0.0, fim=fim)
        async with open_engine(Settings(backend=backend, completion=completion)) as engine:
            notes: list[str] = []
            engine.audit.on_note = lambda note: notes.append(note.text)
            yield engine, notes, double


async def suggestions(engine: Engine, count: int) -> list[str]:
    found: list[str] = []
    async with aclosing(Session(engine)) as session:
        for number in range(count):
            text = f"def mean_{number}(total, count):\n    "
            document = Document.create(f"untitled:{number}.py", "python", 1, text)
            items = await complete(engine, document, len(text), session=session)
            found += [item.text for item in items] or [""]
    return found


async def test_prose_in_a_row_ends_the_use_of_markers():
    async with served(talkative) as (engine, notes, _):
        found = await suggestions(engine, 7)

    assert CODE not in found[:4]
    assert found[4:] == [CODE] * 3
    assert notes == [PROSE_NOTE]


async def test_a_model_that_fills_in_keeps_its_markers():
    async with served(lambda _: CODE) as (engine, notes, double):
        await suggestions(engine, 7)
    prompts = [request.body for request in double.requests if b'"prompt"' in request.body]

    assert notes == []
    assert PREFIX_MARKER.encode() in prompts[-1]


async def test_occasional_prose_does_not_count():
    def alternate(prompt: str) -> str:
        *_, number = re.findall(r"mean_(\d+)\(", prompt)
        return CODE if int(number) % 2 else PROSE

    async with served(alternate) as (engine, notes, _):
        await suggestions(engine, 10)

    assert notes == []


async def test_a_layout_that_the_user_chose_stays():
    async with served(talkative, fim="qwen") as (engine, notes, _):
        found = await suggestions(engine, 6)

    assert notes == []
    assert CODE not in found

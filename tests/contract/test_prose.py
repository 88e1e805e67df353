"""A model that has the markers but answers with prose: one note, and completion continues without them."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest

from homebody.audit import ModelNote
from homebody.engine import Engine, open_engine
from homebody.features.complete import complete
from homebody.features.complete.request import PROSE_NOTE
from homebody.session.session import Session
from homebody.settings import BackendSettings, CompletionSettings, Settings
from homebody.text import Document
from support.ollama_double import OllamaDouble, OllamaModel
from support.openai_double import OpenAiDouble, OpenAiModel

PREFIX_MARKER = "<|fim_prefix|>"
PROSE = "Okay, let's see. The user wants me to complete this function, so we need a return statement."
CODE = "return total / count"


def talkative(prompt: str) -> str:
    """Answer like a chat model that was not trained with its markers."""
    return PROSE if PREFIX_MARKER in prompt else CODE


def trained(_prompt: str) -> str:
    """Answer like a model that fills in the middle."""
    return CODE


@asynccontextmanager
async def opened(kind: str, url: str, *, fim: str = "auto") -> AsyncIterator[tuple[Engine, list[ModelNote]]]:
    backend = BackendSettings(kind=kind, url=url)  # pyright: ignore[reportArgumentType] - a kind of the cases
    completion = CompletionSettings(backend=backend, debounce_ms=0, min_confidence=0.0, fim=fim)
    settings = Settings(backend=backend, completion=completion)
    async with open_engine(settings) as engine:
        notes: list[ModelNote] = []
        engine.audit.on_note = notes.append
        yield engine, notes


async def suggestions(engine: Engine, count: int) -> list[str]:
    found: list[str] = []
    async with aclosing(Session(engine)) as session:
        for number in range(count):
            text = f"def mean_{number}(total, count):\n    "
            document = Document.create(f"untitled:{number}.py", "python", 1, text)
            items = await complete(engine, document, len(text), session=session)
            found += [item.text for item in items] or [""]
    return found


@pytest.fixture(params=["ollama", "lm-studio"])
def server(request: pytest.FixtureRequest, own_folders: Path) -> Callable[..., OllamaDouble | OpenAiDouble]:
    def make(answer: Callable[[str], str]) -> OllamaDouble | OpenAiDouble:
        if request.param == "ollama":
            return OllamaDouble([OllamaModel("qwen2.5-coder:1.5b", fim=True)], answer=answer)
        return OpenAiDouble([OpenAiModel("qwen2.5-coder-1.5b-instruct")], answer=answer)

    make.kind = request.param
    return make


async def test_prose_in_a_row_ends_the_use_of_markers(server):
    with server(talkative) as double:
        async with opened(server.kind, double.url) as (engine, notes):
            found = await suggestions(engine, 7)

    assert CODE not in found[:4]
    assert found[4:] == [CODE] * 3
    assert [note.text for note in notes] == [PROSE_NOTE]


async def test_a_model_that_fills_in_keeps_its_markers(server):
    with server(trained) as double:
        async with opened(server.kind, double.url) as (engine, notes):
            await suggestions(engine, 7)
    prompts = [request.body for request in double.requests if b'"prompt"' in request.body]

    assert notes == []
    assert PREFIX_MARKER.encode() in prompts[-1]


async def test_occasional_prose_does_not_count(server):
    def alternate(prompt: str) -> str:
        *_, number = re.findall(r"mean_(\d+)\(", prompt)
        return CODE if int(number) % 2 else PROSE

    with server(alternate) as double:
        async with opened(server.kind, double.url) as (engine, notes):
            await suggestions(engine, 10)

    assert notes == []


async def test_a_layout_that_the_user_chose_stays(server):
    with server(talkative) as double:
        async with opened(server.kind, double.url, fim="qwen") as (engine, notes):
            found = await suggestions(engine, 6)

    assert notes == []
    assert CODE not in found

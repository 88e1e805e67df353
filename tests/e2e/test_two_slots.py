"""An explanation and completions at the same time, on one real llama.cpp with the default weights."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import httpx
import pytest

from homebody.engine import Engine, open_engine
from homebody.features.complete import complete
from homebody.features.explain import explain
from homebody.host.launch import start_host
from homebody.host.shared import HostOptions
from homebody.session.session import Session
from homebody.settings import BackendSettings, ChatSettings, CompletionSettings, Settings
from homebody.text import Document, Span
from support.documents import at
from support.until import until

_SLICE_TOKENS = 24
"""What 150 ms may hold on the fastest machines that this runs on, and a token in hand."""

_ANSWER_TOKENS = 128
"""Long enough that a completion begins and is cancelled while the answer is written."""


class _Server:
    def __init__(self, url: str, key: str) -> None:
        self.url, self.key = url, key

    async def counter(self, name: str) -> int:
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(f"{self.url}/metrics", headers={"Authorization": f"Bearer {self.key}"})
        found = re.search(rf"^llamacpp:{name} (\d+)", answer.text, re.MULTILINE)
        assert found is not None
        return int(found.group(1))


@pytest.fixture
async def server(weights: Path, own_folders: Path) -> AsyncIterator[_Server]:
    """The default weights in a separate host for this test, so that its counters include nothing else."""
    process = await start_host(HostOptions(weights))
    assert process is not None
    yield _Server(f"http://127.0.0.1:{process.ready.port}", process.ready.api_key)
    await process.end()


@pytest.fixture
async def engine(server: _Server) -> AsyncIterator[Engine]:
    block = BackendSettings(kind="llama.cpp", url=server.url, api_key=server.key)
    completion = CompletionSettings(backend=block, min_confidence=0.0, debounce_ms=0)
    settings = Settings(
        backend=block,
        completion=completion,
        chat=ChatSettings(backend=block, temperature=0.0, max_tokens=_ANSWER_TOKENS),
    )
    async with open_engine(settings) as opened:
        yield opened


def _source() -> Document:
    text = Path(__file__).read_text("utf-8")
    return Document.create("file:///source.py", "python", 1, text)


async def test_a_cancelled_completion_stops_while_an_explanation_streams(server, engine):
    """The completion's slot is idle after its slice, although llama.cpp does not notice the cancel.

    Uses the server's count of generated tokens, minus those of the explanation and those that arrived.
    """
    async with aclosing(Session(engine)) as session:
        document, offset = at("import os\n\n\ndef listing(folder):\n    █\n")
        before = await server.counter("tokens_predicted_total")
        streamed: list[str] = []
        task = asyncio.create_task(explain(engine, _source(), Span(0, 400), on_text=streamed.append))
        await until(lambda: len(streamed) > 3)
        asked = asyncio.create_task(complete(engine, document, offset, session=session))
        await until(lambda: session.running is not None and session.running.pieces)
        generation = session.running
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        result = await task
        arrived = len(generation.pieces)
        after = await server.counter("tokens_predicted_total")
        beyond = after - before - result.usage.output_tokens - arrived
        assert beyond <= _SLICE_TOKENS

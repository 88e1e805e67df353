"""Streams of a llama.cpp that fail in the middle: the received pieces are shown, then one clear error."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from homebody.backend.base import Piece, Prompt, Sampling, Stats, Text
from homebody.backend.servers.llama_cpp import LlamaCppBackend
from homebody.errors import (
    BackendRefused,
    BackendUnavailable,
    ContextTooLong,
    HomebodyError,
)
from homebody.settings import BackendSettings
from support.llama_double import LlamaDouble

PROMPT = Prompt((Text("def f("),))


@pytest_asyncio.fixture
async def double() -> AsyncIterator[LlamaDouble]:
    with LlamaDouble() as server:
        yield server


async def listen(double: LlamaDouble, seen: list[str]) -> Stats | None:
    """Read one answer; text before an error is in ``seen``."""
    backend = LlamaCppBackend(BackendSettings(url=double.url, timeout_seconds=60))
    stats = None
    async for item in backend.complete(PROMPT, Sampling(8)):
        if isinstance(item, Piece):
            seen.append(item.text)
        else:
            stats = item
    return stats


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        ({"code": 500, "message": "out of memory"}, BackendUnavailable, "out of memory"),
        ({"code": 400, "message": "bad grammar"}, BackendRefused, "bad grammar"),
        (
            {"code": 400, "message": "too long", "type": "exceed_context_size_error"},
            ContextTooLong,
            "too long",
        ),
    ],
)
async def test_an_error_in_the_stream_keeps_the_servers_message(
    double: LlamaDouble, error: object, kind: type[HomebodyError], words: str
):
    double.events = [{"content": "a"}, {"error": error}]
    seen: list[str] = []
    with pytest.raises(kind, match=words):
        await listen(double, seen)
    assert seen == ["a"]


async def test_a_server_that_ignores_grammars_gets_the_forced_text_in_the_prompt(double: LlamaDouble):
    backend = LlamaCppBackend(BackendSettings(url=double.url))
    items = [item async for item in backend.complete(Prompt((Text("r"),), forced="et"), Sampling(8))]
    asked = [request.json for request in double.requests if request.path == "/completion"]
    assert ["grammar" in body for body in asked] == [True, False]
    assert "".join(item.text for item in items if isinstance(item, Piece)) == "x"

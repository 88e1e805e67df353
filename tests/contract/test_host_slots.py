"""Homebody's own host: slots that each cache a prompt, and a key that every request needs."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest
import pytest_asyncio

from homebody.backend.base import Message, Piece, Prompt, ReadProgress, Sampling, Stats, Text
from homebody.backend.embedded import HostedBackend
from homebody.backend.http import ModelServer
from homebody.errors import BackendRefused
from support.hosts import started_host
from support.streams import chat


@pytest_asyncio.fixture
async def hosted(tiny_model: Path) -> AsyncIterator[HostedBackend]:
    async with (
        started_host(tiny_model) as ready,
        aclosing(HostedBackend(ready, timeout_seconds=30.0)) as backend,
    ):
        yield backend


async def test_the_host_keeps_a_prompt_in_each_of_its_slots(hosted: HostedBackend):
    info = await hosted.describe()
    assert info.completion_slots == 5
    assert info.context_length == hosted.ready.context_length
    prompts = [Prompt((Text(f"value_{n} = {n}\n" * 20),)) for n in range(4)]
    for slot, prompt in enumerate(prompts):
        await hosted.warm(prompt, slot=slot)
    question = [Message("user", "Explain: " + "other = 3\n" * 60)]
    async with aclosing(chat(hosted, question, Sampling(max_tokens=8))) as stream:
        assert [item async for item in stream]
    again = [await hosted.warm(prompt, slot=slot) for slot, prompt in enumerate(prompts)]
    assert [stats.evaluated_tokens for stats in again] == [1, 1, 1, 1]
    # Parallel jobs of a script leave the places' slots alone.
    for n in range(3):
        job = Prompt((Text(f"job_{n} = {n}\n" * 20),))
        async with aclosing(hosted.complete(job, Sampling(max_tokens=2), slot=None)) as stream:
            assert [item async for item in stream]
    after = [await hosted.warm(prompt, slot=slot) for slot, prompt in enumerate(prompts)]
    assert [stats.evaluated_tokens for stats in after] == [1, 1, 1, 1]


async def test_the_unread_tokens_are_those_that_the_host_evaluates(hosted: HostedBackend):
    few, start = Sampling(max_tokens=8), Text("value = 6\n" * 20)
    async with aclosing(hosted.complete(Prompt((start,)), few)) as stream:
        answer = "".join([item.text async for item in stream if isinstance(item, Piece)])
    async with aclosing(hosted.complete(Prompt((start, Text("x"))), few)) as stream:
        await anext(stream)
    await hosted.warm(Prompt((Text("other = 7\n" * 30),)), tokens=100)
    prompts = [
        Prompt((start, Text("x"))),
        Prompt((start, Text("y"))),
        Prompt((start, Text(answer[:3]))),
        Prompt((Text("value = 6\n" * 10),)),
        Prompt((Text("other = 7\n" * 30), Text("z"))),
        Prompt((Text("third = 8\n" * 10),)),
        Prompt((Text("value = 6\n" * 12),)),
    ]
    expected: list[int] = []
    evaluated: list[int | None] = []
    for prompt in prompts:
        placed = await hosted.place(prompt)
        # The last token is always evaluated.
        expected.append(max(1, placed.unread))
        async with aclosing(hosted.complete(prompt, few, slot=placed.slot)) as stream:
            evaluated += [item.evaluated_tokens async for item in stream if isinstance(item, Stats)]
    assert evaluated == expected


async def test_a_chat_that_fills_its_context_evicts_no_completion(hosted: HostedBackend):
    context = (await hosted.describe()).context_length
    question = [Message("user", "")]
    empty = await hosted.count_prompt(await hosted.render_chat(question))
    words = await _tokens_of(hosted, "other = 3\n")
    question = [Message("user", "other = 3\n" * ((context - empty - 16) // words))]
    line = await _tokens_of(hosted, "value_0 = 0\n")
    prompts = [Prompt((Text(f"value_{n} = {n}\n" * (context // 5 // line)),)) for n in range(4)]
    for slot, prompt in enumerate(prompts):
        await hosted.warm(prompt, slot=slot)
    chat = await hosted.render_chat(question)
    assert 0.9 * context < await hosted.count_prompt(chat) < context
    async with aclosing(hosted.complete(chat, Sampling(max_tokens=4), slot="chat")) as stream:
        assert [item async for item in stream]
    again = [await hosted.warm(prompt, slot=slot) for slot, prompt in enumerate(prompts)]
    assert [stats.evaluated_tokens for stats in again] == [1, 1, 1, 1]


async def _tokens_of(hosted: HostedBackend, text: str) -> int:
    few, more = [await hosted.count_prompt(Prompt((Text(text * n),))) for n in (10, 20)]
    return -(-(more - few) // 10)


async def test_without_the_key_only_the_health_is_answered(hosted: HostedBackend):
    stranger = ModelServer(f"http://127.0.0.1:{hosted.ready.port}", timeout_seconds=30.0)
    assert await stranger.get("/health", dict[str, str]) == {"status": "ok"}
    for path in ("/v1/models", "/models", "/props", "/slots", "/metrics", "/lora-adapters"):
        with pytest.raises(BackendRefused, match="401"):
            await stranger.get(path, object)
    for path in ("/completion", "/infill", "/tokenize", "/apply-template", "/v1/chat/completions"):
        with pytest.raises(BackendRefused, match="401"):
            await stranger.post(path, {"prompt": "x", "content": "x"}, object)


class _Stopped(Exception):
    """The test has seen enough."""


@pytest.mark.parametrize("kind", ["warm", "complete"])
async def test_a_request_that_ends_while_it_is_read_corrects_what_is_cached(hosted: HostedBackend, kind):
    prompt = Prompt((Text("value = 6\n" * 60),))

    def stop(progress: ReadProgress) -> None:
        assert progress.reused == 0
        if progress.read:
            raise _Stopped

    stream = hosted.complete(prompt, Sampling(8), slot=0, on_read=stop)
    with pytest.raises(_Stopped):
        await (hosted.warm(prompt, slot=0, on_read=stop) if kind == "warm" else anext(stream))
    await stream.aclose()
    placed = await hosted.place(prompt, slot=0)
    assert placed.tokens - 200 < placed.unread < placed.tokens

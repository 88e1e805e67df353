"""Reading a prompt's beginning ahead, piece by piece."""

import asyncio
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from itertools import count

import pytest

from homebody.backend.base import OWN, Prompt, Text
from homebody.backend.scripted import ScriptedBackend
from homebody.engine import open_engine
from homebody.features.complete import complete, prepare
from homebody.features.complete.read_ahead import TYPING_PIECE, piece_tokens, read_ahead
from homebody.session.session import Session
from homebody.settings import BackendSettings, CompletionSettings, Settings
from homebody.text import Document, Span, TextEdit
from support.ollama_double import OllamaDouble, OllamaModel
from support.until import until

_LONG = Text("extraordinarily " * 300, (OWN,))
_ANY_TIME = 60.0


@pytest.mark.parametrize(("speed", "tokens"), [(100.0, 8), (200.0, 14), (1000.0, 70)])
async def test_a_key_waits_for_70_ms_while_the_user_types(world, speed, tokens):
    """A piece is what is read in that time; at least eight tokens."""
    async with world("x\n") as w:
        w.engine.completion.speed.prompt = speed
        assert piece_tokens(w.engine.completion, TYPING_PIECE) == tokens


async def test_reading_resumes_where_a_key_interrupted_it(world):
    """No piece is read twice, even if Homebody's own token count is wrong."""
    async with world("x\n", context_length=4096) as w:
        w.engine.completion.speed.prompt = 400
        prompt, longer = (
            Prompt((_LONG,)),
            Prompt((_LONG, Text("one more", (OWN,)))),
        )
        asked = count()
        assert not await read_ahead(w.session, prompt, lambda: next(asked) < 3, leave=0)
        assert await read_ahead(w.session, longer, lambda: True, leave=0)
        tokens = await w.backend.count_prompt(longer)
        assert len(w.backend.requests) == -(-tokens // piece_tokens(w.engine.completion))


async def test_a_piece_that_a_key_interrupts_counts_as_read(world):
    """The server reads it to its end anyway; the next request for it would read nothing new."""
    async with world("x\n", context_length=4096, kind=_SlowToRead) as w:
        prompt = await _read_until_cancelled(w)
        placed = await w.backend.place(prompt)
        assert placed.tokens - placed.unread == w.backend.asked[0]


async def test_pieces_are_measured_as_long_as_a_key_waits_for_them(world):
    """Also short ones, which say little about the speed of a whole prompt."""
    async with world("x\n", context_length=4096, kind=_SlowToRead) as w:
        speed = w.engine.completion.speed
        speed.prompt = 100.0
        prompt, first = Prompt((_LONG,)), iter([True])
        reading = asyncio.create_task(
            read_ahead(w.session, prompt, lambda: next(first, False), leave=0, piece_seconds=TYPING_PIECE)
        )
        await w.backend.has_begun.wait()
        asyncio.get_running_loop().call_later(0.1, w.backend.may_end.set)
        assert not await reading
        assert w.backend.asked == [8]
        assert 0 < speed.in_pieces <= 80.0
        assert speed.prompt == 100.0


async def test_a_piece_that_ends_while_another_is_read_does_not_end_the_reading(world):
    """Otherwise the next key would read a further piece, and wait for two."""
    async with world("x\n", context_length=4096, kind=_SlowToRead) as w:
        prompt = Prompt((_LONG,))
        interrupted = asyncio.create_task(
            read_ahead(w.session, prompt, lambda: True, leave=0, piece_seconds=0.0)
        )
        await until(lambda: len(w.backend.asked) == 1)
        last = asyncio.create_task(read_ahead(w.session, prompt, lambda: not w.backend.asked[1:], leave=0))
        await until(lambda: len(w.backend.asked) == 2)
        interrupted.cancel()
        await asyncio.wait({interrupted})
        assert w.session.is_reading
        w.backend.may_end.set()
        assert not await last
        assert not w.session.is_reading


async def test_a_model_that_finishes_no_piece_before_the_next_key_gets_shorter_ones(world, monkeypatch):
    """A slow server finishes none, so that nothing else measures it."""
    monkeypatch.setattr("homebody.engine._MEASURABLE_SECONDS", 0.0)
    async with world("x\n", context_length=4096, kind=_SlowToRead) as w:
        speed = w.engine.completion.speed
        before = piece_tokens(w.engine.completion)
        reading = asyncio.create_task(
            read_ahead(w.session, Prompt((_LONG,)), lambda: True, leave=0, piece_seconds=0.5)
        )
        await w.backend.has_begun.wait()
        reading.cancel()
        await asyncio.wait({reading})
        assert speed.prompt is not None
        assert speed.prompt <= before / 1.0
        assert piece_tokens(w.engine.completion) < before


async def test_a_key_ends_the_work_over_a_server_that_cannot_read_ahead(world):
    """The cancellation is not lost while waiting for the reply."""
    async with world("x\n", context_length=4096, kind=_CannotReadAhead) as w:
        await _read_until_cancelled(w)


async def _read_until_cancelled(w) -> Prompt:
    """Cancel the reading of a prompt during its first piece; returns the prompt."""
    w.engine.completion.speed.prompt = 400
    prompt = Prompt((_LONG,))
    reading = asyncio.create_task(
        read_ahead(w.session, prompt, lambda: True, leave=0, piece_seconds=_ANY_TIME)
    )
    await w.backend.has_begun.wait()
    reading.cancel()
    w.backend.may_end.set()
    await asyncio.wait({reading})
    assert reading.cancelled()
    return prompt


class _SlowToRead(ScriptedBackend):
    """Reports when it begins to read a piece, and ends it on request."""

    def __init__(self, *replies, **options):
        super().__init__(*replies, **options)
        self.has_begun, self.may_end = asyncio.Event(), asyncio.Event()
        self.asked: list[int | None] = []

    async def warm(self, prompt, *, tokens=None, slot="completion"):
        """Read a piece."""
        self.asked.append(tokens)
        self.has_begun.set()
        await self.may_end.wait()
        return await super().warm(prompt, tokens=tokens, slot=slot)


class _CannotReadAhead(_SlowToRead):
    """Reports no counts, as a server that reads nothing ahead."""

    async def warm(self, prompt, *, tokens=None, slot="completion"):
        """Read nothing."""
        stats = await super().warm(prompt, tokens=tokens, slot=slot)
        return replace(stats, prompt_tokens=None)


_CODE = "".join(f"    total = total + value_{number}\n" for number in range(4000))


@asynccontextmanager
async def _ollama(reading_speed: float):
    """An Ollama with this speed, an engine and a session for it, and the prompts that it received."""
    with OllamaDouble([OllamaModel("qwen2.5-coder:7b", fim=True)], default_num_ctx=32_768) as double:
        double.reading_speed = reading_speed
        backend = BackendSettings(kind="ollama", url=double.url)
        settings = Settings(backend=backend, completion=CompletionSettings(backend=backend, debounce_ms=0))
        async with open_engine(settings) as engine, aclosing(Session(engine)) as session:

            def prompts() -> list[str]:
                sent = (r.json for r in double.requests if r.path == "/api/generate")
                return [body["prompt"] for body in sent if body.get("prompt")]

            yield engine, session, prompts


async def test_a_slow_server_without_token_ids_gets_no_more_than_it_reads_in_time(own_folders):
    """Ollama reports the reading time but not the tokens, so its speed is measured first."""
    async with _ollama(reading_speed=100.0) as (engine, session, prompts):
        document = Document.create("file:///long.py", "python", 1, f"def main(total):\n{_CODE}    ")
        engine.trees.open(document)
        await prepare(engine, document, len(document.text), session=session)
        await until(lambda: session.document_state(document.uri).windows.current is not None)
        await complete(engine, document, len(document.text), session=session)

        assert 50 <= engine.completion.speed.prompt <= 200
        counts = [engine.completion.tokens.count(prompt) for prompt in prompts()]
        assert max(counts) <= 1000


async def test_a_fast_server_without_token_ids_gets_more(own_folders):
    """It gets as much as it reads in five seconds, and reads it before the request."""
    async with _ollama(reading_speed=4000.0) as (engine, session, prompts):
        document = Document.create("file:///long.py", "python", 1, f"def main(total):\n{_CODE}    ")
        engine.trees.open(document)
        await prepare(engine, document, len(document.text), session=session)
        await until(lambda: engine.completion.tokens.count(max(prompts(), key=len, default="")) > 4000)
        ahead = len(prompts())
        edited = document.edited(TextEdit(Span(len(document.text), len(document.text)), "t"), 2)
        engine.trees.edit(document, TextEdit(Span(len(document.text), len(document.text)), "t"), edited)
        await complete(engine, edited, len(edited.text), session=session)

        assert len(prompts()) > ahead

"""Completion, from a request to the suggestion, with a scripted model."""

import asyncio
import time
from functools import partial
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from homebody.backend.scripted import ScriptedReply
from homebody.errors import ContextTooLong
from homebody.features.complete import Selected, complete
from homebody.models.facts import FimTokens
from homebody.text import Span
from support.documents import at, typed
from support.until import until

_QWEN = FimTokens("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")


async def test_a_request_waits_for_an_answer_in_flight_that_agrees(world):
    gate = asyncio.Event()
    reply = ScriptedReply(pieces=("a", " + ", "b", "\n"), gate=gate)
    async with world(reply) as w:
        document, offset = at("def add(a, b):\n    return █\n")
        older = asyncio.create_task(complete(w.engine, document, offset, session=w.session))
        await until(lambda: w.asked)
        document, offset = typed(document, offset, "a")
        newer = asyncio.create_task(complete(w.engine, document, offset, session=w.session))
        assert await older == []
        gate.set()
        [found] = await newer
        assert found.text == " + b"
        assert len(w.asked) == 1


async def test_an_answer_in_flight_that_differs_is_replaced_by_a_new_request(world):
    gate = asyncio.Event()
    async with world(ScriptedReply(pieces=("a", "x", "\n"), gate=gate, gate_after=1, times=1), "c\n") as w:
        document, offset = at("name = █\n")
        older = asyncio.create_task(complete(w.engine, document, offset, session=w.session))
        await until(lambda: w.session.running and w.session.running.pieces)
        document, offset = typed(document, offset, "ab")
        newer = asyncio.create_task(complete(w.engine, document, offset, session=w.session))
        assert await older == []
        gate.set()
        [found] = await newer
        assert found.text == "c"


async def test_the_debounce_begins_with_the_key_not_after_the_answer_in_flight(world, monkeypatch):
    gate = asyncio.Event()
    hour = 3600
    reply = ScriptedReply(pieces=("a", "x", "\n"), gate=gate, times=1)
    async with world(reply, "c\n", debounce_ms=hour * 1000) as w:
        document, offset = at("name = █\n")
        ask = partial(complete, w.engine, session=w.session)
        older = asyncio.create_task(ask(document, offset, trigger="invoked"))
        await until(lambda: w.session.running and w.session.running.waiters)
        newer = asyncio.create_task(ask(*typed(document, offset, "ab")))
        assert await older == []
        later = SimpleNamespace(monotonic=lambda: time.monotonic() + hour)
        monkeypatch.setattr("homebody.features.complete.flow.time", later)
        gate.set()
        async with asyncio.timeout(60):
            [found] = await newer
        assert found.text == "c"


async def test_an_answer_that_the_next_key_cancels_shows_how_fast_the_model_is(world):
    """Otherwise the debounce of a fast model would last until the first pause."""
    async with world(ScriptedReply(pieces=("a", "b"), gate=asyncio.Event(), gate_after=1)) as w:
        rhythm = w.session.rhythm
        for _ in range(20):
            rhythm.answered(2.0)
        before = rhythm.debounce()
        document, offset = at("name = █\n")
        for key in range(1, 21):
            task = asyncio.create_task(complete(w.engine, document, offset, session=w.session))
            await until(lambda key=key: len(w.asked) == key and w.session.running.pieces)
            document, offset = typed(document, offset, "x")
        task.cancel()
        assert rhythm.debounce() < before


@pytest.mark.parametrize(
    ("marked", "forced"),
    [
        ("x = [█", " ["),
        ("values = f(█)", "("),
        ("def f():\n    █\n", "\n    "),
        ("def f():\n    retur█", " retur"),
        ("a = 1\nb█", "b"),
        # No more than a token may hold: a long run would use up the tokens of the answer.
        ("# " + "强制重新生成一遍" * 5 + "█", "强制重新生成一遍"),
    ],
)
async def test_text_that_may_be_part_of_a_token_is_forced(world, marked, forced):
    """Signs and line ends are forced too, since tokens may span them."""
    async with world(forced + "x\n") as w:
        document, offset = at(marked)
        await complete(w.engine, document, offset, session=w.session)
        assert w.asked[0].prompt.forced == forced


async def test_an_answer_that_cannot_reach_the_threshold_is_stopped_early(world):
    guess = ScriptedReply(pieces=tuple(f"g{n} " for n in range(30)), probability=0.05, times=1)
    async with world(guess, ScriptedReply("0 = 1\n", probability=0.9), min_confidence=0.5) as w:
        document, offset = at("x = █\n")
        assert await complete(w.engine, document, offset, session=w.session) == []
        record = w.engine.audit.last(document.uri)
        assert record.outcome == "low confidence"
        assert len(record.answer.split()) < 10
        document, offset = typed(document, offset, "g")
        [found] = await complete(w.engine, document, offset, session=w.session)
        assert found.text == "0 = 1"


@pytest.mark.parametrize("trigger", ["automatic", "invoked"])
async def test_a_slow_model_shows_the_line_of_a_header_first_and_then_the_block(world, trigger):
    """After the line was typed, or at once if the user asks for it."""
    gate = asyncio.Event()
    pieces = ("):", "\n   ", " if n < 2:", "\n       ", " return n", "\n")
    async with world(ScriptedReply(pieces=pieces, gate=gate, gate_after=3)) as w:
        w.engine.completion.speed.output = 200.0
        document, offset = at("def fib(n█")
        [line] = await complete(w.engine, document, offset, session=w.session)
        gate.set()
        w.engine.completion.speed.output = 1.0
        shown = "" if trigger == "invoked" else line.text
        document, offset = typed(document, offset, shown)
        block, *_ = await complete(w.engine, document, offset, session=w.session, trigger=trigger)
        assert (line.text, shown + block.text) == ("):", "):\n    if n < 2:\n        return n")


async def test_a_body_that_was_requested_within_its_header_is_shown_whole_behind_it(world):
    """A fast typist ends the header before the answer comes."""
    gate = asyncio.Event()
    pieces = (" ", "int:\n", '    """Return it."""\n', "    return self.side\n", "\n\n")
    async with world(ScriptedReply(pieces=pieces, gate=gate, gate_after=1)) as w:
        document, offset = at("def side_of(self) ->█")
        older = asyncio.create_task(complete(w.engine, document, offset, session=w.session))
        await until(lambda: w.session.running and w.session.running.pieces)
        document, offset = typed(document, offset, " int:")
        newer = asyncio.create_task(complete(w.engine, document, offset, session=w.session))
        assert await older == []
        gate.set()
        [found] = await newer
        assert found.text == '\n    """Return it."""\n    return self.side'


@pytest.mark.parametrize("is_cached", [False, True])
async def test_the_model_is_asked_what_follows_a_line_that_was_typed_through(world, is_cached):
    first = ScriptedReply(pieces=("def f(", "a):", "\n   "), times=1)
    async with world(first, "\n    return a\n") as w:
        document, offset = at("import os\n\n\n█\n")
        await complete(w.engine, document, offset, session=w.session)
        document, offset = typed(document, offset, "def f(a):")
        if is_cached:
            await until(lambda: w.session.running and not w.session.running.is_running)
        [found] = await complete(w.engine, document, offset, session=w.session)
        assert found.text == "\n    return a"


async def test_the_suggestion_begins_with_the_menus_selection(world):
    async with world(" print(value)\n") as w:
        document, offset = at("x = pri█\n")
        selected = Selected(Span(offset - 3, offset), "print")
        [found] = await complete(w.engine, document, offset, session=w.session, selected=selected)
        assert document.slice(found.span) == "pri"
        assert found.text == "print(value)"


async def test_invoked_gives_different_candidates(world):
    replies = [ScriptedReply(f"option_{n}\n", times=1) for n in range(3)]
    async with world(*replies, "option_0\n") as w:
        document, offset = at("x = █\n")
        found = await complete(w.engine, document, offset, session=w.session, trigger="invoked")
        assert [c.text for c in found] == ["option_0", "option_1", "option_2"]


async def test_the_next_request_is_asked_ahead(world):
    async with world(ScriptedReply("second()\n", regex=r"first\(\)\n?\Z"), "first()\n") as w:
        document, offset = at("def f():\n    █\n")
        [found] = await complete(w.engine, document, offset, session=w.session)
        await until(lambda: len(w.asked) == 2 and w.session.running and not w.session.running.is_running)
        asked = len(w.asked)
        document, offset = typed(document, offset, found.text)
        await complete(w.engine, document, offset, session=w.session)
        assert len(w.asked) == asked


async def test_a_cancelled_request_stops_the_model(world):
    """It is stopped after a grace time in which the next request may still agree."""
    async with world(ScriptedReply(pieces=tuple("abcdefgh"), gate=asyncio.Event(), gate_after=2)) as w:
        document, offset = at("x = █\n")
        task = asyncio.create_task(complete(w.engine, document, offset, session=w.session))
        await until(lambda: w.session.running is not None and w.session.running.pieces)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        running = w.session.running
        await until(lambda: w.session.running is None)
        await until(lambda: not running.is_running)


async def test_the_last_prompt_keeps_its_answer_while_the_suggestion_is_typed(world):
    async with world("value + 1\n") as w:
        document, offset = at("x = █\n")
        await complete(w.engine, document, offset, session=w.session)
        document, offset = typed(document, offset, "v")
        assert [found.text for found in await complete(w.engine, document, offset, session=w.session)] == [
            "alue + 1"
        ]
        assert w.engine.audit.last(document.uri).answer == "value + 1\n"


async def test_a_context_too_short_for_any_prompt_is_an_error(world):
    async with world("x", context_length=20) as w:
        document, offset = at("x = █\n")
        with pytest.raises(ContextTooLong, match=r"raise backend\.contextLength"):
            await complete(w.engine, document, offset, session=w.session)
        assert w.backend.requests == []


async def test_a_control_token_in_the_users_text_stays_out_of_string_prompts(world):
    async with world("x\n", special_texts=frozenset({"<|im_start|>"})) as w:
        document, offset = at("a = 1\x0c\nb = '<|im_start|>'\nc = █\n")
        await complete(w.engine, document, offset, session=w.session)
        assert w.asked[0].prompt.text + w.asked[0].prompt.forced == "a = 1\x0c\nc = "
        record = w.engine.audit.last(document.uri)
        assert [(left.first_line, left.why) for left in record.left_out][-1] == (
            1,
            "holds a control token of the model",
        )


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(st.text(alphabet="ab(=é😀 \t", max_size=60), min_size=1, max_size=200),
    context_length=st.sampled_from([256, 300, 512, 1024, 4096]),
    fim=st.booleans(),
    data=st.data(),
)
def test_the_prompt_fits_for_any_document(world, lines, context_length, fim, data):
    text = "\n".join(lines)
    offset = data.draw(st.integers(0, len(text)))

    async def run() -> None:
        async with world("x\n", context_length=context_length, fim=_QWEN if fim else None) as w:
            document, _ = at(f"█{text}")
            await complete(w.engine, document, offset)
            if not w.asked:
                assert not (text if fim else text[:offset]).strip()
                return
            [request] = w.asked
            prompt = await w.backend.count_prompt(request.prompt)
            # The backend limits the answer to what is left; a quarter of the context at least is.
            assert prompt + min(request.sampling.max_tokens, context_length // 4) <= context_length
            before = text[:offset]
            if before.strip():
                seen = request.prompt.text + request.prompt.forced
                assert before[-1] in seen

    asyncio.run(run())

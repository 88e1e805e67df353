"""A suggestion is kept while it is typed or accepted in parts, and nothing unfinished is shown."""

import asyncio

import pytest

from homebody.backend.scripted import Reply
from homebody.features.complete import Selected, complete
from homebody.models.facts import FimTokens
from homebody.text import Span
from support.documents import at, typed
from support.until import until

_BLOCK = "if a:\n        return b\n\n\ndef other():\n    pass\n"
_QWEN = FimTokens("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")
_PLACE = "def f(a, b):\n    █\n"


async def test_a_block_stays_a_block_while_it_is_typed_through(world):
    """Although the cursor is inside a statement, where one line would be requested."""
    async with world(_BLOCK) as w:
        document, offset = at(_PLACE)
        [found] = await complete(w.engine, document, offset, session=w.session)
        assert found.text == "if a:\n        return b"
        for key in "if ":
            document, offset = typed(document, offset, key)
            [found] = await complete(w.engine, document, offset, session=w.session)
        assert found.text == "a:\n        return b"
        places = [request.prompt.text + request.prompt.forced for request in w.asked]
        assert not any(text.endswith(("    i", "    if", "    if ")) for text in places)


@pytest.mark.parametrize(
    ("accepted", "left"),
    [("if ", "a:\n        return b"), ("if a:", "\n        return b"), ("if a:\n        ", "return b")],
)
async def test_a_word_or_a_line_of_a_suggestion_can_be_accepted(world, accepted, left):
    async with world(_BLOCK) as w:
        document, offset = at(_PLACE)
        await complete(w.engine, document, offset, session=w.session)
        document, offset = typed(document, offset, accepted)
        [found] = await complete(w.engine, document, offset, session=w.session)
        assert found.text == left


async def test_text_cut_off_an_answer_is_never_shown_later(world):
    pieces = ("if a:", "\n        return b", "\n    ", "total = 1 + ", "(", "2 * 3)\n")
    async with world(Reply(pieces=pieces, times=1), Reply("\n    return x\n")) as w:
        document, offset = at(_PLACE)
        [found] = await complete(w.engine, document, offset, session=w.session)
        assert found.text == "if a:\n        return b"
        document, offset = typed(document, offset, found.text)
        [found] = await complete(w.engine, document, offset, session=w.session)
        assert found.text == "\n    return x"


async def test_an_unfinished_line_that_another_request_stopped_is_not_shown(world):
    pieces = tuple(f"word{n} " for n in range(40))
    slow = Reply(pieces=pieces, gate=asyncio.Event(), gate_after=3, times=1)
    async with world(slow, "two\n") as w:
        document, offset = at("x = █\n")
        older = asyncio.create_task(complete(w.engine, document, offset, session=w.session))
        await until(lambda: w.session.running and len(w.session.running.pieces) > 2)
        other = type(document).create("file:///b.py", "python", 1, "y = ")
        [found] = await complete(w.engine, other, 4, session=w.session)
        assert (await older, found.text) == ([], "two")


async def test_ghost_text_and_menu_asked_at_one_key_both_get_the_answer(world):
    """An editor may request both; one model request is sent."""
    gate = asyncio.Event()
    async with world(Reply("alpha\n", gate=gate)) as w:
        document, offset = at("x = █\n")
        asked = [asyncio.create_task(complete(w.engine, document, offset, session=w.session)) for _ in "ab"]
        await until(lambda: w.session.running and w.session.running.waiters)
        gate.set()
        first, second = await asyncio.gather(*asked)
        assert [item.text for item in first] == [item.text for item in second] == ["alpha"]
        assert len([r for r in w.asked if "alpha" not in r.prompt.text + r.prompt.forced]) == 1


async def test_an_explicit_request_bypasses_the_confidence_threshold(world):
    replies = [Reply(f"guess{n}\n", probability=0.1, times=1) for n in range(4)]
    async with world(*replies, min_confidence=0.7) as w:
        document, offset = at("x = █\n")
        assert await complete(w.engine, document, offset, session=w.session) == []
        found = await complete(w.engine, document, offset, session=w.session, trigger="invoked")
        assert len({item.text for item in found}) == 3


async def test_another_file_with_the_same_text_gets_its_own_answer(world):
    async with world(Reply("one\n", times=1), "two\n") as w:
        document, offset = at("x = █")
        await complete(w.engine, document, offset, session=w.session)
        other = type(document).create("file:///a.rb", "ruby", 1, document.text)
        [found] = await complete(w.engine, other, offset, session=w.session)
        assert found.text == "two"
        assert w.engine.audit.last().uri == "file:///a.rb"


async def test_text_below_the_cursor_is_in_the_prompt_after_moving_up_in_a_new_file(world):
    async with world("zzz\n", fim=_QWEN) as w:
        document, offset = at("import os\n█")
        for line in ("def f(a):\n", "    return a\n", "def helper(b):\n", "    return b\n"):
            document, offset = typed(document, offset, line)
            await complete(w.engine, document, offset, session=w.session)
        up = document.text.index("    return a\n") + len("    return a")
        document, offset = typed(document, up, "\n    ")
        await complete(w.engine, document, offset, session=w.session)
        assert "def helper(b)" in w.asked[-1].prompt.text


@pytest.mark.parametrize(
    "text", ["# " + "强制重新生成一遍" * 5, "x = 0x" + "8f00b204e980" * 6, "a\n" + "\n" * 30]
)
async def test_no_more_text_is_forced_than_a_token_may_hold(world, text):
    """Forcing a long run would use up the tokens of the answer."""
    async with world("zzz\n") as w:
        document, offset = at(f"import os\n{text}█\n")
        await complete(w.engine, document, offset, session=w.session)
        [request] = w.asked
        assert 0 < len(request.prompt.forced.encode()) <= 24
        assert (request.prompt.text + request.prompt.forced).endswith(text)


async def test_two_selections_of_one_length_are_two_requests(world):
    slow = Reply("(1)\n", gate=asyncio.Event(), contains="append")
    async with world(slow, "(2)\n") as w:
        document, offset = at("values.█\n")
        older, newer = (
            complete(
                w.engine, document, offset, session=w.session, selected=Selected(Span(offset, offset), name)
            )
            for name in ("append", "extend")
        )
        first, second = await asyncio.gather(older, newer)
        assert first == []
        assert [item.text for item in second] == ["extend(2)"]


async def test_the_line_before_a_control_token_counts_as_finished(world):
    async with world(Reply(pieces=("if a:", "\n        return b", "<|im_end|>"))) as w:
        document, offset = at(_PLACE)
        [found] = await complete(w.engine, document, offset, session=w.session)
        assert found.text == "if a:\n        return b"


async def test_each_candidate_that_was_shown_is_typed_through(world):
    replies = [Reply(text, times=1) for text in ("\n", "aaa(x)\n", "bbb(x)\n", "ccc(x)\n")]
    async with world(*replies) as w:
        document, offset = at("y = █\n")
        found = await complete(w.engine, document, offset, session=w.session, trigger="invoked")
        for item in found:
            along, end = typed(document, offset, item.text[:2])
            [rest] = await complete(w.engine, along, end, session=w.session)
            assert rest.text == item.text[2:]


async def test_a_suggestion_is_typed_through_past_a_place_without_one(world):
    guess = Reply(pieces=tuple(f"g{n} " for n in range(30)), probability=0.05, times=1)
    async with world(guess, Reply("foo(bar)\n", probability=0.9), min_confidence=0.4) as w:
        document, offset = at("x = f█\n")
        assert await complete(w.engine, document, offset, session=w.session) == []
        before, start = at("x = █\n")
        [shown] = await complete(w.engine, before, start, session=w.session)
        [rest] = await complete(w.engine, document, offset, session=w.session)
        assert (shown.text, rest.text) == ("foo(bar)", "oo(bar)")

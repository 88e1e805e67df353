"""A suggestion is kept while it is typed or accepted in parts, and nothing unfinished is shown."""

import asyncio

import pytest

from homebody.backend.scripted import ScriptedReply
from homebody.features.complete import complete
from homebody.models.facts import FimTokens
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


async def test_a_block_that_was_shown_in_part_grows_while_it_is_typed_or_once_it_is_accepted(world):
    """On a slow machine the time limit shows the lines that are there; the model goes on writing."""
    gate = asyncio.Event()
    pieces = ("if a:\n", "        b = a\n", "        return b\n", "    last = a\n")
    async with world(ScriptedReply(pieces=pieces, gate=gate, gate_after=2, times=1), "next\n") as w:
        document, offset = at(_PLACE)
        [part] = await complete(w.engine, document, offset, session=w.session)
        assert part.text == "if a:\n        b = a"
        gate.set()
        await until(lambda: not w.session.running.is_running)
        for keys in ("i", part.text):
            later, end = typed(document, offset, keys)
            [rest] = await complete(w.engine, later, end, session=w.session)
            assert keys + rest.text == "if a:\n        b = a\n        return b"


async def test_text_cut_off_an_answer_is_never_shown_later(world):
    pieces = ("if a:", "\n        return b", "\n    ", "total = 1 + ", "(", "2 * 3)\n")
    async with world(ScriptedReply(pieces=pieces, times=1), ScriptedReply("\n    return x\n")) as w:
        document, offset = at(_PLACE)
        [found] = await complete(w.engine, document, offset, session=w.session)
        assert found.text == "if a:\n        return b"
        document, offset = typed(document, offset, found.text)
        [found] = await complete(w.engine, document, offset, session=w.session)
        assert found.text == "\n    return x"


async def test_an_unfinished_line_that_another_request_stopped_is_not_shown(world):
    pieces = tuple(f"word{n} " for n in range(40))
    slow = ScriptedReply(pieces=pieces, gate=asyncio.Event(), gate_after=3, times=1)
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
    async with world(ScriptedReply("alpha\n", gate=gate)) as w:
        document, offset = at("x = █\n")
        asked = [asyncio.create_task(complete(w.engine, document, offset, session=w.session)) for _ in "ab"]
        await until(lambda: w.session.running and w.session.running.waiters)
        gate.set()
        first, second = await asyncio.gather(*asked)
        assert [item.text for item in first] == [item.text for item in second] == ["alpha"]
        assert len([r for r in w.asked if "alpha" not in r.prompt.text + r.prompt.forced]) == 1


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

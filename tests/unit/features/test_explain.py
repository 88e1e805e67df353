"""Explain: streamed, accounted for, and never over the context."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from homebody.errors import UsageError
from homebody.features.explain import explain
from homebody.text import Document, Span


def _document(text: str) -> Document:
    return Document.create("file:///a.py", "python", 1, text)


async def test_the_text_comes_in_pieces_and_whole(world):
    """What was streamed is what is returned."""
    async with world("It adds two numbers.") as w:
        pieces: list[str] = []
        said = await explain(w.engine, _document("a + b\n"), on_text=pieces.append)
        assert "".join(pieces) == said.markdown == "It adds two numbers."
        assert len(pieces) > 1
        assert said.usage.context_length == 8192


async def test_what_stands_around_the_selection_goes_in_and_is_listed(world):
    """Selection first, then the lines before and after it."""
    async with world("ok") as w:
        document = _document("one = 1\ntwo = 2\nthree = 3\n")
        said = await explain(w.engine, document, Span(8, 15))
        assert "one = 1" in w.asked[0].prompt.text
        assert [(s.first_line, s.last_line, s.why) for s in said.sources] == [
            (1, 1, "selection"),
            (0, 0, "before the selection"),
            (2, 2, "after the selection"),
        ]


async def test_a_file_larger_than_the_context_is_explained_as_far_as_it_fits(world):
    """And what was left out is told."""
    async with world("ok", context_length=512) as w:
        document = _document("".join(f"value_{n} = {n}\n" for n in range(400)))
        said = await explain(w.engine, document)
        [left] = said.left_out
        assert left.last_line == 399
        assert f"value_{left.first_line - 1} =" in w.asked[0].prompt.text
        assert f"value_{left.first_line} =" not in w.asked[0].prompt.text


async def test_nothing_but_blanks_is_nothing_to_explain(world):
    """One sentence, and nothing is asked."""
    async with world("ok") as w:
        with pytest.raises(UsageError, match="select some code first"):
            await explain(w.engine, _document(" \n"))
        assert w.backend.requests == []


async def test_the_prompt_is_kept_for_showing(world):
    """Exactly as sent, with the answer."""
    async with world("It adds.") as w:
        document = _document("a + b\n")
        await explain(w.engine, document)
        record = w.engine.audit.last(document.uri)
        assert record is not None
        assert (record.text, record.answer) == (w.asked[0].prompt.text, "It adds.")


@pytest.mark.parametrize("context_length", [1024, 2048, 4096])
async def test_nine_tenths_of_what_fits_are_used(world, context_length):
    """Where there is enough to fill it, the rest is less than a line and rounding."""
    async with world("ok", context_length=context_length) as w:
        document = _document("".join(f"value_{n} = {n}\n" for n in range(2000)))
        start = document.text.index("value_1000")
        await explain(w.engine, document, Span(start, start + 10))
        [request] = w.asked
        used = await w.backend.count_prompt(request.prompt)
        assert used >= 0.9 * (context_length - request.sampling.max_tokens)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(st.text(alphabet="ab(=é😀 \t", max_size=60), min_size=1, max_size=300),
    context_length=st.sampled_from([256, 512, 1024, 4096]),
    data=st.data(),
)
def test_the_prompt_fits_for_any_selection(world, lines, context_length, data):
    """For any selection, from 256 tokens up."""
    text = "x" + "\n".join(lines)
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))

    async def run() -> None:
        async with world("x\n", context_length=context_length) as w:
            document = _document(text)
            if not text[start:end].strip():
                return
            said = await explain(w.engine, document, Span(start, end))
            [request] = w.asked
            prompt = await w.backend.count_prompt(request.prompt)
            assert prompt + request.sampling.max_tokens <= context_length
            assert said.usage.prompt_tokens == prompt

    asyncio.run(run())

"""Explain: streamed, with its sources, and never larger than the context."""

import asyncio

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from homebody.features.explain import explain
from homebody.settings import ChatSettings
from homebody.text import Document, Span


def _document(text: str) -> Document:
    return Document.create("file:///a.py", "python", 1, text)


async def test_code_around_the_selection_is_included_and_listed(world):
    async with world("ok") as w:
        document = _document("one = 1\ntwo = 2\nthree = 3\n")
        result = await explain(w.engine, document, Span(8, 15))
        assert "one = 1" in w.asked[0].prompt.text
        assert [(s.first_line, s.last_line, s.why) for s in result.sources] == [
            (1, 1, "selection"),
            (0, 0, "before the selection"),
            (2, 2, "after the selection"),
        ]


async def test_a_file_larger_than_the_context_is_explained_in_parts(world):
    async with world("ok", context_length=1024) as w:
        document = _document("".join(f"value_{n} = {n}\n" for n in range(400)))
        streamed: list[str] = []
        result = await explain(w.engine, document, full=True, on_text=streamed.append)

        headings = [line for line in result.markdown.splitlines() if line.startswith("### ")]
        assert headings[0].startswith("### a.py:1-")
        assert headings[-1] == "### Summary"
        assert "".join(streamed) == result.markdown
        lines = [line for source in result.sources for line in range(source.first_line, source.last_line + 1)]
        assert lines == list(range(400))
        assert result.left_out == ()
        assert result.complete
        assert all(f"value_{n} = {n}" in "".join(r.prompt.text for r in w.asked) for n in range(400))


async def test_parts_beyond_the_eighth_are_listed_as_left_out(world):
    async with world("ok", context_length=512) as w:
        document = _document("".join(f"value_{n} = {n}\n" for n in range(2000)))
        result = await explain(w.engine, document, Span(0, len(document.text) - 200))
        [left] = result.left_out
        assert left.first_line == result.sources[-1].last_line + 1
        assert "full explanation" in left.why
        assert not result.complete


async def test_a_long_file_is_explained_by_its_outline(world):
    async with world("It computes.", context_length=1024) as w:
        code = "".join(f"def compute_{n}(value):\n" + "    value += 1\n" * 20 for n in range(30))
        result = await explain(w.engine, _document(code))
        [request] = w.asked
        assert "def compute_7(value):" in request.prompt.text
        assert "value += 1" not in request.prompt.text
        assert [source.why for source in result.sources] == ["outline"]
        assert "only the outline was read" in result.left_out[0].why
        assert not result.complete


async def test_code_is_limited_to_what_is_read_in_time(world):
    async with world("ok", chat=ChatSettings(reading_seconds=6)) as w:
        w.engine.chat.speed.prompt = 100
        document = _document("".join(f"value_{n} = {n}\n" for n in range(500)))
        start = document.text.index("value_250")
        result = await explain(w.engine, document, Span(start, start + 9))
        assert 500 < result.usage.prompt_tokens <= 630
        assert {left.why for left in result.left_out} == {
            "before the selection; more than the model reads in chat.readingSeconds",
            "after the selection; more than the model reads in chat.readingSeconds",
        }
        everything = await explain(w.engine, document, Span(start, start + 9), full=True)
        assert everything.left_out == ()


async def test_a_cursor_means_the_function_around_it(world):
    half = "def half(value):\n    return value / 2\n\n\n"
    code = f"LIMIT = 3\n\n{half}def run(value):\n    return half(value) + LIMIT\n"
    async with world("ok") as w:
        document = _document(code)
        result = await explain(
            w.engine, document, Span(code.index("half(value) +"), code.index("half(value) +"))
        )
        assert (result.sources[0].first_line, result.sources[0].last_line) == (6, 7)
        assert w.asked[0].prompt.text.count("def half") == 1
        assert w.asked[0].prompt.text.count("def run") == 1


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(st.text(alphabet="ab(=é😀 \t", max_size=60), min_size=1, max_size=300),
    context_length=st.sampled_from([256, 512, 1024, 4096]),
    data=st.data(),
)
def test_the_prompt_fits_for_any_selection(world, lines, context_length, data):
    text = "x" + "\n".join(lines)
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))

    async def run() -> None:
        async with world("x\n", context_length=context_length) as w:
            document = _document(text)
            if not text[start:end].strip():
                return
            result = await explain(w.engine, document, Span(start, end))
            sizes = [await w.backend.count_prompt(request.prompt) for request in w.asked]
            for size, request in zip(sizes, w.asked, strict=True):
                assert size + request.sampling.max_tokens <= context_length
            assert result.usage.prompt_tokens == sum(sizes)

    asyncio.run(run())

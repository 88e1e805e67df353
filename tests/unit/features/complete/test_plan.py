"""The window of a request: the one in use, or a narrow one elsewhere."""

from dataclasses import replace

import pytest

from homebody.features.complete import complete
from homebody.features.complete.flow import prepare_once
from homebody.features.complete.plan import place_at
from homebody.features.complete.reader import reader_of
from homebody.models.facts import FimTokens
from homebody.text import Document
from support.documents import at
from support.plans import wide_at

_FIM = FimTokens("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", file_separator="<|file_sep|>")
_LINES = 20_000
_NUMBERS = Document.create("file:///a.py", "python", 1, "".join(f"x{n} = {n}\n" for n in range(_LINES)))


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("fim", [None, _FIM])
@pytest.mark.parametrize("context_length", [256, 2048, 8192])
async def test_a_very_long_line_is_completed(world, fim, context_length, exact):
    """For minified code, the line is cut like any text, and the prompt fits."""
    line = "const data = [" + ", ".join(f"item{n}" for n in range(3000))
    document = Document.create("file:///a.js", "javascript", 1, f"function f() {{}}\n{line}")
    async with world("]\n", fim=fim, context_length=context_length) as w:
        w.backend._info = replace(w.backend._info, exact_tokenizer=exact)
        assert await complete(w.engine, document, len(document.text)) != []
        [request] = w.asked
        sent = await w.backend.count_prompt(request.prompt)
        assert sent + request.sampling.max_tokens <= context_length
        whole = request.prompt.text + request.prompt.forced
        assert whole.endswith("item2998, item2999")


@pytest.mark.parametrize("context_length", [1024, 2048, 4096])
async def test_a_window_that_is_kept_fits(world, context_length):
    async with world("x\n", fim=_FIM, context_length=context_length) as w:
        w.engine.completion.speed.prompt = 5_000
        reader, starts = reader_of(w.session, _NUMBERS.uri), []
        for line in range(1500, 1600, 3):
            offset = _NUMBERS.line_starts[line] + 3
            reader.use(await wide_at(w.session, _NUMBERS, offset))
            prompt = (await place_at(w.session, _NUMBERS, offset)).prompt(reader.windows.current)
            estimated = sum(w.engine.completion.tokens.count(text.text) for text in prompt.parts[1::2])
            assert estimated <= context_length - min(128, context_length // 4)
            starts.append(reader.windows.current.start)
        assert len(set(starts)) <= len(starts) // 2


@pytest.mark.parametrize(
    ("frozen", "now"),
    [
        ("call(█)\n", "call(alpha)█\n"),
        ("call(█)\n", "call(alpha, [█])\n"),
        ("call█\n", "call({'key': [█]})\n"),
        ("call({█})\n", "call({\n    'a'█\n})\n"),
        ("call([█])\n", "call(█\n"),
        ("text = █\n", 'text = """█"""\n'),
        ("text = █\n", "text = f\"{names['█']}\"\n"),
        ("text = █\n", "text = `${names[`${first('█')}`]}`\n"),
    ],
)
@pytest.mark.parametrize("fim", [None, _FIM])
async def test_closers_of_the_editor_never_cost_the_window(world, fim, frozen, now):
    async with world("1\n", fim=fim) as w:
        before, after = (f"first = 1\nresult = {text}last = 2\n" for text in (frozen, now))
        window = await wide_at(w.session, *at(before))
        document, offset = at(after)
        assert window.typed(document, offset) is not None
        assert not window.context.suffix.startswith((")", "]", "}"))


async def test_a_large_window_is_counted_exactly(world):
    """In a pause all of its lines are counted, so that little of the budget stays unused."""
    lines = "".join(f"    result_{n} = compute_everything(argument_{n}, other={n})\n" for n in range(9000))
    document = Document.create("file:///a.py", "python", 1, lines)
    async with world("x\n", fim=_FIM, context_length=32_768) as w:
        w.engine.completion.speed.prompt = 100_000
        offset = document.line_starts[6000]
        await prepare_once(w.session, document, offset)
        window = w.session.document_state(document.uri).windows.current
        place = await place_at(w.session, document, offset)
        assert 0.9 * 32_768 < await w.backend.count_prompt(place.prompt(window)) <= 32_768 - 1024

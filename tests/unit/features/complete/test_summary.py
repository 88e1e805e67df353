"""The summary of a prompt, and the comparison with the server's count."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from homebody.audit import read_notes
from homebody.backend.base import ModelInfo, Piece, Stats
from homebody.backend.scripted import Reply
from homebody.features.complete import complete
from support.documents import at, typed
from support.until import until


async def test_no_line_of_the_prompt_is_listed_as_left_out(world):
    async with world("a + b\n") as w:
        document, offset = at('"""Sums."""\n█\nimport os\n\n')
        await complete(w.engine, document, offset, session=w.session)
        last = w.engine.audit.last()
        assert [(one.why, one.first_line, one.last_line) for one in last.sources] == [("at the cursor", 0, 1)]
        assert [(one.why, one.first_line, one.last_line) for one in last.left_out] == [
            ("after the window", 2, 3)
        ]


async def test_a_count_that_differs_is_reported_once_and_listed_in_the_summary(world, monkeypatch):
    """The server's count is compared with Homebody's after each request."""
    async with world("a + b\n") as w:
        result = []
        w.engine.audit.on_note = result.append

        async def less(prompt) -> int:
            return len(prompt.text)

        monkeypatch.setattr(w.backend, "count_prompt", less)
        document, offset = at("def add(a, b):\n    return █\n")
        await complete(w.engine, document, offset, session=w.session)
        document, offset = typed(document, offset, "x")
        await complete(w.engine, document, offset, session=w.session)
        w.engine.audit.flush()
        assert [note.text for note in read_notes()] == [result[0].text]
        assert "prompt tokens" in result[0].text
        assert w.engine.audit.last().notes != ()


async def test_one_answer_is_read_to_its_end_if_the_server_cannot_count(world, monkeypatch):
    async with world(Reply("f(1)\n" * 3)) as w:
        info = replace(await w.backend.describe(), exact_tokenizer=False)

        async def describe() -> ModelInfo:
            return info

        real = w.backend.complete

        async def silent(*asked, **how) -> AsyncGenerator[Piece | Stats, None]:
            async with aclosing(real(*asked, **how)) as stream:
                async for item in stream:
                    yield item if isinstance(item, Stats) else replace(item, read=None)

        monkeypatch.setattr(w.backend, "describe", describe)
        monkeypatch.setattr(w.backend, "complete", silent)
        lines = "".join(f"some_value_{n} = {n}\n" for n in range(30))
        document, offset = at(f"{lines}start = █\nend = 0\n")
        await complete(w.engine, document, offset, session=w.session)
        assert not w.engine.completion.tokens.is_corrected
        await until(lambda: w.engine.completion.tokens.is_corrected)

"""The summary of a prompt, and the comparison with the server's count."""

from dataclasses import replace

from homebody.audit import read_notes
from homebody.backend.base import Placement
from homebody.features.complete import complete
from support.documents import at, typed


async def test_a_count_that_differs_is_reported_once_and_listed_in_the_summary(world, monkeypatch):
    async with world("a + b\n") as w:
        result = []
        w.engine.audit.on_note = result.append

        place = w.backend.place

        async def with_less(prompt, **options) -> Placement:
            return replace(await place(prompt, **options), tokens=len(prompt.text))

        monkeypatch.setattr(w.backend, "place", with_less)
        document, offset = at("def add(a, b):\n    return █\n")
        await complete(w.engine, document, offset, session=w.session)
        document, offset = typed(document, offset, "x")
        await complete(w.engine, document, offset, session=w.session)
        w.engine.audit.flush()
        assert [note.text for note in read_notes()] == [result[0].text]
        assert "prompt tokens" in result[0].text
        assert w.engine.audit.last().notes != ()


async def test_no_line_of_the_prompt_is_listed_as_left_out(world):
    async with world("a + b\n") as w:
        document, offset = at('"""Sums."""\n█\nimport os\n\n')
        await complete(w.engine, document, offset, session=w.session)
        last = w.engine.audit.last()
        assert [(one.why, one.first_line, one.last_line) for one in last.sources] == [("at the cursor", 0, 1)]
        assert [(one.why, one.first_line, one.last_line) for one in last.left_out] == [
            ("after the cursor; did not fit the prompt", 2, 3)
        ]

"""Refactor: edits, or the reason why there are none."""

import pytest

from homebody.errors import ContextTooLong
from homebody.features.refactor import refactor
from homebody.settings import ChatSettings
from homebody.text import Span, apply_edits
from support.documents import at

_CODE = "x = 1\n\n\ndef mean(values):\n    total = 0\n    return tot█al\n"


async def test_a_docstring_goes_where_it_belongs(world):
    async with world("Return the mean.") as w:
        document, offset = at(_CODE)
        done = await refactor(w.engine, document, Span(offset, offset), action="docstring")
        assert done.status == "changed"
        new = apply_edits(document.text, done.edits)
        assert new == document.text.replace(":\n", ':\n    """Return the mean."""\n')


async def test_the_language_of_answers_does_not_reach_code(world):
    chat = ChatSettings(instructions="Use tabs.", language="German", reading_seconds=600)
    async with world("```python\ndef mean(values):\n    return 0\n```", chat=chat) as w:
        document, offset = at(_CODE)
        await refactor(w.engine, document, Span(offset, offset), instruction="Return zero.")
        assert "Use tabs." in w.asked[0].prompt.text
        assert "German" not in w.asked[0].prompt.text


async def test_the_model_is_stopped_after_the_sentence_that_was_asked_for(world):
    async with world("Return the mean. " + "It is also a tree. " * 9) as w:
        document, offset = at(_CODE)
        done = await refactor(w.engine, document, Span(offset, offset), action="docstring")
        assert '"""Return the mean."""' in apply_edits(document.text, done.edits)
        assert w.engine.audit.last(document.uri).answer == "Return the mean."


async def test_an_instruction_rewrites_the_selected_lines(world):
    async with world("```python\n    total = sum(values)\n```") as w:
        document, _ = at(_CODE)
        start = document.text.index("total = 0")
        done = await refactor(w.engine, document, Span(start, start + 5), instruction="Sum the values up.")
        assert done.status == "changed"
        assert "    total = sum(values)\n    return total\n" in apply_edits(document.text, done.edits)
        assert "Sum the values up." in w.asked[0].prompt.text


async def test_code_whose_answer_cannot_fit_is_refused_before_asking(world):
    async with world("x", context_length=256) as w:
        body = "".join(f"    value_{n} = {n}\n" for n in range(60))
        document, offset = at(f"def f():\n    █\n{body}")
        with pytest.raises(ContextTooLong, match="select less"):
            await refactor(w.engine, document, Span(offset, offset), action="simplify")
        assert w.backend.requests == []

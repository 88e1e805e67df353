"""Refactor: edits, or the reason why there are none."""

import pytest

from homebody.errors import ContextTooLong
from homebody.features.refactor import refactor
from homebody.settings import ChatSettings
from homebody.text import Document, Span, apply_edits
from support.documents import at

_CODE = "x = 1\n\n\ndef mean(values):\n    total = 0\n    return tot█al\n"


async def test_the_language_of_answers_does_not_reach_code(world):
    chat = ChatSettings(instructions="Use tabs.", language="German", reading_seconds=600)
    async with world("```python\ndef mean(values):\n    return 0\n```", chat=chat) as w:
        document, offset = at(_CODE)
        await refactor(w.engine, document, Span(offset, offset), instruction="Return zero.")
        assert "Use tabs." in w.asked[0].prompt.text
        assert "German" not in w.asked[0].prompt.text


async def test_a_request_for_new_names_lists_what_can_be_renamed(world):
    """Left to choose, a small model names a parameter, which Python's callers may use, and nothing else."""
    async with world("total -> sum_of_values\nlast -> final") as w:
        document, offset = at("def mean(values):\n    total = 0\n    last = to█tal\n    return last\n")
        done = await refactor(w.engine, document, Span(offset, offset), action="rename")
        assert "Its local variables are `total`, `last`." in w.asked[0].prompt.text
        assert "    final = sum_of_values\n" in apply_edits(document.text, done.edits)


async def test_the_model_is_stopped_after_the_sentence_that_was_asked_for(world):
    async with world("Return the mean. " + "It is also a tree. " * 9) as w:
        document, offset = at(_CODE)
        done = await refactor(w.engine, document, Span(offset, offset), action="docstring")
        assert '"""Return the mean."""' in apply_edits(document.text, done.edits)
        assert w.engine.audit.last(document.uri).answer == "Return the mean."


async def test_what_the_code_uses_is_read_on_the_slowest_machine(world):
    async with world(
        "```python\ndef mean(values):\n    return LIMIT\n```", chat=ChatSettings(reading_seconds=1)
    ) as w:
        w.engine.chat.speed.prompt = 1
        document, offset = at(_CODE.replace("x = 1", "LIMIT = 1").replace("0\n", "LIMIT\n"))
        await refactor(w.engine, document, Span(offset, offset), instruction="Sum the values up.")
        assert "LIMIT = 1" in w.asked[0].prompt.text


async def test_code_whose_answer_cannot_fit_is_refused_before_asking(world):
    async with world("x", context_length=256) as w:
        body = "".join(f"    value_{n} = {n}\n" for n in range(60))
        document, offset = at(f"def f():\n    █\n{body}")
        with pytest.raises(ContextTooLong, match="select less"):
            await refactor(w.engine, document, Span(offset, offset), action="simplify")
        assert w.backend.requests == []


MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
MARKED = [
    ("python", "def add(a, b):\n    c = a + b\n    return c\n", "simplify",
     "def add(a, b):\n    return a + b",
     "def add(a, b):\n    return a + b\n"),
    ("python", "def area(r):\n    return 3.14 * r * r\n", "instruction",
     "import math\n\n\ndef area(r):\n    return math.pi * r * r",
     "import math\n\n\ndef area(r):\n    return math.pi * r * r\n"),
    ("javascript", "function f() {\n  return 1;\n}\n", "docstring", "Return one.",
     "/**\n * Return one.\n */\nfunction f() {\n  return 1;\n}\n"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "old", "action", "answer", "new"), MARKED)
async def test_a_byte_order_mark_stays_first_and_line_ends_stay(world, language, old, action, answer, new):
    """Some clients send the mark as a part of the text."""
    text = MARK + old.replace("\n", "\r\n")
    document = Document.create("file:///w/a", language, 1, text)
    wish = {"instruction": "use it"} if action == "instruction" else {"action": action}
    async with world(f"```\n{answer}\n```" if action != "docstring" else answer) as w:
        done = await refactor(w.engine, document, Span(3, 3), **wish)
    assert done.status == "changed", done.reason
    assert apply_edits(text, done.edits) == MARK + new.replace("\n", "\r\n")

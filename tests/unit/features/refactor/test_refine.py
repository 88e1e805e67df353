"""A result that is changed in words, and the bad input of the feature."""

import asyncio

import pytest

from homebody.backend.scripted import Reply
from homebody.errors import BackendTimeout, UsageError
from homebody.features.refactor import refactor, refine
from homebody.features.refactor.refined import after_earlier_edits
from homebody.text import Document, Span, apply_edits

CODE = "def f(a):\n    b = a\n    return b\n"
FIRST = "```python\ndef f(a):\n    result = a\n    return result\n```"
SECOND = "```python\ndef f(a):\n    return a\n```"


async def test_the_answer_and_the_wish_are_in_the_next_prompt(world):
    """So that the server reuses what it has read, and the model knows what it wrote."""
    async with world(Reply(SECOND, contains="shorter"), Reply(FIRST)) as w:
        document = Document.create("file:///a.py", "python", 1, CODE)
        first = await refactor(w.engine, document, Span(12, 12), instruction="better names")
        assert first.pending is not None
        second = await refine(first.pending, "shorter")
        assert apply_edits(document.text, second.edits) == "def f(a):\n    return a\n"
        before, after = (request.prompt.text for request in w.asked)
        assert after.startswith(before)
        assert FIRST in after


async def test_a_refined_result_can_be_refined_again(world):
    """The conversation grows."""
    async with world(Reply(SECOND, contains="again"), Reply(FIRST)) as w:
        document = Document.create("file:///a.py", "python", 1, CODE)
        found = await refactor(w.engine, document, Span(12, 12), instruction="x")
        for wish in ("once", "again"):
            assert found.pending is not None
            found = await refine(found.pending, wish)
        assert apply_edits(document.text, found.edits) == "def f(a):\n    return a\n"
        assert "once" in w.asked[-1].prompt.text


async def test_the_edits_that_refine_an_applied_result_start_from_it(world):
    """Both ways give the same text."""
    async with world(Reply(SECOND, contains="shorter"), Reply(FIRST)) as w:
        document = Document.create("file:///a.py", "python", 1, CODE)
        first = await refactor(w.engine, document, Span(12, 12), instruction="x")
        assert first.pending is not None
        second = await refine(first.pending, "shorter")
        applied, edits, target = after_earlier_edits(document, first, second)
        assert applied.text == apply_edits(document.text, first.edits)
        assert apply_edits(applied.text, edits) == apply_edits(document.text, second.edits)
        assert applied.slice(target) == applied.text.rstrip("\n")


async def test_the_retry_gives_the_reason_and_is_made_once(world):
    """A second failure is a refusal, and both answers are counted."""
    async with world("```python\ndef f(a:\n```") as w:
        document = Document.create("file:///a.py", "python", 1, CODE)
        done = await refactor(w.engine, document, Span(12, 12), instruction="x")
        assert done.status == "refused"
        assert len(w.asked) == 2
        assert "That cannot be used: The answer has syntax errors" in w.asked[1].prompt.text
        record = w.engine.audit.last(document.uri)
        assert record is not None
        assert record.answer == "```python\ndef f(a:\n```"


BAD = (
    ("", Span(0, 0), {"instruction": "x"}, "The file is empty"),
    (CODE, Span(12, 12), {"instruction": "  "}, "the instruction is empty"),
    (CODE, Span(12, 12), {}, "Say either which action"),
    (CODE, Span(12, 12), {"action": "types", "instruction": "x"}, "Say either which action"),
    (CODE, Span(12, 12), {"action": "explain"}, "explains code and changes none"),
    (CODE, Span(12, 12), {"action": "fix"}, "there is none here"),
    (CODE, Span(12, 12), {"action": "write-code"}, "There is no comment here"),
)


@pytest.mark.parametrize(("code", "span", "what", "words"), BAD)
async def test_a_request_that_makes_no_sense_is_one_sentence(world, code, span, what, words):
    """And the model is not asked."""
    async with world("x") as w:
        document = Document.create("file:///a.py", "python", 1, code)
        with pytest.raises(UsageError, match=words):
            await refactor(w.engine, document, span, **what)
        assert w.asked == []


async def test_an_unsaved_document_gets_no_file_of_tests(world):
    """There is no place for it."""
    async with world("x") as w:
        document = Document.create("untitled:a", "python", 1, CODE)
        with pytest.raises(UsageError, match="save the file first"):
            await refactor(w.engine, document, Span(12, 12), action="write-tests")


async def test_an_answer_past_its_time_limit_is_a_separate_error(world):
    """Not a refusal."""
    async with world(Reply("x", fault="timeout")) as w:
        document = Document.create("file:///a.py", "python", 1, CODE)
        with pytest.raises(BackendTimeout):
            await refactor(w.engine, document, Span(12, 12), instruction="x")


async def test_a_cancelled_request_closes_the_stream(world):
    """At once, and nothing is offered."""
    async with world(Reply(FIRST, piece_delay_ms=10_000)) as w:
        document = Document.create("file:///a.py", "python", 1, CODE)
        came = asyncio.Event()
        task = asyncio.create_task(
            refactor(w.engine, document, Span(12, 12), instruction="x", on_progress=lambda _: came.set())
        )
        await came.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not w.engine.chat_is_streaming

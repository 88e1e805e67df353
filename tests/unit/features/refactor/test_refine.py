"""Results that are refined by an instruction, and invalid input."""

import pytest

from homebody.backend.scripted import ScriptedReply
from homebody.errors import ContextTooLong, UsageError
from homebody.features.refactor import refactor, refine
from homebody.features.refactor.results import after_earlier_edits
from homebody.text import Document, Span, apply_edits

CODE = "def f(a):\n    b = a\n    return b\n"
FIRST = "```python\ndef f(a):\n    result = a\n    return result\n```"
SECOND = "```python\ndef f(a):\n    return a\n```"


async def test_the_edits_that_refine_an_applied_result_start_from_it(world):
    async with world(ScriptedReply(SECOND, contains="shorter"), ScriptedReply(FIRST)) as w:
        document = Document.create("file:///a.py", "python", 1, CODE)
        first = await refactor(w.engine, document, Span(12, 12), instruction="x")
        second = await refine(first, "shorter")
        applied, edits, target = after_earlier_edits(document, first, second)
        assert applied.text == apply_edits(document.text, first.edits)
        assert apply_edits(applied.text, edits) == apply_edits(document.text, second.edits)
        assert applied.slice(target) == applied.text.rstrip("\n")


LARGER = "".join(f"def before{n}(a):\n    return a + {n}\n\n\n" for n in range(30)) + CODE


async def test_a_conversation_begins_with_the_same_prompt_however_long_it_gets(world):
    """The retry and each instruction are added at the end, although they take room from the code around."""
    long_wish = "Keep the names. " * 40
    replies = [
        ScriptedReply("```python\ndef f(a:\n```", times=1),
        ScriptedReply(SECOND, contains=long_wish),
        ScriptedReply(FIRST),
    ]
    async with world(*replies, context_length=2_000) as w:
        document = Document.create("file:///a.py", "python", 1, LARGER)
        at = LARGER.index("b = a")
        first = await refactor(w.engine, document, Span(at, at), instruction="x")
        assert first.status == "changed"
        await refine(first, long_wish)
        prompts = [request.prompt.text.rpartition("<|im_end|>")[0] for request in w.asked]
        assert len(prompts) == 3
        assert "def before29" in prompts[0]
        assert prompts[1].startswith(prompts[0])
        assert prompts[2].startswith(prompts[1])


async def test_a_long_conversation_continues_without_its_oldest_answers(world):
    """It never fails because of its length: finally, all instructions become one."""
    async with world(ScriptedReply(SECOND, contains="wish 5"), ScriptedReply(FIRST), context_length=600) as w:
        document = Document.create("file:///a.py", "python", 1, CODE)
        found = await refactor(w.engine, document, Span(12, 12), instruction="x")
        for number in range(1, 6):
            found = await refine(found, f"wish {number}: " + "keep the names, " * 8)
            assert found.reason is None
        assert apply_edits(document.text, found.edits) == "def f(a):\n    return a\n"
        assert "wish 1" not in w.asked[-1].prompt.text


async def test_a_second_instruction_reads_neither_the_code_nor_its_surroundings_again(world):
    async with world(FIRST) as w:
        document = Document.create("file:///a.py", "python", 1, LARGER)
        at = LARGER.index("b = a")
        for instruction in ("Shorter.", "Give the variable a name that says what it holds. " * 12):
            await refactor(w.engine, document, Span(at, at), instruction=instruction, session=w.session)
        first, second = (request.prompt.text for request in w.asked)
        shared = first.partition("Shorter.")[0]
        assert "def before0" in shared
        assert "    return b\n```" in shared
        assert second.startswith(shared)


async def test_the_retry_gives_the_reason_and_is_made_once(world):
    async with world("```python\ndef f(a:\n```") as w:
        document = Document.create("file:///a.py", "python", 1, CODE)
        done = await refactor(w.engine, document, Span(12, 12), instruction="x")
        assert done.status == "refused"
        assert len(w.asked) == 2
        assert "That cannot be used. The answer has syntax errors" in w.asked[1].prompt.text
        record = w.engine.audit.last(document.uri)
        assert record.answer == "```python\ndef f(a:\n```"


BAD = (
    ("", Span(0, 0), {"action": "types"}, "The file is empty"),
    (CODE, Span(12, 12), {"instruction": "  "}, "the instruction is empty"),
    (CODE, Span(12, 12), {}, "Give either the action"),
    (CODE, Span(12, 12), {"action": "types", "instruction": "x"}, "Give either the action"),
    (CODE, Span(12, 12), {"action": "explain"}, "explains code and does not change it"),
    (CODE, Span(12, 12), {"action": "fix"}, "there is none here"),
    (CODE, Span(12, 12), {"action": "write-code"}, "There is no comment here"),
)


@pytest.mark.parametrize(("code", "span", "what", "words"), BAD)
async def test_an_invalid_request_is_refused_in_one_sentence(world, code, span, what, words):
    async with world("x") as w:
        document = Document.create("file:///a.py", "python", 1, code)
        with pytest.raises(UsageError, match=words):
            await refactor(w.engine, document, span, **what)
        assert w.asked == []


async def test_an_unsaved_document_gets_no_file_of_tests(world):
    async with world("x") as w:
        document = Document.create("untitled:a", "python", 1, CODE)
        with pytest.raises(UsageError, match="save the file first"):
            await refactor(w.engine, document, Span(12, 12), action="write-tests")


async def test_an_instruction_that_leaves_no_room_for_code_is_named(world):
    async with world("x", context_length=1_000) as w:
        document = Document.create("file:///a.py", "python", 1, CODE)
        with pytest.raises(ContextTooLong, match="say it in fewer words"):
            await refactor(w.engine, document, Span(12, 12), instruction="word " * 2_000)
        assert w.asked == []


async def test_a_control_token_in_the_name_of_a_file_reaches_no_prompt_that_is_sent_as_text(world, tmp_path):
    async with world(FIRST, folders=[tmp_path], special_texts=frozenset({"<|stop|>"})) as w:
        document = Document.create((tmp_path / "<|stop|>.py").as_uri(), "python", 1, CODE)
        await refactor(w.engine, document, Span(12, 12), action="write-tests")
        assert "return b" in w.asked[0].prompt.text
        assert not any("<|stop|>" in request.prompt.text for request in w.asked)

"""Unusual selections and answers: one sentence, and nothing is lost."""

import pytest

from homebody.backend.scripted import Reply
from homebody.errors import HomebodyError, NothingAnswered
from homebody.features.ask import ask
from homebody.features.explain import explain
from homebody.features.refactor import refactor
from homebody.session.conversation import Conversation
from homebody.text import Document, Span

_TWO = "def one():\n    return 1\n\n\ndef two():\n    text = 'a string with words'\n    return text\n"


def _document(text: str, language: str = "python") -> Document:
    return Document.create("file:///w/a.py", language, 1, text)


@pytest.mark.parametrize(
    ("document", "selected"),
    [
        (_document(_TWO), "return 1\n\n\ndef two():"),
        (_document(_TWO), "string with"),
        (_document("def broken(:\n  ((\n'''\n"), "broken(:\n  (("),
        (_document("any text\nat all\n", "brainfuck"), "text"),
        (_document("x"), "x"),
        (_document("\N{PILE OF POO} = 1\r\n\r\ny = 2\r"), "= 1\r\n\r\ny"),
        (_document("a" * 50_000), "a" * 40_000),
    ],
    ids=["across functions", "in a string", "broken code", "no grammar", "one character", "CRLF", "one line"],
)
async def test_any_selection_can_be_explained_and_asked_about(world, document, selected):
    start = document.text.index(selected)
    span = Span(start, start + len(selected))
    async with world("Words.", context_length=2048) as w:
        result = await explain(w.engine, document, span)
        reply = await ask(w.engine, "What is it?", document=document, span=span)
        assert "Words." in result.markdown
        assert reply.markdown == "Words."
        assert result.sources[0].why == "selection"
        for request in w.asked:
            size = await w.backend.count_prompt(request.prompt)
            assert size + request.sampling.max_tokens <= 2048


@pytest.mark.parametrize("text", ["", " \n\t\n"])
async def test_an_empty_file_is_refused_by_explain_and_accepted_by_ask(world, text):
    async with world("Words.") as w:
        with pytest.raises(HomebodyError, match="nothing to explain"):
            await explain(w.engine, _document(text), Span(0, 0))
        assert (await ask(w.engine, "Why?", document=_document(text))).sources == ()


@pytest.mark.parametrize("answer", ["", "  \n"])
async def test_a_model_that_answers_nothing_is_named(world, answer):
    async with world(Reply(pieces=(answer,) if answer else ())) as w:
        conversation = Conversation("")
        with pytest.raises(NothingAnswered, match="answered nothing"):
            await ask(w.engine, "Why?", conversation=conversation)
        with pytest.raises(NothingAnswered, match="answered nothing"):
            await explain(w.engine, _document(_TWO))
        assert conversation.turns == []


async def test_an_endless_answer_is_cut_and_reported_as_cut(world):
    async with world("".join(f"and so on {number} " for number in range(5000))) as w:
        result = await explain(w.engine, _document(_TWO))
        assert result.usage.output_tokens == w.asked[0].sampling.max_tokens
        assert not result.complete


async def test_an_answer_in_a_loop_is_stopped(world):
    """Also that of a rewrite; a repetition that is in the prompt is code that the model copies."""
    block = "```python\n" + "".join(f"value_{number} = {number}\n" for number in range(20)) + "```\n"
    async with world(block * 200) as w:
        streamed: list[str] = []
        result = await explain(w.engine, _document(_TWO), on_text=streamed.append)
        assert result.looped
        assert not result.complete
        assert "".join(streamed) == result.text
        assert len(result.text) < 6_000

    zeros = "table = [\n" + "    [0, 0, 0, 0],\n" * 100 + "]\n"
    for code, looped in ((zeros, False), (_TWO, True)):
        async with world(f"```python\n{zeros}```") as w:
            found = await refactor(w.engine, _document(code), Span(0, len(code)), instruction="Format it.")
            answer = w.engine.audit.last().answer
            assert (len(answer) < len(zeros)) is looped
            assert (found.status == "refused") is looped


async def test_a_model_that_fails_in_the_middle_is_an_error(world):
    async with world(Reply(text="One two three four", fault="cut", fault_after=2)) as w:
        with pytest.raises(HomebodyError, match="closed the connection"):
            await ask(w.engine, "Why?")
        assert w.engine.audit.last().answer == "One "

"""Unusual selections and answers: one sentence, and nothing is lost."""

from homebody.features.explain import explain
from homebody.features.refactor import refactor
from homebody.text import Document, Span

_TWO = "def one():\n    return 1\n\n\ndef two():\n    text = 'a string with words'\n    return text\n"


def _document(text: str, language: str = "python") -> Document:
    return Document.create("file:///w/a.py", language, 1, text)


async def test_an_endless_answer_is_cut_and_reported_as_cut(world):
    async with world("".join(f"and so on {number} " for number in range(5000))) as w:
        result = await explain(w.engine, _document(_TWO))
        assert result.usage.output_tokens == w.asked[0].sampling.max_tokens
        assert not result.complete


async def test_an_answer_in_a_loop_is_stopped(world):
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

"""Properties of every offered edit, for any code and answer, in every language."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from homebody.engine import Engine
from homebody.errors import UsageError
from homebody.features.refactor.offer import offer_of
from homebody.features.refactor.results import RewriteRequest
from homebody.features.refactor.target import find_target
from homebody.settings import Settings
from homebody.syntax.import_block import WholeFile
from homebody.syntax.language import PARSED, Language
from homebody.syntax.nodes import count_errors
from homebody.syntax.opaque import comments_start
from homebody.syntax.tree import parse
from homebody.syntax.widen import top_level_start
from homebody.text import Document, Span, apply_edits

FOLDER = Path(__file__).parents[3] / "cases" / "syntax"
EXAMPLES = 8
"""For each language; more of them take minutes and are worth it after a change of the checks."""

NOISE = st.sampled_from(
    (
        *("", "(", ")", "{", "}", "[", "]", '"', "'", "`", '"""', "/*", "*/", "#", "//", "<!--", "end", ";"),
        *("\t", "  ", "é😀", "...", "# ... rest of the code", "// unchanged", "<<EOF", "\\", "\u2028", "\r"),
        *("Sure! Here is the code:", "This returns one.", "<think>", "</think>", "<|im_end|>", "Part 1"),
        *("```", "````", "~~~", "```python", "def f(a):", "return 1", "class A:", "x = 1", "@cache"),
    )
)
ACTIONS = ("simplify", "rename", "types", "extract-function", "early-returns", "handle-errors", "write-code")
REWRITES = st.sampled_from((None, *ACTIONS))

each_language = pytest.mark.parametrize("language", PARSED, ids=lambda language: language.name)


def _lines(language: Language) -> list[str]:
    text = (FOLDER / f"{language.name}.case").read_text("utf-8")
    return text.partition("\n==")[0].split("\n")[:60]


@st.composite
def _codes(draw: st.DrawFn, language: Language) -> str:
    """Lines of real code, some of them left out, repeated or replaced by unusual text."""
    lines = _lines(language)
    start = draw(st.integers(0, max(0, len(lines) - 12)))
    found = lines[start : start + draw(st.integers(1, 24))]
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(found)))
        found[at : at + draw(st.integers(0, 1))] = [draw(NOISE)]
    end = draw(st.sampled_from(("\n", "\n", "\n", "\r\n", "\r")))
    return end.join(found) + draw(st.sampled_from(("", end)))


@st.composite
def _answers(draw: st.DrawFn, language: Language, code: str) -> str:
    body = draw(st.sampled_from((code, code, draw(_codes(language)))))
    lines = body.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(lines)))
        lines[at : at + draw(st.integers(0, 2))] = draw(st.lists(NOISE, max_size=1))
    text = "\n".join(lines)
    fence = draw(st.sampled_from(("```", "```", "", "~~~")))
    talk = draw(st.sampled_from(("", "", "Here it is:\n\n")))
    return f"{talk}{fence}{language.ids[0]}\n{text}\n{fence}" if fence else talk + text


@each_language
@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_an_offered_rewrite_breaks_nothing(language: Language, data: st.DataObject):
    document = Document.create(
        f"file:///w/a{language.extensions[0]}", language.ids[0], 1, data.draw(_codes(language), "code")
    )
    start = data.draw(st.integers(0, len(document.text)))
    span = Span(start, data.draw(st.integers(start, len(document.text))))
    prompts = Engine(Settings(), ()).prompts
    name = data.draw(REWRITES, "action")
    prompt = prompts.instruction if name is None else prompts.action(name)
    tree = parse(document)
    try:
        target, definition = find_target(document, tree, span, prompt)
    except UsageError:
        return
    answer = data.draw(_answers(language, document.slice(target)), "answer")
    file = WholeFile(document, tree)
    request = RewriteRequest(Engine(Settings(), ()), file, prompt, target, definition, instruction="x")

    found = offer_of(request, answer, complete=True)

    if found.refusal:
        assert found.refusal.endswith((".", "…"))
        assert "\n" not in found.refusal
        return
    spans = [edit.span for edit in found.edits]
    assert spans == sorted(spans)
    assert all(one.end <= other.start for one, other in pairwise(spans))
    # New code goes above the comment of a function, or above the class around it.
    first = min(
        comments_start(document, tree, Span(0, target.start)), top_level_start(document, tree, target.start)
    )
    assert all(first <= span.start and span.end <= target.end for span in spans)
    new = apply_edits(document.text, found.edits)
    assert count_errors(parse(document.with_text(new))) <= count_errors(parse(document))
    assert document.text[:first] == new[:first]
    assert new.endswith(document.text[target.end :])
    if "\r\n" in document.text and "\n" not in document.text.replace("\r\n", ""):
        assert "\n" not in new.replace("\r\n", "")

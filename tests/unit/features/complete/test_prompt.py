"""The prompt at a cursor: its layout, its paths, and what is left out of it."""

import pytest

from homebody.backend.base import ModelInfo, Prompt
from homebody.features.complete import complete
from homebody.features.complete.plan import Place, place_at
from homebody.prompt.fim import formats
from homebody.session.prompt_window import PromptWindow
from homebody.syntax.chunk import Candidate
from homebody.text import Document, Span, TextEdit
from support.documents import at, typed
from support.plans import set_windows

_SPECIAL = frozenset({"<|im_start|>", "<|im_end|>"})


def _wide_with(place: Place, *snippets: Candidate) -> PromptWindow:
    set_windows(place.session, place.document.uri, candidates=snippets)
    return place.window("wide")


def _whole(prompt: Prompt) -> str:
    return prompt.text + prompt.forced


def _in_family(w, row, document: Document, offset: int) -> Place:
    info = ModelInfo("scripted", "m", 8192, takes_token_ids=True)
    return Place(w.session, info, row, document, offset)


async def test_a_file_whose_text_is_replaced_is_completed_again(world):
    async with world("compute(a)\n") as w:
        document, offset = at("def add(a, b):\n    █")
        await complete(w.engine, document, offset, session=w.session)
        for edit in (TextEdit(Span(0, len(document.text)), ""), TextEdit(Span(0, 0), "result = ")):
            document = document.edited(edit, document.version + 1)
            w.session.changed([edit], document)
            found = await complete(w.engine, document, len(document.text), session=w.session)
        assert [one.text for one in found] == ["compute(a)"]
        assert w.asked[-1].prompt.text.startswith("result =")


@pytest.mark.parametrize("row", formats(), ids=lambda row: row.family)
async def test_a_key_only_adds_to_the_prompt(world, row):
    """In every family, after a middle marker or at the prefix's end, with snippets too."""
    async with world("x\n") as w:
        document, offset = at(
            "import os\n\n\ndef f(a):\n    if a:\n        b = a(\n        c█\n    return b\n"
        )
        other = Candidate("file:///w/u.py", 3, 4, "def g() -> float:\n    return 1.0", "definition of g")
        window = _wide_with(_in_family(w, row, document, offset), other)
        before = _whole(_in_family(w, row, document, offset).prompt(window))
        assert other.text in before
        for key in "all(x)":
            document, offset = typed(document, offset, key)
            assert window.typed(document, offset) is not None
            after = _whole(_in_family(w, row, document, offset).prompt(window))
            assert after == before + key
            before = after


@pytest.mark.parametrize("family", ["mellum", "seed"])
async def test_only_the_cursors_line_follows_a_middle_marker(world, family):
    row = next(row for row in formats() if row.family == family)
    async with world("x\n") as w:
        document, offset = at("def f(a):\n    if a:\n        b = a(\n        c█\n    return b\n")
        place = _in_family(w, row, document, offset)
        text = _whole(place.prompt(place.window("wide")))
        assert text.rpartition(row.markers[-1])[2] == "        c"


async def test_a_header_with_a_control_token_is_left_out(world):
    async with world("x\n", special_texts=_SPECIAL, context_length=512) as w:
        body = "".join(f"        line_{n} = {n}\n" for n in range(200))
        document, offset = at(f"class A:\n    def f(self, a='<|im_end|>'):\n{body}        last = █\n")
        w.engine.trees.open(document)
        await w.engine.trees.ready(document)
        place = await place_at(w.session, document, offset)
        window = place.window("wide")
        assert "<|im_end|>" in window.context.headers
        assert "<|im_end|>" not in place.prompt(window).text


async def test_only_the_lines_with_control_tokens_are_left_out_of_a_snippet(world):
    async with world("x\n", special_texts=_SPECIAL) as w:
        document, offset = at("a = █\n")
        place = await place_at(w.session, document, offset)
        text = "def g():\n    s = '<|im_start|>'\n    return s"
        some = Candidate("file:///%3C%7Cim_end%7C%3Eu.py", 4, 6, text, "near")
        window = _wide_with(place, some)
        assert "# u.py\ndef g():\n    return s\n" in place.prompt(window).text


@pytest.mark.parametrize(
    ("language", "line"),
    [("html", "<!-- p.html -->\n"), ("sql", "-- p.html\n"), ("unheard-of", "# p.html\n")],
)
async def test_paths_are_written_as_comments_of_the_language(world, language, line):
    async with world("x\n") as w:
        document = Document.create("untitled:p", language, 1, "a\n")
        place = await place_at(w.session, document, 1)
        window = _wide_with(place, Candidate("file:///p.html", 0, 0, "b", "near"))
        assert line in place.prompt(window).text

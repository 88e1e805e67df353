"""Which actions are offered, and in which order."""

import pytest

from homebody.backend.base import ModelInfo
from homebody.features.refactor import list_actions
from homebody.features.refactor.model_size import lacks, size_of_model
from homebody.prompt.library import PromptLibrary
from homebody.settings import ChatSettings
from homebody.text import Document, Span

CODE = "import os\n\n\n# add one\ndef f(a):\n    b = a\n    return b\n"
HEADER, BODY = CODE.index("def f"), CODE.index("b = a")

SIZES = (
    ("SmolLM2-135M-Instruct", 0.135),
    ("smollm2-360m", 0.36),
    ("qwen2.5-coder-1.5b-instruct-q4_k_m", 2.25),
    ("Qwen2.5-7B-Instruct", 7.0),
    ("gpt-oss:20b", 20.0),
    ("mixtral-8x7b", 56.0),
    ("codestral-22b-v0.1", 33.0),
    ("gemma-3-4bit", None),
    ("my-model", None),
)


@pytest.mark.parametrize(("name", "expected"), SIZES)
def test_the_size_of_a_model_is_read_from_its_name(name, expected):
    info = ModelInfo(kind="openai", name=name, context_length=4096)
    assert size_of_model(info, ChatSettings()) == (expected if expected is None else pytest.approx(expected))


def test_the_users_setting_comes_before_the_name():
    info = ModelInfo(kind="openai", name="tiny-135m", context_length=4096)
    assert size_of_model(info, ChatSettings(model_size=7)) == 7


async def test_every_shipped_action_but_documentation_needs_more_than_the_default_weights():
    info = ModelInfo(kind="embedded", name="SmolLM2-135M", context_length=4096)
    able = [prompt.name for prompt in PromptLibrary().actions if not lacks(prompt, info, ChatSettings())]
    assert able == ["docstring"]


@pytest.mark.parametrize(
    ("start", "end", "automatic", "has_problem", "expected"),
    [
        (0, 0, False, False, set()),
        (0, 9, False, False, {"simplify", "handle-errors", "explain"}),
        (BODY, BODY, True, False, set()),
        (BODY, BODY, True, True, {"fix"}),
        (HEADER - 9, HEADER - 9, True, False, {"write-code"}),
    ],
)
async def test_what_fits_the_place_is_listed(world, start, end, automatic, has_problem, expected):
    async with world("x") as w:
        document = Document.create("file:///a.py", "python", 1, CODE)
        w.engine.trees.open(document)
        await w.engine.trees.ready(document)
        found = list_actions(
            w.engine, document, Span(start, end), automatic=automatic, has_problem=has_problem
        )
        assert expected == {action.name for action in found}
        assert w.backend.requests == []


async def test_types_are_offered_where_a_language_has_optional_ones(world):
    async with world("x") as w:
        document = Document.create("file:///a.go", "go", 1, "package a\n\nfunc F() {\n}\n")
        w.engine.trees.open(document)
        await w.engine.trees.ready(document)
        names = {action.name for action in list_actions(w.engine, document, Span(14, 14))}
        assert "types" not in names
        assert "write-tests" in names

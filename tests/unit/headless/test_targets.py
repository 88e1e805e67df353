"""Which parts of a file are rewritten."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homebody.headless import targets
from homebody.headless.targets import RewriteTarget
from homebody.text import Document, Span, TextEdit, apply_edits

CODE = """\
import os


def test_one():
    def inner():
        pass
    return inner


class Order:
    def total(self):
        return 1

    def test_two(self):
        return 2
"""


def python(text: str = CODE) -> Document:
    return Document.create("file:///a.py", "python", 0, text)


def shown(document: Document, found: list[RewriteTarget]) -> list[tuple[str, str]]:
    return [(one.name, document.slice(one.span).splitlines()[0].strip()) for one in found]


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["test_*"], ["test_one", "Order.test_two"]),
        (["Order.total"], ["Order.total"]),
        (["Order.*"], ["Order.total", "Order.test_two"]),
        (["Order"], ["Order"]),
        (["Order", "total"], ["Order"]),
        (["inner"], ["test_one.inner"]),
        (["*"], ["test_one", "Order"]),
        (["nothing", "Ord"], []),
    ],
)
def test_patterns_name_symbols(patterns, expected):
    assert [one.name for one in targets.matching(python(), patterns)] == expected


def test_every_function_is_one_target():
    assert shown(python(), targets.every_function(python())) == [
        ("test_one", "def test_one():"),
        ("Order.total", "def total(self):"),
        ("Order.test_two", "def test_two(self):"),
    ]


@given(st.text("ab\n", max_size=30), st.data())
def test_spans_follow_edits(text: str, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), min_size=4, max_size=4)))
    edit = TextEdit(Span(cuts[0], cuts[1]), data.draw(st.text("xy", max_size=5)))
    span = Span(cuts[2], cuts[3])
    after = apply_edits(text, [edit])
    moved = targets.moved(span, [edit])
    assert after[moved.start : moved.end] == text[span.start : span.end]


def test_an_edit_inside_makes_a_span_longer():
    """Such as a docstring that is added to a class."""
    assert targets.moved(Span(10, 20), [TextEdit(Span(15, 15), "abc")]) == Span(10, 23)


def test_what_is_documented_is_no_target_of_documentation():
    text = 'def a():\n    """One."""\n\n\ndef b():\n    pass\n'
    document = Document.create("file:///w/a.py", "python", 1, text)
    assert [target.name for target in targets.undocumented(document, targets.every_function(document))] == [
        "b"
    ]


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        ("import os", [("test_one", "def test_one():"), ("Order.total", "def total(self):")]),
        ("class Order", [("", "class Order:")]),
        ("    def total", [("Order.total", "def total(self):"), ("Order.test_two", "def test_two(self):")]),
        ("    def test_two", [("", "def test_two(self):")]),
    ],
    ids=["all", "a class", "two methods", "one method"],
)
def test_lines_that_hold_several_definitions_name_their_functions(first, expected):
    document = python()
    named = targets.functions_of(document, Span(CODE.index(first), len(CODE)))
    assert shown(document, named)[: len(expected)] == expected

"""Which parts of a file are rewritten."""

import pytest

from homebody.headless import targets
from homebody.headless.targets import RewriteTarget
from homebody.text import Document, Span

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

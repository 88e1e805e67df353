"""Which parts of a file are rewritten."""

import pytest

from homebody.headless.run import functions_of, matching
from homebody.syntax.import_block import WholeFile
from homebody.syntax.tree import parse
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


def python(text: str = CODE) -> WholeFile:
    document = Document.create("file:///a.py", "python", 0, text)
    return WholeFile(document, parse(document))


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
    assert [symbol.qualified for symbol in matching(python(), patterns)] == expected


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        ("import os", ["def test_one():", "def total(self):", "def test_two(self):"]),
        ("class Order", ["class Order:"]),
        ("    def total", ["def total(self):", "def test_two(self):"]),
        ("    def test_two", ["def test_two(self):"]),
    ],
    ids=["all", "a class", "two methods", "one method"],
)
def test_lines_that_hold_several_definitions_name_their_functions(first, expected):
    spans = functions_of(python(), Span(CODE.index(first), len(CODE)))
    assert [CODE[span.start : span.end].splitlines()[0].strip() for span in spans] == expected

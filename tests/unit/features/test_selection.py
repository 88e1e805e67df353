"""Related code of a selection: definitions that it uses, imports that it needs, lines that call it."""

import pytest

from homebody.features.selection import candidates_for_span, meant_span
from homebody.syntax.tree import parse
from homebody.text import Document, Span

CODE = '''\
import os
from math import floor, pi

LIMIT = 3


class Stock:
    """Things on shelves."""

    size = 1

    def count(self):
        return floor(self.size)

    def fill(self, item):
        return half(item) + LIMIT


def half(value):
    return value / 2


def report(stock):
    return stock.fill(1) + half(2)
'''


def _document(text: str = CODE) -> Document:
    return Document.create("file:///w/stock.py", "python", 1, text)


def _span(document: Document, text: str) -> Span:
    start = document.text.index(text)
    return Span(start, start + len(text))


async def _why(world, text: str) -> dict[str, str]:
    document = _document()
    async with world("ok") as w:
        found = await candidates_for_span(w.engine, document, parse(document), _span(document, text))
    return {one.why: one.text.strip().splitlines()[0] for one in found}


async def test_a_method_comes_with_what_it_uses(world):
    found = await _why(world, "    def fill(self, item):\n        return half(item) + LIMIT\n")
    assert found["defines half"] == "def half(value):"
    assert found["defines LIMIT"] == "LIMIT = 3"
    assert found["outline of Stock"] == "class Stock:"
    assert found["calls fill"] == "def report(stock):"
    assert "import that it uses" not in found


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("floor(self", "    def count(self):"),
        ("size = 1", "class Stock:"),
        ("value / 2", "def half(value):"),
        ("LIMIT = 3", "import os"),
    ],
)
def test_a_cursor_means_what_is_around_it(at, expected):
    """The function, otherwise the class, otherwise the document."""
    document = _document()
    cursor = document.text.index(at)
    target = meant_span(document, parse(document), Span(cursor, cursor))
    assert document.slice(target).splitlines()[0] == expected

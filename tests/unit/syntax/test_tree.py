"""Trees: parsed, moved along, kept up to date, let go."""

import asyncio
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homebody.syntax import parsing
from homebody.syntax.language import PARSED, find
from homebody.syntax.nodes import count_errors
from homebody.syntax.parsing import MAX_CHARS
from homebody.syntax.scope import definitions, scopes_at
from homebody.syntax.tree import Tree, Trees, edited, parse
from homebody.text import Document, Span, TextEdit
from support.syntax_cases import read_case, render

SOURCE = 'class A:\n    def f(self):\n        return "é😀"\n\n\ndef g():\n    pass\n'


def open_document(text: str = SOURCE, language_id: str = "python") -> Document:
    return Document.create("file:///a", language_id, 1, text)


def insert(document: Document, offset: int, text: str) -> tuple[TextEdit, Document]:
    edit = TextEdit(Span(offset, offset), text)
    return edit, document.edited(edit, document.version + 1)


async def test_a_tree_follows_each_edit_at_once():
    trees, document = Trees(), open_document()
    trees.open(document)
    await trees.ready(document)
    edit, new = insert(document, 0, "import os\n")
    trees.edit(document, edit, new)
    tree = trees.newest(new)

    assert tree.fits(new)
    assert (tree.exact, tree.changed) == (False, Span(0, 10))
    assert new.slice(definitions(new, tree)[0].header) == "class A:"
    assert (await trees.ready(new)).exact


async def test_a_parse_that_is_overtaken_by_an_edit_is_used(monkeypatch):
    """A large file gets a tree even during fast typing."""
    typed = threading.Event()

    def parse_after_the_edit(*arguments):
        typed.wait()
        return parsing.parse_in_thread(*arguments)

    monkeypatch.setattr("homebody.syntax.tree.parse_in_thread", parse_after_the_edit)
    trees, document = Trees(), open_document("x = [\n" + "    1,\n" * 20_000 + "]\n\n\ndef g(): ...\n")
    trees.open(document)
    await asyncio.sleep(0)
    running = trees._entries[document.uri].parsing
    edit, new = insert(document, 0, "import os\n")
    trees.edit(document, edit, new)
    typed.set()
    await running
    assert new.slice(definitions(new, trees.newest(new))[-1].header) == "def g():"
    trees.close(new.uri)


PIECES = st.sampled_from(
    ["x", " ", "\n", "\r\n", "(", "}", '"', '"""', "é", "😀b", "\t", "# c\n", "if a:\n    ", ""]
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["python", "javascript", "rust", "yaml", "html"]), st.data())
def test_reparsing_an_adjusted_tree_gives_the_same_as_parsing(name, data):
    language = find(name)
    document = read_case(language).document
    text = document.text

    async def follow() -> tuple[Document, Tree]:
        trees, newest = Trees(), document
        trees.open(newest)
        await trees.ready(newest)
        for _ in range(data.draw(st.integers(1, 4))):
            start = data.draw(st.integers(0, len(newest.text)))
            end = min(len(newest.text), start + data.draw(st.integers(0, 5)))
            edit = TextEdit(Span(start, end), data.draw(PIECES))
            new = newest.edited(edit, newest.version + 1)
            trees.edit(newest, edit, new)
            newest = new
            if data.draw(st.booleans()):
                await trees.ready(newest)
        return newest, await trees.ready(newest)

    last, tree = asyncio.run(follow())
    assert tree.exact
    assert tree.fits(last)
    if count_errors(parse(last)) == 0:
        # Parsing broken code again may correct its errors differently; valid code has one tree.
        assert render(last, tree) == render(last, parse(last))
    assert text == document.text


BAD_TEXTS = {
    "brackets": "([{" * 3_334,
    "closed brackets": "[" * 10_000 + "]" * 10_000,
    "braces": "{" * 10_000,
    "calls": "a(" * 10_000,
    "tags": "<div>" * 10_000,
    "quotes": '"' * 10_000,
    "comments": "/*" * 10_000,
    "generics": "a<b<" * 1_000,
    "functions": "function f() {\n" * 1_000,
    "indentation": "".join(" " * i + "if a:\n" for i in range(300)),
    "keys": "".join(" " * i + "a:\n" for i in range(300)),
    "dashes": "- " * 5_000 + "a",
    "quoting": ">" * 5_000 + " a",
    "NUL bytes": "a\0b = '\0'\n" * 500,
    "surrogates": "\ud800x\udc00" * 500,
    "blank lines": "\n" * 20_000,
    "carriage returns": "a = 1\r" * 1_000,
    "a long line": "x = " + "1 + " * 20_000 + "1",
}


@pytest.mark.parametrize("language", PARSED, ids=lambda language: language.name)
@pytest.mark.parametrize("text", BAD_TEXTS.values(), ids=BAD_TEXTS)
def test_bad_text_neither_fails_nor_hangs(language, text):
    document = Document.create("file:///a", language.ids[0], 0, text)
    tree = parse(document)
    middle = len(text) // 2
    edit = TextEdit(Span(middle, middle + 1), "(")
    moved = edited(tree, document, edit)
    assert moved.length == len(document.edited(edit, 1).text)
    scopes_at(document, tree, middle)


def test_a_parse_that_uses_too_much_memory_is_cancelled(monkeypatch):
    monkeypatch.setattr(parsing, "_MAX_GROWTH", -1)
    document = Document.create("file:///a.py", "python", 0, SOURCE * 10_000)
    assert parse(document).handle is None


def test_text_larger_than_is_served_is_not_parsed():
    document = Document.create("file:///a.py", "python", 0, "x" * (10 << 20))
    tree = parse(document)
    assert len(document.text) > MAX_CHARS
    assert tree.handle is None
    assert scopes_at(document, tree, 5 << 20) == ()


def test_yaml_nested_too_deep_for_its_grammar_is_not_parsed():
    """Its scanner would end the process; such a file works by lines."""
    deep = "".join("  " * level + "a:\n" for level in range(300))
    document = Document.create("file:///a.yaml", "yaml", 0, deep)
    assert parse(document).handle is None
    assert parse(Document.create("file:///a.yaml", "yaml", 0, "- " * 300 + "a")).handle is None
    assert parse(Document.create("file:///a.yaml", "yaml", 0, "a: " + "b - c " * 40)).handle is not None

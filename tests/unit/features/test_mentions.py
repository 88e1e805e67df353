"""Symbols that a question names in plain words."""

from contextlib import asynccontextmanager

import pytest

from homebody.features.ask import ask
from homebody.features.ask_context import mentioned, mentions
from homebody.features.context_items import context_items
from homebody.settings import ChatSettings
from homebody.text import Document
from homebody.workspace.uri import uri_of

_STOCK = (
    "class Stock:\n    def total(self):\n        return sum(self.counts)\n\n\n"
    "def reorder(item):\n    return item.count < 3\n\n\nMOST_ITEMS = 40\n"
)
_OTHER = "class Order:\n    def total(self):\n        return 0\n"


@asynccontextmanager
async def _asking(world, tmp_path, **more):
    (tmp_path / "stock.py").write_text(_STOCK)
    (tmp_path / "order.py").write_text(_OTHER)
    async with world("Words.", folders=[tmp_path], **more) as w:
        await w.engine.index.updated(60)
        yield w


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What is Stock?", ["Stock"]),
        ("What does `reorder` do?", ["reorder"]),
        ("Why is reorder() slow, and reorder used?", ["reorder"]),
        ("Explain the method total of Order.", ["Order"]),
        ("Is Order.total tested?", ["Order/total"]),
        ("Does shop::Stock::new copy?", ["Stock/new"]),
        ("What is max_items, and MAX_ITEMS?", ["max_items", "MAX_ITEMS"]),
        ("How do addLine and HTTPServer work?", ["addLine", "HTTPServer"]),
        ("Is sha256 used?", ["sha256"]),
        ("List all callers. Test it. Show more. This is it.", []),
        ("Was `größe` richtig, und Größe?", ["größe", "Größe"]),
        ("Compare List and Order.", ["List", "Order"]),
        ("", []),
        ("`" * 5000, []),
    ],
)
def test_names_in_a_form_of_code_come_first(question, expected):
    names = mentions(question)
    assert expected == [
        f"{name.container}/{name.name}".removeprefix("/") for name in names if not name.is_plain
    ]
    assert sorted(names, key=lambda name: name.is_plain) == names


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("why is reorder slow?", ["reorder"]),
        ("Erkläre reorder", ["reorder"]),
        ("what is stock?", []),
        ("is the total right?", []),  # two methods of that name, none at the top level
        ("which items are left?", []),  # three functions of that name
    ],
)
async def test_an_ordinary_word_counts_if_few_definitions_have_that_name(world, tmp_path, question, expected):
    for name in "abc":
        (tmp_path / f"{name}.py").write_text("def items():\n    return 1\n")
    async with _asking(world, tmp_path) as w:
        names = [source.why for source in (await ask(w.engine, question)).sources]
        assert [f"defines {name}" for name in expected] == names
        document = Document.create(uri_of(tmp_path / "stock.py"), "python", 1, _STOCK)
        candidates = await mentioned(w.engine, question, document)
        assert [f"defines {name}" for name in expected] == list(dict.fromkeys(c.why for c in candidates))


async def test_a_symbol_that_a_plain_question_names_is_read(world, tmp_path):
    async with _asking(world, tmp_path) as w:
        reply = await ask(w.engine, "What is Stock?")
        [source] = reply.sources
        assert (uri_of(tmp_path / "stock.py"), 0, 2, "defines Stock") == (
            source.uri,
            source.first_line,
            source.last_line,
            source.why,
        )
        assert "return sum(self.counts)" in w.asked[0].prompt.text


async def test_each_file_that_a_question_names_is_read(world, tmp_path):
    async with _asking(world, tmp_path) as w:
        reply = await ask(w.engine, "Compare stock.py with order.py, and with missing.py.")
        order, stock = (uri_of(tmp_path / name) for name in ("order.py", "stock.py"))
        assert [order, stock] == sorted(source.uri for source in reply.sources)
        assert {"named in the question"} == {source.why for source in reply.sources}
        document = Document.create(stock, "python", 1, _STOCK)
        reply = await ask(w.engine, "Compare stock.py with order.py.", document=document)
        assert [order, stock] == sorted(source.uri for source in reply.sources)


@pytest.mark.parametrize(
    ("context_length", "limit"),
    [
        (1024, "more than fits the context of the model"),
        (16_384, "more than the model reads in chat.readingSeconds"),
    ],
)
async def test_a_definition_that_is_too_long_is_read_as_its_outline(world, tmp_path, context_length, limit):
    body = "".join(f"        value_{n} = {n} + {n} * {n}\n" for n in range(400))
    (tmp_path / "long.py").write_text(f"class Long:\n    def run(self):\n{body}        return 1\n")
    chat = ChatSettings(reading_seconds=3)
    async with _asking(world, tmp_path, context_length=context_length, chat=chat) as w:
        w.engine.chat.speed.prompt = 300
        reply = await ask(w.engine, "What is Long?")
        assert [(source.why, source.first_line) for source in reply.sources] == [("defines Long", 0)]
        assert [left.why for left in reply.left_out] == [f"defines Long; {limit}"]
        assert "def run(self)" in w.asked[0].prompt.text
        assert "value_7 " not in w.asked[0].prompt.text


async def test_a_symbol_of_a_file_that_is_shown_by_its_outline_is_read(world):
    functions = "".join(f"def f{n}(a):\n    return a * {n} + a\n\n\n" for n in range(200))
    document = Document.create("file:///w/long.py", "python", 1, functions)
    async with world("Words.", context_length=2048) as w:
        reply = await ask(w.engine, "What does f150 return?", document=document)
        assert "return a * 150 + a" in w.asked[0].prompt.text
        assert "return a * 149 + a" not in w.asked[0].prompt.text
        assert "defines f150" in [source.why for source in reply.sources]


async def test_what_can_be_attached_is_listed_by_its_name_as_written_and_problems_by_their_path(
    world, tmp_path
):
    (tmp_path / "lower.py").write_text("def stock():\n    return 1\n")
    uri = uri_of(tmp_path / "stock.py")
    async with _asking(world, tmp_path) as w:
        items = await context_items(w.engine, "Stock")
        assert [item.label for item in items if item.kind == "symbol"] == ["Stock", "stock"]
        for query in ("problems in stock", "problems"):
            [item] = await context_items(w.engine, query, with_problems=[uri])
            assert item.id == f"diagnostics:{uri}"

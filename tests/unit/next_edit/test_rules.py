"""Each rule, and what keeps it silent: a text, edits in it, and what the suggested line becomes."""

from collections.abc import Sequence

import pytest

from homebody.next_edit.changes import NextEdit
from homebody.next_edit.place import EditPlace
from homebody.next_edit.rules import next_by_rules
from homebody.session.edit_history import EditHistory
from homebody.syntax.tree import parse
from homebody.text import Document, Span, TextEdit

Edit = tuple[str, str]

CALLS = """def load(paths):
    a = read_file(paths[0], encoding="latin-1")
    b = read_file(paths[1], encoding="latin-1")
    c = read_file(paths[2], encoding="latin-1")
    return a, b, c
"""

LONG = "total = compute_everything(first_value, second_value, third)"
BLOCK = "server = MockServer(first)\nserver.start(second)\n"
START = ("MockServer(first)\nserver.start(second)", "http_server(first)")


def suggested(
    text: str, edits: Sequence[Edit], uri: str = "file:///a.py"
) -> tuple[Document, NextEdit | None]:
    document = Document.create(uri, "python" if uri.endswith(".py") else "plaintext", 1, text)
    history, now = EditHistory(lambda: now[0]), [0.0]
    for old, new in edits:
        now[0] += 2.0
        before, _, replaced = old.rpartition("█")
        start = document.text.index(before + replaced) + len(before)
        edit = TextEdit(Span(start, start + len(replaced)), new)
        after = document.edited(edit, document.version + 1)
        history.edited(document, [edit], after)
        document = after
    place = EditPlace(document, parse(document), history.visits(uri))
    return document, next_by_rules(place, lambda _: True)


@pytest.mark.parametrize(
    ("text", "edits", "old", "new"),
    [
        pytest.param(
            CALLS,
            [("latin-1", "utf-8"), ("latin-1", "utf-8")],
            '    c = read_file(paths[2], encoding="latin-1")',
            '    c = read_file(paths[2], encoding="utf-8")',
            id="the same change, the third time",
        ),
        pytest.param(
            "a = f(x, 1)\nb = f(y, 1)\nc = f(z, 1)\n",
            [("x█, 1", ", 2"), ("y█, 1", ", 2")],
            "c = f(z, 1)",
            "c = f(z, 2)",
            id="a short change, close by",
        ),
        pytest.param(
            "".join(f"{name} = f({name}, 1)\n" + "y = 1\n" * 25 for name in "abcd"),
            [("a█, 1", ", 2"), ("b█, 1", ", 2"), ("c█, 1", ", 2")],
            "d = f(d, 1)",
            "d = f(d, 2)",
            id="a short change, the fourth time",
        ),
        pytest.param(
            "".join(
                f"log.info({what})\n" for what in ('"starting up"', '"%s %d", path, n', '"%d", n', '"done"')
            ),
            [("log.█info", "debug")] * 2,
            'log.info("%d", n)',
            'log.debug("%d", n)',
            id="as little like the changed lines as they are like each other, close by",
        ),
        pytest.param(
            ("x = call(a)\n" + "y = 1\n" * 70) * 4,
            [("call(█a", "a, b"), ("1\nx = call(█a", "a, b")],
            "x = call(a)",
            "x = call(a, b)",
            id="as far away as the changed ones are from each other",
        ),
        pytest.param(
            "".join(
                f"debug(`Loading the {what} from the path ${{{name}}}`);\n\n"
                for what, name in (("file", "file"), ("module", "main"), ("config", "user"))
            ),
            [
                ("`Loading the file from the path ${file}`", '"Loading the file from the path %s", file'),
                ("`Loading the module from the path ${main}`", '"Loading the module from the path %s", main'),
            ],
            "debug(`Loading the config from the path ${user}`);",
            'debug("Loading the config from the path %s", user);',
            id="several texts of a line, with others between them",
        ),
        pytest.param(
            "".join(f"page = read(client, {what})\n" for what in ("path", "name", "url(2)")) + "f(x)\n" * 250,
            [("path█", ", 1"), ("name█", ", 1")],
            "page = read(client, url(2))",
            "page = read(client, url(2), 1)",
            id="behind different arguments, at the end of the line",
        ),
        pytest.param(
            "".join(f"value_{number} = read({number}, 'latin')\n" for number in "12345"),
            [("(1, '█latin", "utf"), ("(5, '█latin", "utf"), ("(2, '█latin", "utf")],
            "value_3 = read(3, 'latin')",
            "value_3 = read(3, 'utf')",
            id="between two, to and fro",
        ),
        pytest.param(
            "".join(f"value_{number} = read({number}, 'latin')\n" for number in "12345"),
            [(f"({number}, '█latin", "utf") for number in "5124"],
            "value_3 = read(3, 'latin')",
            "value_3 = read(3, 'utf')",
            id="between the last two, after to and fro",
        ),
        pytest.param(
            "".join(f"value = read(stream, {number}, latin)\n" for number in range(11)),
            [("0, █latin", "utf_8"), ("1, █latin", "utf_8")],
            "value = read(stream, 2, latin)",
            "value = read(stream, 2, utf_8)",
            id="one of many lines that are almost equal",
        ),
        pytest.param(
            "".join(f"print('loading {name}', {name})\n" for name in ("users", "orders", "prices", "stock")),
            [("print", "log.info")] * 4 + [("users█", " %s"), ("orders█", " %s")],
            "log.info('loading prices', prices)",
            "log.info('loading prices %s', prices)",
            id="a second pass over lines that were changed before",
        ),
        pytest.param(
            CALLS,
            [("latin-1", "utf8"), ("latin-1", "utf-8"), ("utf█8", "-8")],
            '    c = read_file(paths[2], encoding="latin-1")',
            '    c = read_file(paths[2], encoding="utf-8")',
            id="a typing error in the first of two lines was corrected",
        ),
        pytest.param(
            "class A:\n    value_of = compute(first, second, third)\n\n\n"
            "value_of = compute(first, second, third)\n"
            "class B:\n    value_of = compute(first, second, third)\n",
            [("third)█", "  # all"), ("\nvalue_of = compute(first, second, third)█", "  # all")],
            "    value_of = compute(first, second, third)",
            "    value_of = compute(first, second, third)  # all",
            id="the same line, with its own indentation",
        ),
    ],
)
def test_a_rule_suggests_the_next_line(text, edits, old, new):
    document, edit = suggested(text, edits)
    assert ((old,), (new,)) == (edit.old, edit.new)
    assert new in document.edited(edit.applied_to(document), 0).text.split("\n")


def test_inserted_lines_are_inserted_again():
    """After three places with the same lines around them, the fourth gets them too, with its indentation."""
    item = '{i}item(\n{i}    kind="first one",\n{i})\n'
    text = item.format(i="") * 3 + "if x:\n" + item.format(i="    ")
    edits = [('kind="first one",█\n)', "\n    size=1,\n)")] * 3
    document, edit = suggested(text, edits)

    assert (edit.old, edit.new) == ((), ("        size=1,",))
    assert document.edited(edit.applied_to(document), 0).text.count("size=1,") == 4
    assert suggested(text, edits[:2])[1] is None


@pytest.mark.parametrize(
    ("text", "edits"),
    [
        pytest.param(CALLS, [("latin-1", "utf-8")], id="one change is not enough"),
        pytest.param(
            CALLS, [("latin-1", "utf-8"), ("latin-1", "ascii")], id="the same text, replaced in two ways"
        ),
        pytest.param(
            CALLS,
            [("latin-1", "utf-8"), ('paths[2], encoding="█latin-1', "utf-8")],
            id="a place between them was left",
        ),
        pytest.param(
            "a = f(x, 1)\nb = f(y, 1)\n" + "y = 1\n" * 25 + "c = f(z, 1)\n",
            [("x█, 1", ", 2"), ("y█, 1", ", 2")],
            id="further away than the changed lines are from each other",
        ),
        pytest.param(
            'log.info("starting up")\nlog.info("%s %d", path, n)\n' + "y = 1\n" * 45 + 'log.info("done")\n',
            [("log.█info", "debug")] * 2,
            id="a line as little like the changed ones as they are like each other, 45 lines away",
        ),
        pytest.param(
            CALLS.replace("    c = ", "    self.third, self.fourth = None, os.environ, "),
            [("latin-1", "utf-8"), ("latin-1", "utf-8")],
            id="a line unlike those that were changed",
        ),
        pytest.param(
            CALLS.replace("    return", '    d = read_file(paths[3], encoding="latin-1")\n    return'),
            [("latin-1", "utf-8"), ("c = ", "third = "), ("latin-1", "utf-8")],
            id="a line that was changed meanwhile still has the text",
        ),
        pytest.param(
            "first_value = 1\nshow(first_value)\nshow('first_value')\n# first_value\n",
            [("█first_value = 1", "first_values"), ("(█first_value", "first_values")],
            id="strings and comments, if the changes are in code",
        ),
        pytest.param(
            "".join(f"value_{number} = read({number}, 'latin')\n" for number in "12345"),
            [("(1, '█latin", "utf"), ("(2, '█latin", "utf"), ("(4, '█latin", "utf")],
            id="a place between the last two was left",
        ),
        pytest.param(
            "".join(f"value_{number} = read({number}, 'latin')\n" for number in "1234"),
            [("(2, '█latin", "utf"), ("(3, '█latin", "utf"), ("(4, '█latin", "utf")],
            id="behind, on the way down",
        ),
        pytest.param(
            "".join(f"value = read(stream, {number}, latin)\n" for number in "12345"),
            [("1, █latin", "utf_8"), ("2, █latin", "ascii"), ("3, █latin", "utf_8")],
            id="the same text became two others",
        ),
        pytest.param(
            "".join(f"{name}_value = read(stream, {name}, latin)\n" for name in "abcdefghijk"),
            [("a, █latin", "utf_8"), ("b, █latin", "utf_8")],
            id="two changes, and nine more places that are not almost equal",
        ),
        pytest.param(
            "".join(
                "y = 1\n" * number * 6 + f"x_{number} = f({number}, 'latin')\n" for number in (1, 2, 3, 5)
            ),
            [(f"f({number}, '█latin", "utf") for number in (1, 3, 2)],
            id="to and fro, beyond half the distance between the changed lines",
        ),
        pytest.param(
            "".join(f"x_{number} = f({number}, 'latin')\n" for number in (1, 2, 3))
            + "def g():\n    x_4 = f(4, 'latin')\n",
            [(f"f({number}, '█latin", "utf") for number in (1, 3, 2)],
            id="to and fro, beyond the changed lines and with another indentation",
        ),
        pytest.param("x = call(a)\ny = 1\nx = call(a)\n", [("call(█a", "b")], id="a short line, once"),
        pytest.param(f"{LONG}\n" + "x = 1\n" * 45 + LONG, [("third", "fourth")], id="45 lines away, once"),
        pytest.param(f"# {LONG}\nx = 1\n# {LONG}\n", [("third", "fourth")], id="a comment, once"),
        pytest.param(f"{LONG}\nx = 1\n{LONG}\n", [(LONG, "total = 0")], id="another line, once"),
        pytest.param(f"{BLOCK}a = 1\n{BLOCK}", [START], id="several lines, once"),
        pytest.param(
            f"{BLOCK}a = 1\n{BLOCK}b = 2\n{BLOCK}",
            [START, (START[0], "other_server(first)")],
            id="lines that became others the second time",
        ),
        pytest.param("go()\nend\na\ngo()\nend\nb\ngo()\nend", [("go()\nend", "x()")] * 2, id="two words"),
        pytest.param(f"{LONG}\n" * 2, [("third)\n", f"third, fourth)\n{LONG}\n")], id="left in the change"),
        pytest.param(
            "a = f(first_value)\nb = f(first_value)\nc = (f(first_value)\n)\n",
            [("first_value█)", "))"), ("b = f(first_value█)", "))")],
            id="it would break the syntax",
        ),
        pytest.param("def f():\n    pass\n", [("pass", "return f")], id="nothing like it"),
        pytest.param(CALLS + "x = 1\n" * 100_000, [("latin-1", "utf-8")] * 2, id="a huge file"),
        pytest.param("", [("", "x")], id="an empty text"),
    ],
)
def test_a_rule_is_silent(text, edits):
    assert suggested(text, edits)[1] is None


def test_lines_that_stand_elsewhere_are_replaced_there_by_another_number():
    document, edit = suggested(f"{BLOCK}a = 1\n{BLOCK}b = 2\n{BLOCK}", [START, START])
    assert (edit.old, edit.new) == (tuple(BLOCK.splitlines()), ("server = http_server(first)",))
    assert document.edited(edit.applied_to(document), 0).text.count("http_server") == 3


def test_a_long_line_is_replaced_after_the_first_time():
    _, edit = suggested(f"{LONG}\nx = 1\n{LONG}\n", [("third", "fourth")])
    assert (edit.line, edit.new) == (2, (LONG.replace("third", "fourth"),))


@pytest.mark.parametrize(
    "text",
    [
        CALLS.replace("\n", "\r\n"),
        CALLS.replace("    ", "\t"),
        CALLS.replace("\n", "\r"),
        CALLS.replace("load", "lädt_😋"),
        CALLS + f"x = {'y' * 3000}\n",
        CALLS + f"z = '{'latin-1 ' * 400}'\n",
    ],
    ids=["CRLF", "tabs", "CR", "beyond ASCII", "a long line", "a long line that matches"],
)
def test_any_text_is_followed(text):
    document, edit = suggested(text, [("latin-1", "utf-8"), ("latin-1", "utf-8")])
    after = document.edited(edit.applied_to(document), 0)
    assert document.line_count == after.line_count
    assert after.text == document.text.replace('2], encoding="latin-1"', '2], encoding="utf-8"')

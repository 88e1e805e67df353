"""The facts at a cursor are right on code as one types it."""

import pytest

from homebody.syntax.cursor import CursorContext, cursor_context
from homebody.syntax.tree import Tree, edited, parse
from homebody.text import Document, Span, TextEdit

FLAGS = ("in_string", "in_comment", "in_brackets", "fresh_statement", "at_block_start")


def at(marked: str, language: str = "python") -> CursorContext:
    before, _, after = marked.partition("█")
    document = Document.create("file:///a", language, 1, before + after)
    return cursor_context(document, Tree.blank(document), len(before))


PLACES = [
    ("python", "x = 'a█b'", "in_string"),
    ("python", "x = 'a'█", ""),
    ("python", "x = 'a█", "in_string"),
    ("python", 'def f():\n    """Doc\n    █\n    """\n', "in_string"),
    ("python", "x = 1  # no█te\n", "in_comment"),
    ("python", "x = 1  # note█", "in_comment"),
    ("python", "x = 1  # note\n█y = 2\n", "fresh_statement"),
    ("python", "f(█)", "in_brackets"),
    ("python", "f(a, [█", "in_brackets"),
    ("python", "f(a, (█", "in_brackets"),
    ("python", "def f(a, █):\n    pass\n", "in_brackets"),
    ("python", "if (█", "in_brackets"),
    ("python", "f(\n    a,\n    █", "in_brackets"),
    ("python", "def f():\n    █", "fresh_statement at_block_start"),
    ("python", "def f(\n    a,\n) -> int:\n    █", "fresh_statement at_block_start"),
    ("python", "if x:  # why\n    █", "fresh_statement at_block_start"),
    ("python", "if x:█", "at_block_start"),
    ("python", "x = a[1:█", "in_brackets"),
    ("python", "x: █", ""),
    ("python", "x = 1 + \\\n    █", "fresh_statement"),
    ("python", "x = '#'\n█", "fresh_statement"),
    ("python", "for a in b:\n    c()\n    █\n", "fresh_statement"),
    # The parser takes these for something else, so the lines are scanned.
    ("python", 'def f():\n    """Return █', "in_string"),
    ("python", 'def f():\n    """Return\n    █\n\n\ndef g():\n    return 1\n', "in_string"),
    ("python", "class A:\n    def f(self, first,\n          second):█", "at_block_start"),
    ("shellscript", "if [ $# -eq 0 ]; then█", "at_block_start"),
    ("javascript", "f(a, `x █ y`)", "in_string"),
    ("javascript", "/* a █ b */", "in_comment"),
    ("javascript", "const f = () => {\n  █\n};", "fresh_statement at_block_start"),
    ("javascript", "f(() => {\n  a();\n  █\n});", "fresh_statement"),
    ("javascript", "const a = {\n  b: 1,\n  █\n};", "fresh_statement"),
    ("javascript", "const a = b +\n  █", "fresh_statement"),
    ("typescript", "const a = f<T>(█);", "in_brackets"),
    ("go", 'func f() {\n\tx := "a█"\n}\n', "in_string"),
    ("rust", "fn f<'a>(x: &'a str) {\n    x.get(█);\n}\n", "in_brackets"),
    ("c", "int f() {\n  char c = '\"';\n  g(█);\n}\n", "in_brackets"),
    ("ruby", "def f\n  a.each do |b|\n    █\n  end\nend\n", "fresh_statement at_block_start"),
    ("lua", "if a then\n  █\nend\n", "fresh_statement at_block_start"),
    ("shellscript", "for a in b; do\n  █\ndone\n", "fresh_statement at_block_start"),
    ("sql", "SELECT a FROM b WHERE c = 'x█';", "in_string"),
    ("html", "<p>It's █ here</p>", ""),
    ("yaml", "a:\n  █\n", "fresh_statement at_block_start"),
    ("unknown", "f(a, 'b█", "in_brackets"),
    ("unknown", "f(a, █", "in_brackets"),
    ("unknown", "loop {\n    █", "fresh_statement at_block_start"),
    ("plaintext", "█", "fresh_statement"),
    ("typescript", "x = `a\n█`", "in_string"),
    ("ruby", "items.each do |x|█", "at_block_start"),
    ("python", "x = a // b█", ""),
    ("rust", "fn f<'a>(█", "in_brackets"),
    ("css", "url(http://a█", "in_brackets"),
]
WITH_A_TREE = [
    ("python", 'x = f"a {b█} c"', ""),
    ("javascript", "f(a, `x ${b█} y`)", ""),
    ("javascriptreact", "const a = <p>It's {f(█)}</p>;", ""),
    ("ruby", 'x = "a #{b█} c"\n', ""),
    ("html", '<p class="a█b">It\'s</p>', "in_string"),
]


def flags(cursor: CursorContext) -> str:
    return " ".join(
        flag for flag in FLAGS if getattr(cursor if hasattr(cursor, flag) else cursor.state, flag)
    )


@pytest.mark.parametrize(("language_id", "text", "expected"), [*PLACES, *WITH_A_TREE])
def test_the_facts_come_from_the_tree_or_else_from_the_lines(at_cursor, language_id, text, expected):
    document, tree, offset = at_cursor(language_id, text)
    assert flags(cursor_context(document, tree, offset)) == expected
    if (language_id, text, expected) not in WITH_A_TREE:
        assert flags(at(text, language_id)) == expected


@pytest.mark.parametrize(
    ("before", "typed", "expected"),
    [
        ("x = 1\n█", "y = 'a", "in_string"),
        ("x = 1\n█", "y = f(a, ", "in_brackets"),
        ("x = 1\n█", "if y:", "at_block_start"),
        ("x = 1\n█", "# so", "in_comment"),
        ('def f():\n    """Doc █\n    more."""\n', "it's", "in_string"),
        ('def f():\n    """Doc."""█\n', "\n    ", "fresh_statement"),
        ("f(\n    a,\n█)\n", "    b", "in_brackets"),
    ],
)
def test_the_facts_are_right_a_keystroke_after_the_parse(before, typed, expected):
    at = before.index("█")
    old = Document.create("file:///a.py", "python", 1, before.replace("█", ""))
    edit = TextEdit(Span(at, at), typed)
    tree = edited(parse(old), old, edit)
    new = old.edited(edit, 2)
    assert flags(cursor_context(new, tree, at + len(typed))) == expected


@pytest.mark.parametrize(
    ("text", "unit", "mixed"),
    [
        ("def f():\n  a()\n█", "  ", False),
        ("def f():\n    a()\n    if b:\n        c()\n█", "    ", False),
        ("func f() {\n\ta()\n}\n█", "\t", False),
        ("a\n    b\n\tc\n█", "    ", True),
        ("█", "    ", False),
    ],
)
def test_the_indentation_is_the_files(text, unit, mixed):
    """That of most lines; in an empty file, the usual one of the language."""
    cursor = at(text)
    assert (unit, mixed) == (cursor.indentation.unit, cursor.indentation.mixed)


def test_a_long_file_is_not_read_from_its_top():
    cursor = at("class A {\n" + "  a();\n" * 500 + "  f(█", "javascript")
    assert cursor.state.due == "})"
    assert len(cursor.previous_lines) == 200

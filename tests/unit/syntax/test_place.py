"""What is around a cursor."""

import pytest

from homebody.syntax.place import block_at, identifiers_near, place_at, statement_at, unit_end
from homebody.syntax.tree import Tree, edited, parse
from homebody.text import Document, Span, TextEdit

FLAGS = ("in_string", "in_comment", "in_brackets", "in_arguments", "fresh_statement", "after_opener")

PLACES = [
    ("python", "x = 'a█b'", "in_string"),
    ("python", "x = 'a'█", ""),
    ("python", "x = 'a█", "in_string"),
    ("python", 'def f():\n    """Doc\n    █\n    """\n', "in_string"),
    ("python", 'x = f"a {b█} c"', ""),
    ("python", "x = 1  # no█te\n", "in_comment"),
    ("python", "x = 1  # note█", "in_comment"),
    ("python", "x = 1  # note\n█y = 2\n", "fresh_statement"),
    ("python", "f(█)", "in_brackets in_arguments"),
    ("python", "f(a, [█", "in_brackets"),
    ("python", "f(a, (█", "in_brackets"),
    ("python", "def f(a, █):\n    pass\n", "in_brackets in_arguments"),
    ("python", "if (█", "in_brackets"),
    ("python", "f(\n    a,\n    █", "in_brackets in_arguments"),
    ("python", "def f():\n    █", "fresh_statement after_opener"),
    ("python", "def f(\n    a,\n) -> int:\n    █", "fresh_statement after_opener"),
    ("python", "if x:  # why\n    █", "fresh_statement after_opener"),
    ("python", "if x:█", "after_opener"),
    ("python", "x = a[1:█", "in_brackets"),
    ("python", "x: █", ""),
    ("python", "x = 1 + \\\n    █", ""),
    ("python", "x = '#'\n█", "fresh_statement"),
    ("python", "for a in b:\n    c()\n    █\n", "fresh_statement"),
    ("javascript", "f(a, `x ${b█} y`)", ""),
    ("javascript", "f(a, `x █ y`)", "in_string in_brackets"),
    ("javascript", "/* a █ b */", "in_comment"),
    ("javascript", "const f = () => {\n  █\n};", "fresh_statement after_opener"),
    ("javascript", "f(() => {\n  a();\n  █\n});", "fresh_statement"),
    ("javascript", "const a = {\n  b: 1,\n  █\n};", "fresh_statement"),
    ("javascript", "const a = b +\n  █", ""),
    ("javascriptreact", "const a = <p>It's {f(█)}</p>;", "in_brackets in_arguments"),
    ("typescript", "const a = f<T>(█);", "in_brackets in_arguments"),
    ("go", 'func f() {\n\tx := "a█"\n}\n', "in_string"),
    ("rust", "fn f<'a>(x: &'a str) {\n    x.get(█);\n}\n", "in_brackets in_arguments"),
    ("c", "int f() {\n  char c = '\"';\n  g(█);\n}\n", "in_brackets in_arguments"),
    ("ruby", "def f\n  a.each do |b|\n    █\n  end\nend\n", "fresh_statement after_opener"),
    ("ruby", 'x = "a #{b█} c"\n', ""),
    ("lua", "if a then\n  █\nend\n", "fresh_statement after_opener"),
    ("shellscript", "for a in b; do\n  █\ndone\n", "fresh_statement after_opener"),
    ("sql", "SELECT a FROM b WHERE c = 'x█';", "in_string"),
    ("html", '<p class="a█b">It\'s</p>', "in_string"),
    ("html", "<p>It's █ here</p>", ""),
    ("yaml", "a:\n  █\n", "fresh_statement after_opener"),
    ("plaintext", "f(a, 'b█", "in_string in_brackets"),
    ("plaintext", "f(a, █", "in_brackets in_arguments"),
    ("plaintext", "loop {\n    █", "fresh_statement after_opener"),
    ("plaintext", "█", "fresh_statement"),
]


def flags(place) -> str:
    """Names of what is true of a place."""
    return " ".join(flag for flag in FLAGS if getattr(place, flag))


@pytest.mark.parametrize(("language_id", "text", "expected"), PLACES)
def test_the_place_of_a_cursor_is_known(at_cursor, language_id, text, expected):
    """Strings, comments, brackets, fresh statements and openers are told apart."""
    assert flags(place_at(*at_cursor(language_id, text))) == expected


@pytest.mark.parametrize(
    ("before", "typed", "expected"),
    [
        ("x = 1\n█", "y = 'a", "in_string"),
        ("x = 1\n█", "y = f(a, ", "in_brackets in_arguments"),
        ("x = 1\n█", "if y:", "after_opener"),
        ("x = 1\n█", "# so", "in_comment"),
        ('def f():\n    """Doc █\n    more."""\n', "it's", "in_string"),
        ('def f():\n    """Doc."""█\n', "\n    ", "fresh_statement"),
        ("f(\n    a,\n█)\n", "    b", "in_brackets in_arguments"),
    ],
)
def test_the_place_is_known_a_keystroke_later(before, typed, expected):
    """With the tree of the keystroke before, the typed line is read anew."""
    at = before.index("█")
    old = Document.create("file:///a.py", "python", 1, before.replace("█", ""))
    edit = TextEdit(Span(at, at), typed)
    tree = edited(parse(old), old, edit)
    new = old.edited(edit, 2)

    assert flags(place_at(new, tree, at + len(typed))) == expected


@pytest.mark.parametrize(("language_id", "text"), [place[:2] for place in PLACES])
def test_lines_answer_without_a_tree(at_cursor, language_id, text):
    """A blank tree gives an answer of the same kind for every text."""
    document, _tree, offset = at_cursor(language_id, text)
    place = place_at(document, Tree.blank(document), offset)

    assert not (place.in_string and place.in_comment)


@pytest.mark.parametrize(
    ("language_id", "text", "expected"),
    [
        ("python", "def f():\n    x = [\n        █1,\n    ]\n    y = 2\n", "x = [\n        1,\n    ]"),
        ("python", "def f():\n█    x = 1\n    y = 2\n", "x = 1"),
        ("python", "def f():\n    x = 1█\n    y = 2\n", "x = 1"),
        ("python", "if a:\n    b()\nelif █c:\n    d()\n", "if a:\n    b()\nelif c:\n    d()"),
        ("javascript", "f();\ng(() => {\n  █h();\n  i();\n});\n", "h();"),
        ("javascript", "class A {\n  f() {}\n  g█() {}\n}\n", "g() {}"),
        ("go", "package a\nfunc f() {\n\tx := 1\n\ty := █2\n}\n", "y := 2"),
        ("json", '{"a": {"b": [1, █2]}, "c": 3}', "2"),
        ("plaintext", "one:█\n    two\n    three\nfour\n", "one:\n    two\n    three"),
        ("plaintext", "one\ntw█o\nthree\n", "two"),
    ],
)
def test_the_statement_around_a_cursor(at_cursor, language_id, text, expected):
    """A statement is the child of the innermost block; lines and indentation without a tree."""
    document, tree, offset = at_cursor(language_id, text)

    assert document.slice(statement_at(document, tree, offset)) == expected


@pytest.mark.parametrize(
    ("language_id", "text", "expected"),
    [
        ("python", "def f():\n    x = 1\n    y = █2\n", "x = 1\n    y = 2"),
        ("javascript", "if (a) { b(); █c(); }\n", "{ b(); c(); }"),
        ("python", "x = █1\ny = 2\n", "x = 1\ny = 2\n"),
        ("plaintext", "one:\n    two\n    thr█ee\nfour\n", "    two\n    three"),
        ("plaintext", "one\ntw█o\n", "one\ntwo\n"),
    ],
)
def test_the_block_around_a_cursor(at_cursor, language_id, text, expected):
    """The innermost block, or the whole text at the top level."""
    document, tree, offset = at_cursor(language_id, text)

    assert document.slice(block_at(document, tree, offset)) == expected


@pytest.mark.parametrize(
    ("language_id", "text", "expected"),
    [
        ("python", "def f():\n    █\n    x = 1\n\n    y = 2\n\n\nz = 3\n", "\n    x = 1\n\n    y = 2"),
        ("python", "def f():\n    █\n\n\nz = 3\n", ""),
        ("python", "x = f(█1,\n  2)\ny = 3\n", "1,\n  2)"),
        ("javascript", "function f() {\n  █\n  a();\n}\n", "\n  a();"),
        ("javascript", "function f() {\n  █\n}\n", ""),
        ("lua", "if a then\n  █\nend\n", ""),
        ("plaintext", "one█", ""),
    ],
)
def test_where_the_unit_ends(at_cursor, language_id, text, expected):
    """A fresh statement's unit is the rest of its block, another's the rest of the statement."""
    document, tree, offset = at_cursor(language_id, text)

    assert document.text[offset : unit_end(document, tree, offset)] == expected


def test_identifiers_near_come_nearest_first(at_cursor):
    """Names around the cursor, no keywords, no words of strings and comments."""
    text = "import far\n\n\ndef near(value):\n    # hidden\n    other = value + █'quoted'\n    return below\n"

    assert identifiers_near(*at_cursor("python", text)) == ("value", "other", "below", "near", "far")
    assert identifiers_near(*at_cursor("python", text), limit=2) == ("value", "other")


def test_identifiers_near_need_no_tree(at_cursor):
    """An unknown language has names too."""
    assert identifiers_near(*at_cursor("plaintext", "alpha beta(█gamma)\n")) == ("gamma", "beta", "alpha")

"""Notes beside an edit: what goes and what comes."""

import pytest

from homebody.postprocess.edit.edited import edited
from homebody.postprocess.edit.notes import notes_of, sentences
from homebody.syntax.import_block import WholeFile
from homebody.syntax.tree import parse
from homebody.text import Document, TextEdit

CASES = [
    ("python", "db.save(x)\ndb.commit()\n", "db.save(x)\n", ["removes the call `db.commit()`"]),
    ("python", "r = pow(a, b)\n", "r = pow(b, a)\n", ["changes the call `pow(a, b)` to `pow(b, a)`"]),
    ("python", "t = h * 60 * 60\n", "t = h * 60\n", ["removes the number `60`", "removes the operator `*`"]),
    ("python", 'log("a (", 1)\nsave(x)\n', 'log("a (", 2)\nsave(x)\n',
     ['changes the call `log("a (", 1)` to `log("a (", 2)`']),
    ("python", "f(\n    1,\n    2,\n)\n", "f(1, 3)\n", ["changes the call `f(1, 2)` to `f(1, 3)`"]),
    ("python", 'raise E("a")\n', 'raise E("b")\n', ['changes the call `E("a")` to `E("b")`']),
    ("python", 'x = "a"\n', 'x = "b"\n', ['changes the string "a" to "b"']),
    ("python", "x = 'a'\n", 'x = "a"\n', []),
    ("go", "package a\nfunc f() {}\nvar x = f\n", "package a\nvar x = f\n",
     ["removes the function `f`, which the new code still uses"]),
    ("python", "def a():\n    b()\n\n\n# a\nx = 'a'\n", "# a\nx = 'a'\n",
     ["removes the function `a`", "removes the call `b()`"]),
    ("python", "a = b\n", "a = c\n",
     ["uses `c`, which nothing in the file defines or imports", "removes the name `b`"]),
    (
        "python",
        "@a.old\nasync def f(a):\n    return await g(a)\n",
        "@a.new\nasync def f(a):\n    return g(a)\n",
        ["changes `old` to `new` in the head of `f`", "removes `await`"],
    ),
    ("python", "def f(a):\n    b = a\n    return b\n", "def f(a):\n    c = a\n    return c\n", []),
    ("python", "x = 1  # one\n", "x = 1  # eins\n", ["changes the comment `# one` to `# eins`"]),
    ("python", "if a < b:\n    f()\n", "if a <= b:\n    f()\n", ["changes the operator `<` to `<=`"]),
    ("python", "a = b - c * d\n", "a = b / c + d\n",
     ["removes the operator `-`", "removes the operator `*`", "adds the operator `/`",
      "adds the operator `+`"]),
    ("python", "\n", "print(1)\n", []),
    ("python", "\n", "print(a)\n", ["uses `a`, which nothing in the file defines or imports"]),
    ("python", "# print one\n", "# print one\nprint(1)\n", []),
    ("go", "defer f.Close()\n", "", ["removes the call `f.Close()`", "removes `defer`"]),
    ("java", "class A { int a() { return B.c; } }", "class A { int a() { return D.c; } }",
     ["removes the name `B`", "adds the name `D`"]),
    ("javascript", "async function f() { await g() }", "async function f() { g() }", ["removes `await`"]),
    ("yaml", "port: 80\n", "port: 8080\n", ["changes the number `80` to `8080`"]),
    ("kotlin", "fun f() { val m = HashMap<String, Int>() }", "fun f() { val m = g() }",
     ["removes the call `HashMap<String, Int>()`", "adds the call `g()`"]),
    ("rust", 'fn f() { panic!("a"); }', "fn f() { x.collect::<Vec<u8>>(); }",
     ['removes the call `panic!("a")`', "adds the call `x.collect::<Vec<u8>>()`"]),
    ("csharp", "var b = x == 1 && y >= 5;", "var b = y > 5;",
     ["removes the number `1`", "removes the name `x`", "removes the operator `==`",
      "removes the operator `&&`", "removes the operator `>=`", "adds the operator `>`"]),
    ("sql", "select a from b where c and d;\n", "SELECT a FROM b WHERE c AND d;\n", []),
    ("cpp", "void f(V& v) { for (int i = 0; i < n; ++i) { v[i] *= 2; } }",
     "void f(V& v) { for (auto x : v) { x *= 2; } }",
     ["removes the assignment to `v[i]`", "removes the number `0`", "removes the name `n`",
      "removes the operator `<`", "removes the operator `++`", "removes `int`", "adds `auto`"]),
    ("cpp", "void f(V& v) { for (auto it = v.begin(); it != v.end(); ++it) { *it *= 2; } }",
     "void f(V& v) { for (auto x : v) { x *= 2; } }",
     ["removes the call `v.begin()`", "removes the call `v.end()`", "removes the assignment to `*it`",
      "removes the operator `!=`", "removes the operator `++`", "removes the operator `*`"]),
    ("rust", "fn f(a: &mut i32, b: i32) { *a = b; g(*a, b); }", "fn f(a: &mut i32, b: i32) { g(*a, b); }",
     ["removes the assignment to `*a`", "removes the operator `*`"]),
    ("python", "def f(s, b):\n    s.a, s.b[0] = b\n    g(s.a, s.b[0], b)\n",
     "def f(s, b):\n    g(s.a, s.b[0], b)\n",
     ["removes the assignment to `s.a`", "removes the assignment to `s.b[0]`"]),
    ("python", "def f(s, b):\n    s.a = b\n", "def f(s, b):\n    s.a: int = b\n", ["adds the name `int`"]),
    ("python", "def f(x):\n    a = []\n    b = x\n    return a, b\n",
     "def f(x):\n    a = set()\n    b = x\n    return a, b\n", ["adds the call `set()`"]),
    ("python", "def f(k):\n    d = {}\n    d[k] = 1\n    return d\n", "def f(k):\n    return {k: 1}\n", []),
    ("ruby", "def f(b)\n  @a = b\n  g(@a, b)\nend\n", "def f(b)\n  g(@a, b)\nend\n",
     ["removes the assignment to `@a`"]),
    ("rust", "fn f(s: &mut S, b: i32) { s.a = b; g(s.a, b); }", "fn f(s: &mut S, b: i32) { g(s.a, b); }",
     ["removes the assignment to `s.a`"]),
    ("css", "a { margin: 10px; }", "a { margin: 20px; }", ["changes the number `10` to `20`"]),
    ("html", '<a onclick="buy()">Buy</a>', "<a>Buy</a>", ['removes the string "buy()"', "removes `onclick`"]),
    ("makefile", "all:\n\tcc -c a.c\n\tcc -o a\n", "all:\n\tcc -c a.c\n",
     ["removes the name `o`", "removes the operator `-`"]),
    ("dart", "int f() { return a; }", "int f() { a; }", ["removes the name `return`"]),
    ("swift", 'func f() { log("a \\(b) c") }', "func f() { }",
     ['removes the call `log("a \\(b) c")`', 'removes the string "a \\(…) c"']),
    ("css", "a { color: red !important; }", "a { color: red; }", ["removes `!important`"]),
    ("markdown", "One two.\n", "Two three.\n", []),
]  # fmt: skip


@pytest.mark.parametrize(("language", "old", "new", "expected"), CASES)
def test_notes_say_what_goes_and_what_comes(language: str, old: str, new: str, expected: list[str]):
    document = Document.create(f"file:///w/a.{language}", language, 1, old)
    edit = edited(WholeFile(document, parse(document)), document.whole, [TextEdit(document.whole, new)])
    assert expected == [note.text for note in notes_of(edit)]


def test_what_cannot_be_right_and_a_lost_exception_come_before_all_else():
    old = "def f(a):\n    if a:\n        raise E(a)\n    return g(a)\n"
    document = Document.create("file:///w/a.py", "python", 1, old)
    new = "def f(a):\n    return h(a)\n"
    edit = edited(WholeFile(document, parse(document)), document.whole, [TextEdit(document.whole, new)])
    first, second, *_ = sentences(notes_of(edit))
    assert (first, second) == ("uses `h`, which nothing in the file defines or imports", "removes `raise`")


def test_five_notes_are_shown_and_the_number_of_the_others():
    """The most important ones first: definitions before calls before names."""
    old = "def f():\n    pass\n\n" + "".join(f"n{i} = g{i}()\n" for i in range(6))
    document = Document.create("file:///w/a.py", "python", 1, old)
    edit = edited(WholeFile(document, parse(document)), document.whole, [TextEdit(document.whole, "1\n")])
    shown = sentences(notes_of(edit))
    assert len(shown) == 6
    assert (shown[0], shown[-1]) == ("removes the function `f`", "and 10 more")

"""Scopes at an offset, in sound code, in broken code and without a tree."""

import pytest

from homebody.syntax.scope import scope_around, scopes_at
from homebody.syntax.tree import parse
from homebody.text import Document, Span


def scope_names(cursor) -> list[str]:
    document, tree, offset = cursor
    return [scope.name for scope in scopes_at(document, tree, offset)]


@pytest.mark.parametrize(
    ("language_id", "text", "expected"),
    [
        ("python", "class A:\n    def f(self):\n        █\n", ["A", "f"]),
        ("python", "class A:\n    def f(self):\n        x = 1\n        █", ["A", "f"]),
        ("python", "class A:\n    def f(self):\n        x = 1\n\n    █", ["A"]),
        ("python", "class A:\n    def f(self):\n        x = 1\n\n█", []),
        ("python", "class A:\n    def f(self):\n        x = 1\n█\n        y = 2\n", ["A", "f"]),
        ("python", "def f():\n    x = (1,\n    █", ["f"]),
        (
            "python",
            "class A:\n    def f(self):\n        if x:\n            y = [\n                █",
            ["A", "f"],
        ),
        ("javascript", "class A {\n  f() {\n    █\n  }\n}\n", ["A", "f"]),
        ("javascript", "class A {\n  f() {\n  }\n  █\n}\n", ["A"]),
        ("javascript", "class A {\n  f() {\n    if (x) {\n      █", ["A"]),
        ("javascript", "function f() {}█\n", []),
        (
            "typescript",
            "namespace N {\n  export function f() {\n    g(() => {\n      █",
            ["N", "f"],
        ),
        ("go", "package a\n\nfunc (o *Order) f() {\n\t█\n}\n", ["f"]),
        ("rust", "impl A {\n    fn f(&self) {\n        let x = █;\n    }\n}\n", ["A", "f"]),
        ("java", "class A {\n  void f(int x) {\n    x.█\n", ["A"]),
        ("csharp", "class A\n{\n    void F()\n    {\n        █\n", ["A"]),
        ("ruby", "module A\n  class B\n    def f\n      █\n    end\n  end\nend\n", ["A", "B", "f"]),
        ("plaintext", "class A {\n    int f(int x) {\n        if (x) {\n            █\n", ["A"]),
        ("plaintext", "def f():\n\tif x:\n\t\t█\n", ["f"]),
        ("plaintext", "some words\n    and more█\n", []),
        ("plaintext", "█", []),
    ],
)
def test_scopes_hold_the_cursor(at_cursor, language_id, text, expected):
    """The definitions around the cursor are found, unfinished ones too."""
    assert scope_names(at_cursor(language_id, text)) == expected


def test_scopes_know_their_signatures(at_cursor):
    document, tree, offset = at_cursor(
        "python", "class A:\n    @cached\n    async def f(\n        self,\n    ) -> int:\n        █pass\n"
    )
    scope = scopes_at(document, tree, offset)[-1]
    assert scope.signature == "async def f(\n        self,\n    ) -> int:"
    assert document.slice(scope.header) == "    " + scope.signature
    assert document.slice(scope.span).startswith("@cached")
    assert (scope.kind, scope.container) == ("method", "A")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("class A:\n    def f(self):\n        [x = 1]\n", "f"),
        ("class A:\n[    def f](self):\n        x = 1\n", "f"),
        ("class A:\n    [@cached\n    def f(self):\n        x = 1\n]", "f"),
        ("class A:\n    def f(self):\n        [x = 1\n\n    y] = 2\n", "A"),
        ("class A:\n    [x = 1]\n", "A"),
        ("[x = 1]\n", None),
        ("[def f():\n    pass\n\n\ndef g():\n    pass]\n", None),
    ],
)
def test_the_smallest_function_or_class_around_a_span(text, expected):
    start, end = text.index("["), text.index("]") - 1
    document = Document.create("file:///a.py", "python", 0, text.replace("[", "").replace("]", ""))
    found = scope_around(document, parse(document), Span(start, end))
    assert (found.name if found else None) == expected

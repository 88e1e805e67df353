"""Functions that a syntax error hides from the tree."""

import pytest

from homebody.headless.unparsed import hidden_functions
from homebody.syntax.tree import parse
from homebody.text import Document

_GOOD = "def a():\n    return 1\n\n\n"


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("python", _GOOD, []),
        ("python", f"{_GOOD}def b(x)\n    return x\n\n\ndef c():\n    return 3\n", ["b"]),
        ("python", f"{_GOOD}x = [1, 2\n\n\ndef c():\n    def d():\n        return 3\n", ["c"]),
        ("python", f"{_GOOD}x = [1\n\n\nclass D:\n    def e(self):\n        return 4\n", ["D.e"]),
        ("python", f'{_GOOD}class D:\n    """Use it.\n\n    def f(x):\n    """\n\n    x = (\n', []),
        ("python", f"{_GOOD}x = (\n# def f(x):\n", []),
        (
            "javascript",
            "function b(x) {\n  if (x) {\n  return 1;\n}\n\nfunction c() {\n  return 2;\n}\n",
            ["b"],
        ),
        ("c", "int b(int x {{\n  if (x) {\n\nint c(int x)\n{\n  return run(x);\n}\n", ["b"]),
        ("plaintext", "def b(x\n", []),
    ],
)
def test_functions_in_broken_code_are_found_by_their_lines(language, text, expected):
    """Not those that the tree has, those in another function, and those in strings and comments."""
    document = Document.create("file:///a", language, 0, text)
    found = hidden_functions(document, parse(document))
    assert expected == [f"{one.container}.{one.name}".lstrip(".") for one in found]

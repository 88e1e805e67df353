"""Whether text still parses."""

import pytest

from homebody.syntax.language import find
from homebody.syntax.nodes import count_errors


@pytest.mark.parametrize(
    ("language_id", "text", "expected"),
    [
        ("python", "def f():\n    return 1\n", 0),
        ("python", "def f(:\n    return 1\n", 1),
        ("javascript", "f(a", 1),
        ("json", '{"a": }', 1),
        ("go", "package a\nfunc f() {\n", 1),
        ("python", "", 0),
        ("fortran", "((((", 0),
    ],
)
def test_errors_are_counted(language_id, text, expected):
    language = find(language_id)
    assert count_errors(text, language) == expected

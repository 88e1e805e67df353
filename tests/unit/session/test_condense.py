"""The main points of an answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homebody.session.condense import condensed

_LONG = "More words about it follow here, so that the answer is long enough to be condensed at all. " * 4


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("Short.\n\n```python\nx = 1\n```\n", "Short.\n\n```python\nx = 1\n```"),
        (f"It reads e.g. a file of version 3.11. {_LONG}", "It reads e.g. a file of version 3.11."),
        (f"First. {_LONG}\n\nSecond! {_LONG}\n\n# A heading\n\n- one. {_LONG}\n- two\n", None),
        (
            f"Use this:\n\n```python\nclass A:\n    def total(self, tax):\n        pass\n```\nDone. {_LONG}",
            "Use this:\n`class A:`, `def total(self, tax):`\nDone.",
        ),
        (f"```sh\nls -l\n```\n{_LONG}", f"`ls -l`\n{_LONG.split('. ', maxsplit=1)[0]}."),
        (f"```go\nfunc Area(w int) int {{\n\treturn w\n}}\n```\n{_LONG}", None),
        ("```python\ndef half(x):\n" + "    x = x / 2\n" * 40, "`def half(x):`"),
        ("word " * 200, ("word " * 200)[:239].rstrip() + "…"),
    ],
    ids=["short", "abbreviation", "paragraphs", "code", "no definition", "go", "unclosed", "no sentence"],
)
def test_the_first_sentences_and_the_signatures_stay(markdown, expected):
    """Their order is kept; a short answer is kept completely."""
    found = condensed(markdown, 600)
    if expected is not None:
        assert found == expected
    for word in ("First.", "Second!", "# A heading", "- one.", "- two", "func Area(w int) int"):
        assert (word in markdown) == (word in found)


def test_the_signatures_come_before_the_other_sentences_where_room_is_short():
    """Later questions are often about the code."""
    paragraphs = "".join(f"Paragraph {n} says something. {_LONG}\n\n" for n in range(20))
    found = condensed(f"{paragraphs}\n```python\ndef half(x):\n    return x / 2\n```\n", 120)
    assert found.splitlines()[0] == "Paragraph 0 says something."
    assert found.splitlines()[-1] == "`def half(x):`"
    assert len(found) < 160


@given(st.text(alphabet="ab .\n`~-#*1)", max_size=900))
def test_no_answer_becomes_longer(markdown):
    """For any answer."""
    assert len(condensed(markdown, 200)) <= max(300, len(markdown.strip()))

"""Edits for a text that was edited meanwhile."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homebody.postprocess.edit.rebase import merged, rebased
from homebody.text import Document, Span, TextEdit, apply_edits

OLD = "a = 1\n\ndef f():\n    return a\n\nb = 2\n"
TARGET = Span(OLD.index("def f"), OLD.index("\n\nb"))
EDIT = TextEdit(Span(OLD.index("return a"), OLD.index("return a") + 8), "return 1")


def _now(text: str) -> Document:
    return Document.create("file:///a.py", "python", 2, text)


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (OLD, True),
        ("# mine\n" + OLD, True),
        (OLD + "c = 3\n", True),
        (OLD.replace("a = 1\n", ""), True),
        ("# mine\n" + OLD.replace("b = 2", "b = 20"), True),
        (OLD.replace("def f", "@cache\ndef f"), True),
        (OLD.replace("return a", "return b"), False),
        (OLD.replace("def f", "async def f"), False),
        (OLD.replace("return a\n", "return a + 1\n"), False),
        (OLD.replace("    return a", "    x = 1\n    return a"), False),
        ("", False),
    ],
)
def test_only_a_change_of_the_target_blocks_an_edit(new, expected):
    found = rebased([EDIT], TARGET, OLD, _now(new))
    assert expected is (found is not None)
    if found is not None:
        assert apply_edits(new, found) == new.replace("return a", "return 1")


IMPORTS = "import os\n\nx = 1\n\n" + OLD
ABOVE = TextEdit(Span(9, 9), "\nimport re")
BELOW = TextEdit(
    Span(EDIT.span.start + len(IMPORTS) - len(OLD), EDIT.span.end + len(IMPORTS) - len(OLD)), "return 1"
)


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (IMPORTS.replace("x = 1", "x = 2"), True),
        (IMPORTS.replace("x = 1\n", "x = 1\ny = 2\n"), True),
        (IMPORTS.replace("import os\n", "import os\nimport sys\n"), False),
        ("# mine\n" + IMPORTS, True),
        (IMPORTS.replace("return a", "return b"), False),
    ],
)
def test_an_import_above_the_target_moves_by_itself(new, expected):
    target = Span(TARGET.start + len(IMPORTS) - len(OLD), TARGET.end + len(IMPORTS) - len(OLD))
    found = rebased([ABOVE, BELOW], target, IMPORTS, _now(new))
    assert expected is (found is not None)
    if found is not None:
        text = new.replace("return a", "return 1").replace("import os\n", "import os\nimport re\n", 1)
        assert apply_edits(new, found) == text


AFTER = OLD.replace("return a", "return 1").replace("def f():\n", 'def f():\n    """One."""\n')


@pytest.mark.parametrize(
    ("mine", "both"),
    [
        (("", ""), True),
        (("a = 1", "a = 10"), True),
        (("b = 2\n", "b = 2\nc = 3\n"), True),
        (("b = 2\n", "b = 2"), True),
        (("a = 1\n", ""), True),
        (("def f", "async def f"), True),
        (("def f():\n", "def f():\n    # mine\n"), True),
        (("return a", "return b"), False),
        (("    return a\n", ""), False),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_reviewed_change_is_merged_by_lines(mine, both, newline):
    """Both are kept, unless they are about the same lines."""
    now = OLD.replace(*mine).replace("\n", newline)
    expected = AFTER.replace(*mine) if both else None
    found = merged(OLD, AFTER, Document.create("file:///a.py", "python", 1, now))
    assert found == (expected and expected.replace("\n", newline))


@pytest.mark.parametrize(("mine", "expected"), [("x", None), ("y", "a\ny\nb")])
def test_lines_that_both_add_at_one_place_are_refused_unless_they_are_the_same(mine, expected):
    """Their order would be a guess."""
    assert (
        merged("a\nb", "a\ny\nb", Document.create("file:///a", "plaintext", 1, f"a\n{mine}\nb")) == expected
    )


LINES = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=7).map("\n".join)


@given(LINES, LINES, LINES)
def test_a_merge_is_the_change_alone_or_the_users_or_keeps_all_new_lines(before, after, now):
    """Whatever the texts are: without an edit of one side, the other's text is the result."""
    document = Document.create("file:///a", "plaintext", 1, now)
    assert merged(before, after, Document.create("file:///a", "plaintext", 1, before)) == after
    assert merged(before, before, document) == now
    result = merged(before, after, document)
    if result is not None:
        added = (Counter(after.split("\n")) - Counter(before.split("\n"))) | (
            Counter(now.split("\n")) - Counter(before.split("\n"))
        )
        assert not added - Counter(result.split("\n"))

"""A chat answer becomes code in its place, or is refused with the reason."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homebody.postprocess.edit.answer_code import Refusal, code_in_answer
from homebody.postprocess.edit.placed import placed
from homebody.postprocess.edit.refusals import placeholder
from homebody.text import Document, Span, apply_edits

METHOD = "class A:\n⟦    def f(self):\n        return 1\n⟧\n    x = 1\n"


def edited(selection: str, answer: str, *, language: str = "python", cut: bool = False) -> str:
    start, end = selection.index("⟦"), selection.index("⟧") - 1
    text = selection.replace("⟦", "").replace("⟧", "")
    document = Document.create("file:///a", language, 1, text)
    span = Span(start, end)
    try:
        is_markdown = language == "markdown"
        code = code_in_answer(answer, old=document.slice(span), cut=cut, markdown=is_markdown)
        new = placed(document, span, code)
    except Refusal as refusal:
        return f"refused: {refusal}"
    return apply_edits(text, [new])


MARKS = {"#": "python", "--": "lua", "/": "javascript", ".": "go", "{": "javascript", "<": "html"}
PYTHON = Document.create("file:///w/a.py", "python", 1, "")
TWICE = "class A:\n    def f(self):\n        return 2\n\n    x = 1\n"


@pytest.mark.parametrize(
    "answer",
    [
        "    def f(self):\n        return 2",
        "def f(self):\n    return 2\n",
        "def f(self):\n        return 2\n",
        "```python\ndef f(self):\n    return 2\n```",
        "Sure! Here is the method:\n\n```python\ndef f(self):\n    return 2\n```\n\nIt returns two.",
        "Here's the updated code:\ndef f(self):\n    return 2\n\nThis returns two instead of one.",
        "~~~py\ndef f(self):\n    return 2\n~~~",
        "  ```python\n  def f(self):\n      return 2\n  ```",
        "```python\ndef f(self):\n\treturn 2\n```",
        "```python\ndef f(self):\n  return 2\n```",
        "Old:\n```\ndef f(self):\n    return 1\n```\nNew:\n```\ndef f(self):\n    return 2\n```",
        "```python\ndef f(self):\n    return 2\n```\nRun:\n```text\nOutput that is longer than code.\n```",
    ],
)
def test_only_the_code_is_taken_at_the_selections_indentation(answer):
    assert edited(METHOD, answer) == TWICE


@pytest.mark.parametrize(
    ("answer", "cut", "reason"),
    [
        ("```python\ndef f(self):\n    return 2\n", False, "code block"),
        ("def f(self):\n    return", True, "output limit"),
        ("```python\ndef f(self):\n    ret", True, "output limit"),
        ("", False, "has no code"),
        ("Sure, here you go:\n```python\n```", False, "has no code"),
    ],
)
def test_an_answer_that_is_not_whole_is_refused(answer, cut, reason):
    result = edited(METHOD, answer, cut=cut)
    assert result.startswith("refused: ")
    assert reason in result


@pytest.mark.parametrize(
    "line",
    [
        "# ... rest of the code",
        "# existing code",
        "// rest of the code remains the same",
        "    # Remaining methods unchanged...",
        "/* ... */",
        "...",
        "// ... existing imports ...",
        "# (unchanged)",
        "{/* existing code */}",
        "<!-- rest of file -->",
        "# Keep the rest of the class",
        "-- other functions here",
    ],
)
def test_a_placeholder_is_refused(line):
    """Models write placeholders instead of repeating code."""
    language = next(name for mark, name in MARKS.items() if line.strip().startswith(mark))
    document = Document.create("file:///w/a", language, 1, "")
    found = placeholder(document, "a()\nb()\nc()\nd()\n", f"a()\n{line}\n")
    assert line.strip() in found


@pytest.mark.parametrize(
    "line",
    [
        "# the rest of the list handles errors",
        "# remaining items",
        "# existing code handles this",
        "# same order as the caller's",
        "return ...",
        "x: tuple[int, ...] = ()",
        "// the other one",
        "rest = code[1:]",
    ],
)
def test_a_comment_that_explains_is_no_placeholder(line):
    """Words like rest and existing occur in good comments."""
    assert placeholder(PYTHON, "a()\nb()\n", f"a()\n{line}\n") == ""


def test_a_placeholder_that_was_there_before_stays():
    stub = "⟦def f():\n    ...\n⟧"
    assert edited(stub, "def f() -> int:\n    ...\n") == "def f() -> int:\n    ...\n"


def test_tabs_of_the_file_are_used():
    go = "func f() {\n⟦\tif a {\n\t\tb()\n\t}\n⟧}\n"
    answer = "if a {\n    b()\n    c()\n}"
    assert edited(go, answer, language="go") == "func f() {\n\tif a {\n\t\tb()\n\t\tc()\n\t}\n}\n"


@settings(deadline=None)
@given(
    before=st.text("a \n\t{(", max_size=20),
    old=st.text("ab \n\t\r}", max_size=20),
    after=st.text("a\n", max_size=8),
    answer=st.text("`~ab \n\t.#<>/think:{}", max_size=60),
)
def test_any_answer_is_applied_or_refused(before, old, after, answer):
    document = Document.create("file:///a", "python", 1, before + old + after)
    span = Span(len(before), len(before) + len(old))
    with contextlib.suppress(Refusal):
        new = placed(document, span, code_in_answer(answer, old=old))
        result = apply_edits(document.text, [new])
        assert result.startswith(before)
        assert result.endswith(after)

"""Telling prose from code, in answers to fill-in-the-middle prompts."""

import io
import tokenize
from pathlib import Path

import pytest

import homebody
from homebody.postprocess.ghost.noise import AnswerKind, expects_code, kind_of
from homebody.syntax.cursor import cursor_context
from homebody.syntax.tree import Tree
from homebody.text import Document


def code_lines(text: str) -> list[str]:
    texts = {tokenize.STRING, tokenize.COMMENT}
    found = [token for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type in texts]
    held = {line for token in found for line in range(token.start[0], token.end[0] + 1)}
    return [line for number, line in enumerate(text.splitlines(), 1) if number not in held]


ANSWERS: dict[AnswerKind, tuple[str, ...]] = {
    "prose": (
        "<think>\nOkay, the user wants",
        "[THINK]Let me see",
        "<|channel>thought\nThe hole",
        "Okay, so I need to complete this function.",
        "Sure! Here is the completed code:\n\n```python\n",
        "Here's the missing line:\n",
        "Let's look at the code. We have a list",
        "The function `mean` returns the mean of its arguments.",
        "This function adds two numbers. It returns the sum.",
        "To complete the code, add a return statement.",
        "We need to fill in the body",
        "It looks like you forgot the body.",
        "A stack is a data structure that should return the last item first.",
        "\n\nYou can use the built-in sum for this.",
    ),
    "code": (
        "return sum(values) / len(values)",
        "total = 0",
        "self.items.append(item)",
        "    for value in sorted(values):",
        "# The function returns the mean of the values.",
        '"""This function adds two numbers."""',
        "const that = this;",
        "if this_is_the_one and that_is:",
        "SELECT name FROM users WHERE users.id = 3",
        "// Here is the code that you should see",
        ".map(x => x + 1)",
        "fn main() {",
        "```python\ndef f():",
        "This(function adds)",
        "return total",
        "pass",
        "total / count",
    ),
    "unclear": (
        "",
        "   \n",
        "select name from users where active and there",
        "for this in that",
        "Here",
        "let mut total",
    ),
}


@pytest.mark.parametrize(
    ("answer", "kind"), [(answer, kind) for kind, answers in ANSWERS.items() for answer in answers]
)
def test_an_answer_is_judged_by_how_it_begins(answer: str, kind: AnswerKind):
    assert kind == kind_of(answer)


def test_code_is_never_prose():
    package = Path(homebody.__file__).parent
    lines = [line for path in package.rglob("*.py") for line in code_lines(path.read_text("utf-8"))]
    assert [line for line in lines if kind_of(line) == "prose"] == []


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("python", "def f():\n    █", True),
        ("python", "# so █", False),
        ("python", 'x = "so █"', False),
        ("python", '"""A module.\n\n█\n"""\n', False),
        ("markdown", "A page.\n█", False),
        ("yaml", "description: █", False),
        ("html", "<p>█</p>", False),
        ("go", "func f() {\n\t█\n}\n", True),
    ],
)
def test_sentences_are_expected_in_text_in_data_and_between_tags(language: str, text: str, *, expected: bool):
    offset = text.index("█")
    document = Document.create("untitled:x", language, 1, text.replace("█", ""))
    assert expected == expects_code(cursor_context(document, Tree.blank(document), offset))

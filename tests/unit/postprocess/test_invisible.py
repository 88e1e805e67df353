"""Invisible characters are not added to code."""

import pytest

from homebody.postprocess.ghost.finish import Finished, finish
from homebody.postprocess.noise import invisible_added, name_of
from homebody.syntax.cursor import cursor_context
from homebody.syntax.tree import parse
from homebody.text import Document

HIDDEN = [
    *(chr(code) for code in range(0x202A, 0x202F)),
    *(chr(code) for code in range(0x2066, 0x206A)),
    *("\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u2060", "\ufeff", "\u00ad", "\u061c", "\u3164"),
    *("\x00", "\x08", "\x1b", "\x7f", "\x85", "\u2028", "\U000e0041", "\ufe0f", "\ud83d"),
]


@pytest.mark.parametrize("char", HIDDEN, ids=name_of)
def test_an_invisible_character_is_found(char):
    assert invisible_added(f"is{char}Admin = 1", "isAdmin = 1") == char
    assert invisible_added(f'x = "{char}"', "") == char
    assert invisible_added(f"x = 1{char}", "") == char


@pytest.mark.parametrize(
    "text",
    [
        'print("👩\u200d💻 done")',  # one emoji of two
        'print("❤\ufe0f")',
        'print("1\ufe0f\u20e3")',
        'print("\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f")',  # England's flag
        'print("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645")',  # Persian needs the joiner
        'print("\u0915\u094d\u200d\u0937")',
        "x = 1\n\ty = 'ä€😀'\r\n",
    ],
    ids=ascii,
)
def test_characters_that_belong_to_a_visible_one_are_text(text):
    assert invisible_added(text, "") is None


@pytest.mark.parametrize(
    "text", ["a\ufe0f", "❤\ufe0f\ufe0f", "a\u200db", "é\u200cé", "\ufe0f", "\u200d", "x\U000e0067"]
)
def test_the_same_characters_elsewhere_are_hidden(text):
    assert invisible_added(text, "") is not None


@pytest.mark.parametrize("char", ["\u202e", "\u2066", "\u200b", "\x1b"], ids=name_of)
def test_ghost_text_with_hidden_characters_is_not_shown(char):
    before, answer = "def total(a, b):\n    return ", f"a + b  # {char}sum"
    assert _shown(before, answer) == "invisible characters"
    assert isinstance(_shown(f"# {char}\n{before}", answer), Finished)


def _shown(before, answer):
    document = Document.create("file:///a.py", "python", 1, before)
    cursor = cursor_context(document, parse(document), len(before))
    return finish(document, len(before), answer, cursor, wanted="line")

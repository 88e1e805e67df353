"""The patterns of text that is not code, which ghost text and edits share."""

import pytest

from homebody.postprocess.noise import CHATTER_AFTER, CHATTER_LINE


@pytest.mark.parametrize(
    "line",
    [
        "Sure, here is the code:",
        "Certainly! I have simplified it.",
        "Here's the updated function:",
        "I've renamed the variable `total`.",
        "The refactored code (with comments):",
        "The updated `parse(text)` function is:",
        "To fix this, use a set.",
        "This is the complete function:",
    ],
)
def test_an_introduction_is_recognised(line: str):
    assert CHATTER_LINE.fullmatch(line.lower())


@pytest.mark.parametrize(
    "line",
    [
        "This function adds two numbers.",
        "Note: it returns `f(x)` for all of them.",
        "Key changes:",
        "Let me know if you need anything else?",
        "By using a set, the lookup is fast.",
    ],
)
def test_an_explanation_is_recognised(line: str):
    assert CHATTER_AFTER.fullmatch(line)

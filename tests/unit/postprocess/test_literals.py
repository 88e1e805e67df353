"""Numbers are compared by their value, however they are written."""

import pytest

from homebody.postprocess.edit.edited import edited
from homebody.postprocess.edit.literals import changed_literals
from homebody.syntax.tree import parse
from homebody.text import Document, Span, TextEdit


def refusal_of(old: str, new: str) -> str | None:
    """Return why the change of one line is refused."""
    document = Document.create("file:///a", "python", 1, f"x = {old}\n")
    tree, span = parse(document), Span(0, len(document.text))
    found = changed_literals(edited(document, tree, span, [TextEdit(span, f"x = {new}\n")]))
    return found.reason if found is not None else None


@pytest.mark.parametrize(
    ("old", "new"),
    [("0x10", "16"), ("1_000", "1000"), ("1.0", "1.00"), ("0b11", "3"), ("1e3", "1000.0"), ("0o17", "15")],
)
def test_the_same_number_written_otherwise_is_the_same(old, new):
    """A rewrite may write a number in another notation."""
    assert refusal_of(old, new) is None


@pytest.mark.parametrize(("old", "new"), [("08", "09"), ("1" * 5000, "2" * 5000), ("0x" + "f" * 5000, "3")])
def test_numbers_that_python_cannot_read_are_compared_as_text(old, new):
    """Invalid and very long numbers are refused like others, and do not fail."""
    assert (refusal_of(old, old), bool(refusal_of(old, new))) == (None, True)


@pytest.mark.parametrize("word", ["A", "prefix"])
def test_a_long_word_takes_no_more_time_than_other_text(word):
    """A picture in base64 is one word of many letters; a search from each of them would take minutes."""
    text = repr(word * 100_000)
    assert refusal_of(f"f({text})", f"g({text})") is None

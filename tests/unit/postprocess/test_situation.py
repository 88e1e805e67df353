"""The facts of a place are right on code as one types it."""

import pytest

from homebody.postprocess import situation_at
from homebody.postprocess.ghost.confidence import looks_wrong
from homebody.text import Document


def at(marked: str, language: str = "python", **facts: bool):
    """The situation at ``█``."""
    before, _, after = marked.partition("█")
    return situation_at(Document.create("file:///a", language, 1, before + after), len(before), **facts)


@pytest.mark.parametrize(
    ("marked", "language", "fact"),
    [
        ("x = 'a█", "python", "in_string"),
        ('"""doc\n█\n"""', "python", "in_string"),
        ("x = `a\n█`", "typescript", "in_string"),
        ("x = 1  # a█", "python", "in_comment"),
        ("/* a\n █ */", "c", "in_comment"),
        ("f(█)", "go", "in_brackets"),
        ("x = {\n    █\n}", "python", "in_brackets"),
        ("if x:█", "python", "at_block_start"),
        ("if x:  # why█", "python", "in_comment"),
        ("if x:\n    █", "python", "at_block_start"),
        ("items.each do |x|█", "ruby", "at_block_start"),
        ("if x; then█", "shellscript", "at_block_start"),
        ("    █", "python", "fresh_statement"),
        ("function f() {\n  █\n}", "javascript", "fresh_statement"),
    ],
)
def test_a_fact_is_found(marked, language, fact):
    """By scanning the lines above, without a tree."""
    assert getattr(at(marked, language), fact)


@pytest.mark.parametrize(
    ("marked", "language", "fact"),
    [
        ("x = 'a'█", "python", "in_string"),
        ("x = a // b█", "python", "in_comment"),
        ("fn f<'a>(█", "rust", "in_string"),
        ("x = {'a':█", "python", "at_block_start"),
        ("function f() {█", "javascript", "in_brackets"),
        ("x = '# a'█", "python", "in_comment"),
        ("url(http://a█", "css", "in_comment"),
        ("f(\n    █\n)", "python", "fresh_statement"),
    ],
)
def test_a_fact_is_not_invented(marked, language, fact):
    """What only looks like it."""
    assert not getattr(at(marked, language), fact)


def test_a_given_fact_is_taken():
    """A syntax tree knows better."""
    assert not at("x = 'a█", in_string=False).in_string
    assert at("x = a█", in_string=True).in_string


@pytest.mark.parametrize(
    ("text", "unit", "mixed"),
    [
        ("def f():\n  a()\n█", "  ", False),
        ("def f():\n    a()\n    if b:\n        c()\n█", "    ", False),
        ("func f() {\n\ta()\n}\n█", "\t", False),
        ("a\n    b\n\tc\n█", "    ", True),
        ("█", "    ", False),
    ],
)
def test_the_indentation_is_the_files(text, unit, mixed):
    """As most lines have it; the language's own in an empty file."""
    situation = at(text)
    assert (unit, mixed) == (situation.indent_unit, situation.mixed_indent)


def test_a_long_file_is_not_read_from_its_top():
    """The block in sight is enough, and what is around it is taken to be open."""
    situation = at("class A {\n" + "  a();\n" * 500 + "  f(█", "javascript")
    assert situation.state.due == "})"
    assert len(situation.previous_lines) == 200


def test_an_ordinary_line_does_not_look_wrong():
    """Only plain signs count where there are no probabilities."""
    assert not looks_wrong("sum(values)", at("x = █"))
    assert looks_wrong("'open", at("x = █"))

"""Queries are run over small nodes one by one, find what they would find from the root, and stay quick."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tree_sitter import QueryCursor

from homebody.syntax.language import PARSED, Language, query
from homebody.syntax.nodes import first_error, matches
from homebody.syntax.tree import parse
from homebody.text import Document, Span
from support.syntax_cases import read_case

# Long enough that most nodes on the way to a place are no small ones.
_CHARS = 6_000
SOURCES = [(language, read_case(language).source) for language in PARSED]


@st.composite
def long_documents(draw) -> tuple[Language, str]:
    language, source = draw(st.sampled_from(SOURCES))
    text = (source + "\n") * (1 + _CHARS // len(source))
    at = draw(st.integers(0, len(text)))
    garbage = draw(st.text(st.sampled_from("({[]})\"'`#/*<>:;=\\\n\t é😀a"), max_size=8))
    return language, text[:at] + garbage + text[at:]


@settings(max_examples=60, deadline=None)
@given(long_documents(), st.floats(0, 1), st.sampled_from([0, 1, 2, 50, 4_000]))
def test_a_query_finds_what_it_finds_from_the_root(drawn, where, size):
    language, text = drawn
    tree = parse(Document.create("file:///a", language.ids[0], 0, text))
    patterns = query(language, "scopes")
    if tree.handle is None or patterns is None:
        return
    start = int(where * len(text))
    within = Span(start, min(len(text), start + size)) if size else None
    cursor = QueryCursor(patterns)
    if within is not None:
        cursor.set_byte_range(tree.units.to_byte(within.start), tree.units.to_byte(within.end))
    expected = [
        sorted((capture, node.start_byte, node.end_byte) for capture in found for node in found[capture])
        for _, found in cursor.matches(tree.handle.root_node)
    ]
    actual = [
        sorted(
            (capture, tree.units.to_byte(span.start), tree.units.to_byte(span.end))
            for capture in match
            for span in match[capture]
            if capture in {c for found in expected for c, _, _ in found}
        )
        for match in matches(tree, "scopes", within)
    ]
    assert len(expected) == len(actual)
    # A match without name and body has those of its node beside what the query says.
    for match in expected:
        assert any(set(match) <= set(other) for other in actual)


def test_the_first_error_in_a_span_is_found():
    text = "x = 1\n\ndef f(:\n    pass\n\n\ndef g():\n    return 1\n"
    tree = parse(Document.create("file:///a.py", "python", 0, text))
    found = first_error(tree, Span(0, len(text)))
    assert found is not None
    assert text.index("def f") <= found <= text.index("pass")
    assert first_error(tree, Span(text.index("return"), len(text))) is None
    assert first_error(parse(Document.create("file:///a.py", "python", 0, "x = 1\n")), Span(0, 5)) is None

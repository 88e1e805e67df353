"""Nothing here fails on broken code: any text, any offset, any tree that fits."""

from hypothesis import given, settings
from hypothesis import strategies as st

from homebody.syntax.chunk import chunk_spans
from homebody.syntax.cursor import cursor_context
from homebody.syntax.docstring import docstring_place
from homebody.syntax.language import PARSED, Language
from homebody.syntax.names import identifiers_near
from homebody.syntax.opaque import comments_start
from homebody.syntax.row import DocStyle
from homebody.syntax.scope import definitions, imports, scope_around, scopes_at
from homebody.syntax.tree import Tree, edited, parse
from homebody.text import Document, Span, TextEdit
from support.syntax_cases import read_case

SOURCES = [(language, read_case(language).source) for language in PARSED]
STYLE = DocStyle("", '"""', '"""', inside=True)
GARBAGE = st.text(st.sampled_from("({[]})\"'`#/*<>:;=\\\n\r\t é😀\0ab"), max_size=12)


@st.composite
def broken_documents(draw) -> tuple[Language, str]:
    language, source = draw(st.sampled_from(SOURCES))
    start = draw(st.integers(0, len(source)))
    end = draw(st.integers(start, min(len(source), start + 40)))
    cut = draw(st.sampled_from([len(source), end]))
    return language, source[:start] + draw(GARBAGE) + source[end:cut]


_MISSED = """\
Y,
    name TEXT NOT NULL,
    city TEXT DEFAULT 'Köln'
);

CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    customer_id INTEGER REFERENCES customers (id),"""


def test_a_literal_that_the_parser_missed_at_the_end_is_no_string():
    document = Document.create("file:///a.sql", "sql", 0, _MISSED)
    assert comments_start(document, parse(document), Span(0, 0)) == 0


@settings(max_examples=100, deadline=None)
@given(broken_documents(), st.data())
def test_every_answer_lies_in_the_document(broken, data):
    language, text = broken
    document = Document.create("file:///a", language.ids[0], 0, text)
    tree = parse(document)
    if data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(text)))
        edit = TextEdit(Span(at, min(len(text), at + 2)), data.draw(GARBAGE))
        tree = edited(tree, document, edit)
        document = document.edited(edit, 1)
    if data.draw(st.booleans()):
        tree = Tree.blank(document)
    offset = data.draw(st.integers(0, len(document.text)))
    size = len(document.text)

    cursor_context(document, tree, offset)
    assert all(name in document.text for name in identifiers_near(document, tree, offset))
    found = [*scopes_at(document, tree, offset), *definitions(document, tree)]
    for one in found:
        assert 0 <= one.span.start <= one.span.end <= size
        assert 0 <= one.header.start <= one.header.end <= size
        written = docstring_place(document, tree, one.span, STYLE, "    ")
        assert isinstance(written, str) or 0 <= written.span.start <= written.span.end <= size
    assert all(one.span.end <= size for one in imports(document, tree))
    scope_around(document, tree, Span(offset, min(size, offset + 10)))
    assert 0 <= comments_start(document, tree, Span(0, offset)) <= offset
    chunks = chunk_spans(document, tree, 50, lambda piece: len(piece) // 3)
    assert "".join(map(document.slice, chunks)) == document.text

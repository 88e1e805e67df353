"""The laws of chunks, over real files of every language."""

import sysconfig
from functools import cache
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from homebody.syntax.chunk import chunk_spans
from homebody.syntax.language import PARSED
from homebody.syntax.tree import Tree, parse
from homebody.text import Document, Span
from support.syntax_cases import read_case

STDLIB = Path(sysconfig.get_path("stdlib"))
PURELIB = Path(sysconfig.get_path("purelib"))
MODULES = ("textwrap.py", "ast.py", "dataclasses.py", "encodings/cp037.py", "test/__init__.py")
# Real files of other people's, as far as the installed packages carry some.
FOREIGN = ("*.html", "*.css", "*.js", "*.toml", "*.c", "*.md", "*.h", "*.scm", "*.txt", "*.pyi")
LARGEST = 60_000


def real_files() -> list[Path]:
    found = [STDLIB / name for name in MODULES if (STDLIB / name).is_file()]
    for pattern in FOREIGN:
        fitting = (path for path in PURELIB.glob(f"*/**/{pattern}") if 200 < path.stat().st_size < LARGEST)
        found += [path for path, _ in zip(fitting, range(2), strict=False)]
    return found


def documents() -> list[Document]:
    cases = [read_case(language).document for language in PARSED]
    files = [
        Document.create(path.as_uri(), "", 0, path.read_bytes().decode("utf-8", "surrogateescape"))
        for path in real_files()
    ]
    crlf = [
        Document.create(one.uri, one.language_id, 0, one.text.replace("\n", ending))
        for one, ending in zip(cases[:3], ("\r\n", "\r", "\n\r"), strict=True)
    ]
    return [*cases, *files, *crlf]


DOCUMENTS = documents()


@cache
def parsed(index: int) -> Tree:
    return parse(DOCUMENTS[index])


def by_characters(text: str) -> int:
    return -(-len(text) // 3)


def by_words(text: str) -> int:
    return len(text.split())


def joined_is_more(text: str) -> int:
    """Weigh a text more than the sum of its lines, as no tokenizer does, and some do at seams."""
    return len(text) // 3 + (text.count("\n") // 2) ** 2


COUNTS = (by_characters, by_words, joined_is_more)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(DOCUMENTS) - 1), st.integers(1, 8_192), st.sampled_from(COUNTS), st.booleans())
def test_chunks_keep_their_laws(index, max_tokens, count, with_tree):
    document = DOCUMENTS[index]
    tree = parsed(index) if with_tree else Tree.blank(document)
    chunks = list(chunk_spans(document, tree, max_tokens, count))

    assert "".join(map(document.slice, chunks)) == document.text
    for chunk in chunks:
        first, last = document.lines_of(chunk)
        assert chunk == Span(document.line_starts[first], document.line_span_with_end(last).end)
        assert count(document.slice(chunk)) <= max_tokens or first == last


def test_cuts_fall_between_definitions():
    text = "".join(
        f"# About f{i}.\n@cached\ndef f{i}():\n" + "    a = 1\n" * 8 + "    return a\n\n\n" for i in range(20)
    )
    document = Document.create("file:///a.py", "python", 0, text)
    chunks = list(chunk_spans(document, parse(document), 100, by_characters))
    assert len(chunks) > 5
    assert all(document.slice(chunk).startswith("# About") for chunk in chunks)


def test_a_line_too_long_is_a_chunk_of_its_own():
    document = Document.create("file:///a.py", "python", 0, "a = 1\nb = '" + "x" * 10_000 + "'\nc = 2\n")
    chunks = chunk_spans(document, parse(document), 256, by_characters)
    assert [document.lines_of(chunk) for chunk in chunks] == [(0, 0), (1, 1), (2, 2)]

"""The content of a completion prompt fits, fills the budget, and is listed once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homebody.context.select import KeptLines, select_around, select_completion
from homebody.context.window import Keep
from homebody.syntax.chunk import Candidate
from homebody.text import Document, Span
from homebody.tokens import TokenCounts

_LINES = st.lists(st.text(alphabet="abc (é{", max_size=30), max_size=60)
_TEXTS = st.lists(st.text(alphabet="xyz\n=1", min_size=1, max_size=60), max_size=8)


def _document(text: str) -> Document:
    return Document.create("file:///w/a.py", "python", 0, text)


def _candidates(texts: list[str]) -> list[Candidate]:
    return [Candidate(f"file:///w/b{n}.py", 0, t.count("\n"), t, "defines x") for n, t in enumerate(texts)]


@given(
    lines=_LINES,
    texts=_TEXTS,
    data=st.data(),
    tokens=st.integers(16, 400),
    more=st.integers(0, 200),
    takes_suffix=st.booleans(),
)
def test_any_prompt_fits(lines, texts, data, tokens, more, takes_suffix):
    document = _document("\n".join(lines))
    anchor = data.draw(st.integers(0, len(document.text)))
    offset = data.draw(st.integers(anchor, len(document.text)))
    line = st.integers(0, document.line_count - 1)
    headers = [
        KeptLines(document.line_span_with_end(n), "import") for n in data.draw(st.lists(line, max_size=6))
    ]
    keep = data.draw(st.none() | st.builds(lambda n: Keep(document.line_starts[n], tokens + more), line))
    found = select_completion(
        document,
        Span(anchor, offset),
        tokens=tokens,
        count=len,
        takes_suffix=takes_suffix,
        headers=headers,
        candidates=_candidates(texts),
        keep=keep,
    )
    texts_in = [found.headers, found.prefix, found.suffix, *(one.text for one in found.snippets)]
    assert sum(map(len, texts_in)) <= found.tokens
    kept = keep is not None and found.window.prefix.start == keep.start
    assert found.tokens <= (keep.tokens if keep is not None and kept else tokens)
    assert found.prefix or anchor == 0
    inside = _numbers(found.sources, document.uri)
    assert not inside & _numbers(found.left_out, document.uri)
    assert _numbers(found.left_out, document.uri) <= _filled(document)
    shown = set(range(document.line_of(anchor), document.line_of(offset) + 1))
    assert inside | shown | _numbers(found.left_out, document.uri) >= _filled(document)


def test_snippets_get_what_a_short_document_leaves():
    document = _document("import x\n\ndef f():\n    return x.")
    end = len(document.text)
    names = [f"helper_{n}(argument_{n})" for n in range(80)]
    texts = [f"def {name}:\n    return compute_all_of_it({name})\n" * 3 for name in names]
    counts = TokenCounts()
    assert sum(map(counts.count, texts)) > 4500

    chosen = []
    for typed in range(12):
        found = select_completion(
            document,
            Span(end, end),
            tokens=4000 - typed,
            count=counts.count,
            takes_suffix=True,
            candidates=_candidates(texts),
        )
        assert 3600 < found.tokens <= 4000 - typed
        chosen.append(found.snippets)
    assert len(set(chosen)) <= 2, "the choice changes with the keys"


def test_a_copy_of_the_document_is_no_snippet():
    document = _document("def total(x):\n    y = x + 1\n    return y\n")
    copies = _candidates([document.text, document.text])
    found = select_completion(
        document, Span(20, 20), tokens=1000, count=len, takes_suffix=True, candidates=copies
    )
    assert found.snippets == ()
    assert [left.uri for left in found.left_out] == [copy.uri for copy in copies]


@pytest.mark.parametrize(("line", "before", "after"), [(0, 0, 20), (50, 10, 10), (95, 16, 4), (99, 20, 0)])
def test_around_a_selection_the_room_that_one_side_does_not_need_goes_to_the_other(line, before, after):
    document = _document("".join(f"line {number:4}\n" for number in range(100)))
    found = select_around(
        document, document.line_span(line), tokens=9 + 20 * 10, count=len, candidates=(), beyond="no room"
    )
    assert (found.prefix.count("\n"), found.suffix.count("\n")) == (before, after)
    left = _numbers(found.left_out, document.uri)
    assert left == set(range(100)) - set(range(line - before, line + after + 1))


def _numbers(parts, uri: str) -> set[int]:
    return {line for part in parts if part.uri == uri for line in range(part.first_line, part.last_line + 1)}


def _filled(document: Document) -> set[int]:
    return {line for line in range(document.line_count) if document.line_span_with_end(line)}

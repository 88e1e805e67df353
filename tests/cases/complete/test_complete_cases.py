"""Every case file, with the answer as a whole and as a stream."""

from pathlib import Path

import pytest

from homebody.backend.base import Piece
from homebody.postprocess.ghost.finish import Finished, StopChecker, finish
from homebody.postprocess.ghost.unit import lines_wanted
from homebody.syntax.cursor import CursorContext, cursor_context
from homebody.syntax.tree import Tree, parse
from homebody.text import Document
from support.completion_cases import Case, cases_in

CASES = list(cases_in(Path(__file__).parent))


def document_of(case: Case) -> Document:
    """The case's document, as an editor opens it."""
    return Document.create("file:///case", case.language, 1, case.before + case.after)


def cursor_of(case: Case) -> CursorContext:
    document = document_of(case)
    return cursor_context(document, parse(document), len(case.before))


def suggestion(case: Case, cursor: CursorContext, answer: str, *, cut: bool) -> str:
    """The document with the suggestion marked, or the reason why there is none."""
    document = document_of(case)
    offset = len(case.before)
    found = finish(
        document,
        offset,
        answer,
        cursor,
        pieces=case.pieces,
        cut_by_length=cut,
        wanted=lines_wanted(cursor, case.options.get("multiline", "auto")),
        min_confidence=float(case.options.get("min_confidence", "0")),
    )
    if isinstance(found, str):
        return f"nothing: {found}"
    assert isinstance(found, Finished)
    assert "\n" not in document.slice(found.span)
    assert found.span.start == offset
    shown = f"{case.before}⟦{found.text}⟧{document.text[found.span.end :]}"
    assert case.newline == "\n" or shown.count("\n") == shown.count("\r\n")
    return shown.replace("\r\n", "\n")


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_answer_becomes_what_the_case_expects(case):
    assert case.expected == suggestion(case, cursor_of(case), case.answer, cut=case.cut)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_result_is_the_same_without_a_tree(case):
    """The rules must not need a tree: while the user types, it is often one keystroke behind or broken."""
    document = document_of(case)
    cursor = cursor_context(document, Tree.blank(document), len(case.before))
    assert case.expected == suggestion(case, cursor, case.answer, cut=case.cut)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
@pytest.mark.parametrize("size", [1, 5])
def test_a_stream_that_is_closed_early_shows_the_same(case, size):
    """Closing the stream early only saves text that would have been dropped."""
    cursor = cursor_of(case)
    checker = StopChecker(cursor, wanted=lines_wanted(cursor, case.options.get("multiline", "auto")))
    seen, reason = "", None
    while reason is None and len(seen) < len(case.answer):
        piece = case.answer[len(seen) : len(seen) + size]
        seen, reason = seen + piece, checker.feed(Piece(piece))
    assert case.expected == suggestion(case, cursor, seen, cut=case.cut and reason is None)

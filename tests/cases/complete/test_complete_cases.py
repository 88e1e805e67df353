"""Every case file, read whole and as a stream."""

from pathlib import Path

import pytest

from homebody.postprocess import Dropped, Finished, StopChecker, finish, lines_wanted, situation_at
from homebody.text import Document
from support.completion_cases import Case, cases_in

CASES = list(cases_in(Path(__file__).parent))


def suggestion(case: Case, answer: str, *, cut: bool) -> str:
    """The document with the suggestion marked, or the reason why there is none."""
    document = Document.create("file:///case", case.language, 1, case.before + case.after)
    offset = len(case.before)
    found = finish(
        document,
        offset,
        answer,
        situation_at(document, offset),
        pieces=case.pieces,
        cut_by_length=cut,
        multiline=case.options.get("multiline", "auto"),
        max_lines=int(case.options.get("max_lines", "16")),
        min_confidence=float(case.options.get("min_confidence", "0")),
    )
    if isinstance(found, Dropped):
        return f"nothing: {found.reason}"
    assert isinstance(found, Finished)
    assert "\n" not in document.slice(found.span)
    assert found.span.start == offset
    shown = f"{case.before}⟦{found.text}⟧{document.text[found.span.end :]}"
    assert case.newline == "\n" or shown.count("\n") == shown.count("\r\n")
    return shown.replace("\r\n", "\n")


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_answer_becomes_what_the_case_expects(case):
    """The rule that the file names is followed."""
    assert case.expected == suggestion(case, case.answer, cut=case.cut)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
@pytest.mark.parametrize("size", [1, 5])
def test_a_stream_that_is_closed_early_shows_the_same(case, size):
    """What the checker saves is what would have been dropped."""
    document = Document.create("file:///case", case.language, 1, case.before + case.after)
    situation = situation_at(document, len(case.before))
    wanted = lines_wanted(situation, case.options.get("multiline", "auto"))
    checker = StopChecker(situation, wanted=wanted, max_lines=int(case.options.get("max_lines", "16")))
    stopped = False
    for start in range(0, len(case.answer), size):
        if stopped := checker.feed(case.answer[start : start + size]).stop:
            break
    assert case.expected == suggestion(case, checker.answer, cut=case.cut and not stopped)


def test_there_are_enough_cases_over_enough_languages():
    """150 cases, ten languages, no name twice."""
    assert len({case.name for case in CASES}) == len(CASES) >= 150
    assert len({case.language for case in CASES}) >= 10

"""The stream is closed as soon as nothing more of it would be shown."""

import pytest

from homebody.backend.base import Piece
from homebody.postprocess.ghost.finish import StopChecker, finish
from homebody.postprocess.ghost.unit import lines_wanted
from homebody.syntax.cursor import cursor_context
from homebody.syntax.tree import parse
from homebody.text import Document
from support.calls import calls

NUMBERS = ", ".join(map(str, range(300)))


def checker(marked: str, language: str = "python") -> StopChecker:
    before, _, after = marked.partition("█")
    document = Document.create("file:///a", language, 1, before + after)
    cursor = cursor_context(document, parse(document), len(before))
    return StopChecker(cursor, wanted=lines_wanted(cursor))


def fed(marked: str, answer: str, language: str = "python") -> tuple[str, str | None]:
    check = checker(marked, language)
    for end, character in enumerate(answer, 1):
        if reason := check.feed(Piece(character)):
            return answer[:end], reason
    return answer, None


@pytest.mark.parametrize(
    ("marked", "answer", "needed", "reason"),
    [
        ("x = █\n", "1\ny = 2", "1\n", "line"),
        ("def f():█\n", "\n    return 1\nx = 2", "\n    return 1\nx ", "scope"),
        ("def f():\n    █\n", "a()\n\n    b()", "a()\n\n", "unit"),
        ("if x:\n    █\n    end()\n", "a()\n    end()\n", "a()\n    end()\n", "suffix"),
        ("█\n", "foo()\nfoo()\nfoo()\nbar()", "foo()\nfoo()\nfoo()\n", "repetition"),
        ("x = █\n", "1<|im_end|> more", "1<|im_end|>", "noise"),
        ("x = █\n", NUMBERS, NUMBERS[:500], "length"),
    ],
)
def test_it_stops_with_the_reason(marked, answer, needed, reason):
    seen, why = fed(marked, answer)
    assert (needed, reason) == (seen, why)


@pytest.mark.parametrize("shape", ["{\n", "case x:\n", "(", "x = 1\n", "\\\n", "a", " \n", "name(1)\n    "])
def test_ten_times_the_piece_is_not_ten_times_the_work(shape: str):
    """A broken server may send any number of lines at once; only those that may be shown are examined."""

    def complete(size: int) -> None:
        answer = shape * (size // len(shape))
        document = Document.create("file:///a", "python", 1, "x = 1\ny = \n")
        cursor = cursor_context(document, parse(document), 10)
        StopChecker(cursor, wanted="block").feed(Piece(answer))
        finish(document, 10, answer, cursor, wanted="block")

    complete(10_000)
    assert calls(lambda: complete(100_000)) <= 1.1 * calls(lambda: complete(10_000))

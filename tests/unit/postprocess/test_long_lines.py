"""The work at a cursor does not grow with the length of its line."""

import pytest

from homebody.backend.base import Piece
from homebody.postprocess.ghost.finish import StopChecker, finish
from homebody.syntax.cursor import cursor_context
from homebody.syntax.tree import Tree
from homebody.text import Document
from support.calls import calls

SHAPES = (
    *("var a=b(c,{d:1,e:[2,3]});", "9f3a", "lorem ipsum ", " ", "\t", "(", "([{", ")", ")]}", '"a", ', "'"),
    *("`", "\\", "/* ", "/* a */ ", "#", "<a", "<p>a</p>", ":", "return lambda ", "😀"),
)
LANGUAGES = ("javascript", "yaml")
ANSWERS = ("a);\n", ")" * 40 + "\n", "9f3a\n", " value(1, [2, 3])\n    return 1\n")


def documents(shape: str, language: str, size: int):
    line = (shape * (size // len(shape) + 1))[:size]
    document = Document.create("file:///a", language, 1, f"x = 1\nf(a{line}\ny = 2\n")
    return [(document, offset) for offset in (9, 9 + size // 2, 9 + size)]


def complete(document: Document, offset: int) -> None:
    cursor = cursor_context(document, Tree.blank(document), offset)
    for answer in ANSWERS:
        checker = StopChecker(cursor, wanted="block")
        for at in range(0, len(answer), 8):
            checker.feed(Piece(answer[at : at + 8]))
        finish(document, offset, answer, cursor)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("shape", SHAPES)
def test_ten_times_the_line_is_not_ten_times_the_work(shape, language):
    """Whatever the line holds: 10,000 characters before the cursor are all scanned, then 40,000 at most."""
    for short, long in zip(
        documents(shape, language, 20_000), documents(shape, language, 200_000), strict=True
    ):
        complete(*short)
        few = calls(lambda: complete(*short))  # noqa: B023 - called at once
        assert calls(lambda: complete(*long)) <= 4.5 * few  # noqa: B023 - called at once

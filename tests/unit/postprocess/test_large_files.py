"""The checks of an edit of one function hardly depend on the size of its file."""

import pytest

from homebody.postprocess.edit.common_checks import common_refusal
from homebody.postprocess.edit.edited import Edited, edited
from homebody.postprocess.edit.guards import refused_by
from homebody.postprocess.edit.resolved import undefined_names
from homebody.syntax.tree import parse
from homebody.text import Document, Span, TextEdit
from support.calls import calls

FUNCTION = '''
class Stock{0}:
    size: int

    def area{0}(self, width: int) -> str:
        """Return the text."""
        # Twice as large.
        if width > 3:
            raise ValueError(f"too wide: {{width}}")
        return str([width * 2 for _ in range(self.size)])
'''


def an_edit(functions: int, *, whole: bool) -> Edited:
    """Add a blank line to the last of so many functions; the last one, or all, were to be rewritten."""
    text = "import os\n" + "".join(FUNCTION.format(number) for number in range(functions))
    document = Document.create("file:///a.py", "python", 1, text)
    start = 0 if whole else text.rindex("class ")
    end = len(text)
    return edited(document, parse(document), Span(start, end), [TextEdit(Span(end, end), "\n")])


@pytest.mark.parametrize(
    ("guard", "growth"), [("behaviour", 1.2), ("flow", 1.2), ("documentation", 4), ("rename", 7)]
)
def test_a_guard_does_not_read_the_functions_outside_again(guard, growth):
    """Ten times the file: the tokens of the code are shared, and a function outside is one token."""

    def work(functions: int) -> int:
        edit = an_edit(functions, whole=False)
        assert common_refusal(edit, "") is None
        return calls(lambda: (refused_by(guard, edit), undefined_names(edit, "")))

    work(1)  # compiles the queries

    assert work(200) < growth * work(20)


def test_all_checks_of_a_whole_file_are_linear():
    """Ten times the functions are ten times the work."""

    def work(functions: int) -> int:
        edit = an_edit(functions, whole=True)
        return calls(lambda: (common_refusal(edit, ""), refused_by("behaviour", edit)))

    assert work(200) < 15 * work(20)

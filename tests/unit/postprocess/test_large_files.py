"""The checks of an edit of one function hardly depend on the size of its file."""

import pytest

from homebody.postprocess.edit.edited import edited
from homebody.postprocess.edit.notes import notes_of
from homebody.postprocess.edit.refusals import refusal_of
from homebody.syntax.import_block import WholeFile
from homebody.syntax.tree import Tree, parse
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


def a_file(functions: int) -> tuple[Document, Tree]:
    text = "import os\n" + "".join(FUNCTION.format(number) for number in range(functions))
    document = Document.create("file:///a.py", "python", 1, text)
    return document, parse(document)


def check(document: Document, tree: Tree, start: int, guard: str) -> None:
    end = len(document.text)
    edit = edited(WholeFile(document, tree), Span(start, end), [TextEdit(Span(end, end), "\n")])
    assert not refusal_of(edit, guard)
    assert notes_of(edit) == []


@pytest.mark.parametrize("guard", ["behaviour", "documentation", "types"])
def test_the_checks_of_one_function_do_not_read_the_file(guard):
    def work(functions: int) -> int:
        document, tree = a_file(functions)
        return calls(lambda: check(document, tree, document.text.rindex("class "), guard))

    work(1)  # compiles the queries

    assert work(200) < 2 * work(20)


@pytest.mark.parametrize("guard", ["behaviour", "none"])
def test_the_checks_of_a_rewrite_of_every_function_are_linear(guard):
    def work(functions: int) -> int:
        document, tree = a_file(functions)
        new = document.text.replace("width", "breadth").replace("ValueError(f", "TypeError(f")

        def check() -> None:
            edits = [TextEdit(document.whole, new)]
            edit = edited(WholeFile(document, tree), document.whole, edits)
            assert not refusal_of(edit, guard)
            assert len(notes_of(edit)) > functions

        return calls(check)

    work(1)

    assert work(320) < 4.6 * work(80)


METHOD = "    public function area{0}($width) {{\n        return $width * {0};\n    }}\n\n"


def test_a_method_is_checked_without_the_rest_of_its_large_class_in_php():
    """Its part of the file is parsed between the first and last lines of the class."""

    def sizes(methods: int) -> tuple[int, int]:
        text = "<?php\nclass Stock {\n" + "".join(map(METHOD.format, range(methods))) + "}\n"
        document = Document.create("file:///a.php", "php", 1, text)
        start = text.rindex("    public")
        span = Span(start, text.index("\n", text.index("return", start)) + 6)
        edit = edited(
            WholeFile(document, parse(document)), span, [TextEdit(Span(start, start), "    /** x */\n")]
        )
        assert not refusal_of(edit)
        assert [each.qualified for each in edit.after.own] == [f"Stock.area{methods - 1}"]
        return len(text), len(edit.after.document.text)

    whole, part = sizes(500)
    assert whole > 20_000
    assert part < 200

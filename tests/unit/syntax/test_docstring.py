"""Where the documentation of a definition goes."""

import pytest

from homebody.syntax.docstring import DocstringPlace, docstring_place
from homebody.syntax.language import language_of
from homebody.syntax.tree import Tree, parse
from homebody.text import Document, Span, TextEdit, apply_edits


def documented(language_id: str, text: str, documentation: str, *, without_tree: bool = False) -> str:
    """Write ``documentation`` for the first definition, or say why not."""
    document = Document.create("file:///a", language_id, 0, text)
    tree = Tree.blank(document) if without_tree else parse(document)
    style = language_of(language_id).doc
    assert style is not None
    place = docstring_place(document, tree, Span(0, len(text)), style, "    ")
    if not isinstance(place, DocstringPlace):
        return place
    if document.slice(place.span).strip():
        return apply_edits(text, [TextEdit(place.span, documentation)])
    new = (place.before + documentation + place.after).replace("\n", document.newline)
    return apply_edits(text, [TextEdit(place.span, new)])


@pytest.mark.parametrize("without_tree", [False, True])
def test_a_body_on_the_header_line_moves_down(without_tree):
    expected = 'def f():\n    """Doc."""\n    return 1\n'
    found = documented("python", "def f(): return 1\n", '"""Doc."""', without_tree=without_tree)
    assert found == (expected if not without_tree else "no definition")


def test_python_replaces_the_docstring_that_is_there():
    """An existing docstring is found whole, escaped quotes in it or not."""
    text = 'def f():\n    r"""Old \\""" one.\n\n    More.\n    """\n    return 1\n'
    assert documented("python", text, '"""Doc."""') == 'def f():\n    """Doc."""\n    return 1\n'


@pytest.mark.parametrize("body", ["f'{x}'", "'a' + b", "b'a'"])
def test_a_first_string_that_is_more_than_text_is_left_alone(body):
    """Replacing it would change what the function does."""
    assert documented("python", f"def f():\n    {body}\n", '"""Doc."""') == "not a plain string"


def test_other_languages_document_before_the_definition():
    text = "import a;\n\nexport function f() {\n}\n"
    assert documented("javascript", text, "/** Doc. */") == text.replace("export", "/** Doc. */\nexport")


def test_documentation_stands_above_attributes():
    text = "    #[inline]\n    #[must_use]\n    fn f() {}\n"
    assert documented("rust", text, "/// Doc.") == "    /// Doc.\n" + text


def test_a_plain_comment_stays_and_the_documentation_goes_below_it():
    text = "/* A note. */\nint f(void) {\n}\n"
    assert documented("c", text, "/** New. */") == text.replace("int f", "/** New. */\nint f")


def test_a_comment_that_could_be_documentation_or_not_is_left_alone():
    assert documented("go", "package a\n\n// Old one.\nfunc f() {\n}\n", "// New.") == "comment above"


def test_a_scripts_first_line_is_no_documentation():
    text = "#!/bin/sh\nf() {\n  :\n}\n"
    assert documented("shellscript", text, "# Doc.") == "#!/bin/sh\n# Doc.\nf() {\n  :\n}\n"


@pytest.mark.parametrize("header", ["def f(self):", "def f(self,\n      b):"])
def test_a_function_has_a_place_without_a_tree(header):
    """The docstring goes below the line that ends the header."""
    text = f"{header}\n    return 1\n"
    expected = f'{header}\n    """Doc."""\n    return 1\n'
    assert documented("python", text, '"""Doc."""', without_tree=True) == expected

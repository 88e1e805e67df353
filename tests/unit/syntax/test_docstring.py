"""Where the documentation of a definition goes."""

from homebody.syntax.docstring import docstring_place
from homebody.syntax.scope import definitions, scope_around
from homebody.syntax.tree import Tree, parse
from homebody.text import Document, Span, TextEdit, apply_edits


def documented(language_id: str, text: str, documentation: str, name: str = "f") -> str | None:
    """Write ``documentation`` where it goes; ``None`` where it goes nowhere."""
    document = Document.create("file:///a", language_id, 0, text)
    tree = parse(document)
    one = next(one for one in definitions(document, tree) if one.name == name)
    place = docstring_place(document, tree, one)
    if place is None:
        return None
    if place.existing is not None:
        return apply_edits(text, [TextEdit(place.existing, documentation)])
    new_text = place.before + documentation + place.after
    return apply_edits(text, [TextEdit(Span(place.offset, place.offset), new_text)])


def test_python_documents_inside_the_body():
    """The docstring is the first line of the body, indented as the body is."""
    text = "class A:\n    @cached\n    def f(self):\n        return 1\n"
    expected = 'class A:\n    @cached\n    def f(self):\n        """Doc."""\n        return 1\n'

    assert documented("python", text, '"""Doc."""') == expected


def test_a_body_on_the_header_line_moves_down():
    """A one-line function gets a body of its own lines."""
    expected = 'def f():\n    """Doc."""\n    return 1\n'

    assert documented("python", "def f(): return 1\n", '"""Doc."""').replace(" \n", "\n") == expected


def test_python_replaces_the_docstring_that_is_there():
    """An existing docstring is found whole, escaped quotes in it or not."""
    text = 'def f():\n    r"""Old \\""" one.\n\n    More.\n    """\n    return 1\n'

    assert documented("python", text, '"""Doc."""') == 'def f():\n    """Doc."""\n    return 1\n'


def test_other_languages_document_before_the_definition():
    """The comment stands above the whole definition, ``export`` included."""
    text = "const a = 1;\n\nexport function f() {\n}\n"

    assert documented("javascript", text, "/** Doc. */") == text.replace("export", "/** Doc. */\nexport")


def test_documentation_stands_above_attributes():
    """Rust's attributes belong to the definition that they stand above."""
    text = "mod a {\n    #[inline]\n    #[must_use]\n    fn f() {}\n}\n"
    expected = text.replace("    #[inline]", "    /// Doc.\n    #[inline]")

    assert documented("rust", text, "/// Doc.") == expected


def test_an_existing_comment_is_replaced():
    """The comment lines directly above a definition are its documentation."""
    text = "package a\n\n// Old one.\n// More.\nfunc f() {\n}\n"

    assert documented("go", text, "// f is new.") == "package a\n\n// f is new.\nfunc f() {\n}\n"


def test_a_block_comment_is_replaced_whole():
    """A comment block over several lines is one documentation."""
    text = "/*\n * Old.\n\n * More.\n */\nint f(void) {\n}\n"

    assert documented("c", text, "/** New. */") == "/** New. */\nint f(void) {\n}\n"


def test_a_scripts_first_line_is_no_documentation():
    """The interpreter line stays."""
    text = "#!/bin/sh\nf() {\n  :\n}\n"

    assert documented("shellscript", text, "# Doc.") == "#!/bin/sh\n# Doc.\nf() {\n  :\n}\n"


def test_line_ends_are_the_documents_own():
    """A document with CRLF gets CRLF."""
    text = "def f():\r\n    return 1\r\n"

    assert documented("python", text, '"""Doc."""') == 'def f():\r\n    """Doc."""\r\n    return 1\r\n'


def test_a_function_that_lines_told_has_a_place_too():
    """Without a tree the line behind the header is where the docstring goes."""
    text = "class A:\n    def f(self):\n        return 1\n"
    document = Document.create("file:///a.py", "python", 0, text)
    tree = Tree.blank(document)
    one = scope_around(document, tree, Span(len(text) - 2, len(text) - 2))
    assert one is not None
    place = docstring_place(document, tree, one)
    assert place is not None
    new = place.before + '"""Doc."""' + place.after
    expected = 'class A:\n    def f(self):\n        """Doc."""\n        return 1\n'

    assert apply_edits(text, [TextEdit(Span(place.offset, place.offset), new)]) == expected


def test_languages_without_documentation_say_so():
    """JSON has no place for a docstring."""
    assert documented("json", '{"f": {}}', "doc") is None

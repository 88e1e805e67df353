"""The check that an edit does not empty the body of a function."""

from homebody.postprocess.edit.bodies import emptied_bodies
from homebody.postprocess.edit.edited import edited
from homebody.syntax.tree import parse
from homebody.text import Document, Span, TextEdit


def test_a_body_with_many_comments_takes_no_more_time_than_other_code():
    """Without the comments, its lines are blank; to try each division of the blanks would take hours."""
    code = "function f(x) {\n" + "    // A note.\n" * 500 + "    return x;\n}\n"
    document = Document.create("file:///a.js", "javascript", 1, code)
    end = Span(code.index("x;"), code.index("x;") + 1)
    edit = edited(document, parse(document), Span(0, len(code)), [TextEdit(end, "x + 1")])
    assert emptied_bodies(edit, "Add one.") is None

"""Recently edited and viewed code, as candidates for snippets."""

from homebody.session.edit_history import RecentPlaces
from homebody.text import Document, Span, TextEdit

_LINES = "".join(f"line_{n}\n" for n in range(200))


def _document(name: str) -> Document:
    return Document.create(f"file:///{name}.py", "python", 1, _LINES)


def test_code_becomes_a_candidate_when_the_cursor_leaves_it():
    recent = RecentPlaces()
    one, other, third = map(_document, ("one", "other", "third"))
    recent.viewed(one, 0)
    assert recent.candidates() == []
    recent.edited(other, TextEdit(Span(0, 0), ""))
    recent.viewed(third, 0)
    found = recent.candidates()
    assert [(c.uri, c.why) for c in found] == [
        ("file:///other.py", "edited lately"),
        ("file:///one.py", "viewed recently"),
    ]
    assert found[0].text.startswith("line_0\n")
    assert found[0].last_line == 31

"""What counts as the user's changes, and what does not."""

import pytest

from homebody.session.edit_history import EditHistory
from homebody.text import Document, Span, TextEdit

TEXT = "".join(f"line {number}\n" for number in range(30))


class Editor:
    """One history, with a clock that only the test moves."""

    def __init__(self, *texts: str) -> None:
        self.now = 0.0
        self.history = EditHistory(lambda: self.now)
        self.documents = [
            Document.create(f"file:///{number}.py", "python", 1, text)
            for number, text in enumerate(texts or (TEXT,))
        ]

    def replace(self, start: int, end: int, new: str, which: int = 0, pause: float = 2.0) -> Document:
        return self.replace_all([(start, end, new)], which, pause)

    def replace_all(self, edits: list[tuple[int, int, str]], which: int = 0, pause: float = 2.0) -> Document:
        self.now += pause
        before = after = self.documents[which]
        made = [TextEdit(Span(start, end), new) for start, end, new in edits]
        for edit in made:
            after = after.edited(edit, before.version + 1)
        self.history.edited(before, made, after)
        self.documents[which] = after
        return after

    def write(self, line: int, text: str, which: int = 0) -> Document:
        span = self.documents[which].line_span(line)
        return self.replace(span.start, span.end, text, which)

    def changes(self, which: int = 0) -> list[tuple[int, tuple[str, ...], tuple[str, ...]]]:
        found = self.history.changes(self.documents[which].uri)
        return [(change.line, change.old, change.new) for change in found]

    @property
    def is_typed(self) -> bool:
        """Whether a suggestion may be made now."""
        return self.history.is_typed(self.documents[0])


def test_keystrokes_in_a_line_are_one_change():
    editor = Editor("abc\ndef\n")
    for number, key in enumerate("xyz"):
        editor.replace(3 + number, 3 + number, key, pause=0.1)
    assert editor.changes() == [(0, ("abc",), ("abcxyz",))]
    assert editor.is_typed


def test_lines_to_which_the_user_came_back_also_have_a_change_since_then():
    """As long as nothing else is changed, and whatever is typed around them."""
    editor = Editor("abc\ndef\n")
    editor.write(0, "abc x")
    assert len(editor.history.visits("file:///0.py")) == 1
    editor.write(1, "def y")
    editor.write(0, "abc x z")
    editor.write(0, "abc x zz")
    visits = [(change.old, change.new) for change in editor.history.visits("file:///0.py")]
    whole = [(("abc",), ("abc x zz",)), (("def",), ("def y",))]
    assert [(("abc x",), ("abc x zz",)), *whole] == visits
    assert [(old, new) for _, old, new in editor.changes()] == whole
    editor.write(0, "abc x")
    assert editor.history.visits("file:///0.py") == editor.history.changes("file:///0.py")


def test_later_edits_move_a_change():
    editor = Editor()
    editor.write(20, "new")
    editor.replace(0, 0, "above\nabove\n")
    assert editor.changes() == [(0, (), ("above", "above")), (22, ("line 20",), ("new",))]
    editor.replace(0, 12, "")
    assert (20, ("line 20",), ("new",)) in editor.changes()


def test_a_deleted_typing_error_is_typing():
    editor = Editor("value = compute()\n")
    editor.replace(5, 5, "s", pause=0.2)
    editor.replace(6, 6, "x", pause=0.2)
    editor.replace(6, 7, "", pause=0.2)
    assert editor.is_typed
    assert editor.changes() == [(0, ("value = compute()",), ("values = compute()",))]


def test_old_changes_are_forgotten():
    editor = Editor()
    editor.write(3, "new")
    editor.now += 400
    assert editor.changes() == []


def test_inserted_and_deleted_lines_are_changes():
    editor = Editor("a\nb\nc\n")
    editor.replace(1, 1, "\nnew")
    editor.replace(6, 8, "")
    assert editor.changes() == [(2, ("b",), ()), (1, (), ("new",))]


def test_a_document_that_was_not_followed_begins_anew():
    editor = Editor()
    editor.write(3, "typed")
    editor.documents[0] = Document.create("file:///0.py", "python", 9, TEXT)
    editor.write(4, "typed too")
    assert editor.changes() == [(4, ("line 4",), ("typed too",))]


def test_what_cancels_out_is_no_change():
    editor = Editor("abc\n")
    editor.replace(3, 3, "x")
    editor.replace(3, 4, "")
    assert editor.changes() == []


def test_a_closing_bracket_that_is_typed_over_one_changes_nothing():
    editor = Editor("a\nb\n")
    editor.replace(1, 1, "()")
    editor.replace(2, 3, ")")
    assert editor.is_typed
    editor.replace(1, 3, "")
    assert not editor.is_typed
    editor.replace(0, 1, "a")
    assert not editor.is_typed


def test_undo_and_redo_silence_suggestions():
    editor = Editor()
    editor.write(3, "changed a lot")
    editor.write(3, "line 3")
    assert (editor.changes(), editor.is_typed) == ([], False)
    editor.write(3, "changed a lot")
    assert not editor.is_typed
    editor.write(5, "typed")
    assert editor.is_typed


def test_a_character_that_is_deleted_and_inserted_again_is_no_undo():
    """Neovim does that when a completion menu opens: after words that arrived in one message, too."""
    editor = Editor()
    editor.replace_all([(6, 6, "a"), (7, 7, "b")])
    editor.replace(7, 8, "", pause=0.0)
    editor.replace(7, 7, "b", pause=0.0)
    assert editor.is_typed


@pytest.mark.parametrize(
    "edits",
    [
        [(0, 0, "first "), (150, 150, "another ")],
        [(0, 0, "x\n" * 60)],
        [(0, len(TEXT) * 2, "")],
    ],
    ids=["at two places", "many new lines", "everything deleted"],
)
def test_what_no_person_typed_adds_nothing(edits):
    editor = Editor(TEXT * 3)
    editor.write(25, "typed")
    editor.replace_all(edits)
    assert not editor.is_typed
    assert all(old == ("line 25",) for _, old, _ in editor.changes())


def test_the_same_text_at_several_cursors_is_typed():
    editor = Editor()
    starts = [editor.documents[0].line_starts[line] for line in (20, 10, 0)]
    editor.replace_all([(start, start, "x") for start in starts])
    assert editor.is_typed
    assert len(editor.changes()) == 3


def test_edits_of_several_documents_at_once_are_made_by_a_program():
    editor = Editor(TEXT, TEXT, TEXT)
    for which in range(3):
        editor.replace(0, 4, "renamed", which, pause=0.01)
    assert [change for which in range(3) for change in editor.changes(which)] == []
    assert not editor.is_typed


def test_another_branch_forgets_everything():
    editor = Editor()
    editor.write(3, "typed")
    editor.history.files_changed(["file:///w/.git/HEAD"])
    assert (editor.changes(), editor.is_typed) == ([], False)

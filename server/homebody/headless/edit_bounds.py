"""Check the edits of a feature before they are shown or written.

In: a document and edits for it. Out: the new text, or an error that says why not.
Whether the new text parses is the feature's own check.
"""

from collections.abc import Sequence

from homebody.errors import EditRefused
from homebody.text import Document, TextEdit, apply_edits


def edited_text(document: Document, edits: Sequence[TextEdit]) -> str:
    """Text of ``document`` after ``edits``.

    Raises
    ------
    EditRefused
        They are outside of the text, overlap, or insert characters that a text file cannot contain.

    """
    end = 0
    for edit in sorted(edits, key=lambda edit: edit.span):
        if not end <= edit.span.start <= edit.span.end <= len(document.text):
            message = "The edits do not fit the file, so nothing was written; please report this."
            raise EditRefused(message)
        end = edit.span.end
        if not _is_text(edit.new_text):
            message = (
                "The answer has characters that no text file can contain, so nothing was written; try again."
            )
            raise EditRefused(message)
    return apply_edits(document.text, edits)


def _is_text(text: str) -> bool:
    """Whether a UTF-8 text file can hold the text: no NUL, no half of a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text)

"""Rule: drop an answer with characters that a reader does not see.

In: the text to show. Out: the same text, or the reason why nothing is shown.
"""

from homebody.postprocess.ghost.draft import Draft, DropReason
from homebody.postprocess.invisible import invisible_added


def without_invisible(draft: Draft) -> Draft | DropReason:
    """Drop an answer with an invisible character that the lines around the cursor do not have."""
    cursor = draft.cursor
    lines = (cursor.line_prefix, cursor.line_suffix, *cursor.previous_lines, *cursor.next_lines)
    if draft.text.isascii() and draft.text.isprintable():
        return draft
    return "invisible characters" if invisible_added(draft.text, "\n".join(lines)) else draft

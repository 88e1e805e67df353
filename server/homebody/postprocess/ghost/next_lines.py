"""Rule: remove the last lines of the text if they are the document's next lines.

Compares lines; brackets are handled by ``closers``.
"""

from msgspec import structs

from homebody.postprocess.ghost.draft import Draft, DropReason
from homebody.postprocess.ghost.repeats import answer_lines, is_distinct, normal
from homebody.syntax.cursor import CursorContext


def without_next_lines(draft: Draft) -> Draft | DropReason:
    """Remove the last lines of the text if they are the document's next lines."""
    text = _without_next_lines(draft.text, draft.cursor)
    return structs.replace(draft, text=text) if text.strip() else "repeats next lines"


def begins_next_lines(line: str, cursor: CursorContext) -> bool:
    """Whether the whole ``line`` is the next one of the document, at its indentation."""
    if not cursor.next_lines or not is_distinct(line):
        return False
    return normal(line) == normal(cursor.next_lines[0])


def _without_next_lines(text: str, cursor: CursorContext) -> str:
    """Find the longest end of ``text`` that is the beginning of the next lines."""
    rows, full = answer_lines(text, cursor)
    following = [normal(line) for line in cursor.next_lines[: len(rows)]]
    for size in range(len(following), 0, -1):
        tail = full[len(full) - size :]
        if [normal(line) for line in tail] == following[:size] and any(map(is_distinct, tail)):
            kept = rows[len(rows) - size][0]
            return text[:kept].rstrip() if kept else ""
    return text

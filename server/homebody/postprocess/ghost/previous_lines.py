"""Rule: remove first lines that repeat the lines just above, as models in a loop write them."""

from msgspec import structs

from homebody.postprocess.ghost.draft import Draft, DropReason
from homebody.postprocess.ghost.repeats import answer_lines, is_distinct, normal
from homebody.syntax.cursor import CursorContext


def without_previous_lines(draft: Draft) -> Draft | DropReason:
    """Remove the first lines of the text that repeat the lines above.

    A single line must have several words: short lines are often repeated on purpose.
    """
    text = _without_previous_lines(draft.text, draft.cursor)
    return structs.replace(draft, text=text) if text.strip() else "repeats previous lines"


def _without_previous_lines(text: str, cursor: CursorContext) -> str:
    """Find the longest beginning of ``text`` that is the end of the lines above."""
    rows, full = answer_lines(text, cursor)
    lines = cursor.previous_lines
    if rows and text[: rows[0][0]].count("\n"):
        lines = (*lines, cursor.line_prefix)
    above = [normal(line) for line in lines if line.strip()]
    for size in range(min(len(rows), len(above)), 0, -1):
        head = full[:size]
        if [normal(line) for line in head] != above[-size:]:
            continue
        if sum(map(is_distinct, head)) < 2 and len(" ".join(head).split()) < 2:
            continue
        return text[rows[size][0] :].lstrip(" \t") if size < len(rows) else ""
    return text

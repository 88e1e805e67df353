"""Rule: drop an answer that closes a block at the body's indentation."""

from homebody.postprocess.ghost.draft import Draft, DropReason
from homebody.syntax.cursor import CursorContext
from homebody.syntax.scanner import code_of


def without_misplaced_closer(draft: Draft) -> Draft | DropReason:
    """Drop an answer that closes a block, or begins its other branch, at the body's indentation."""
    return "closes too far in" if _closes_too_far_in(draft.text, draft.cursor) else draft


def _closes_too_far_in(text: str, cursor: CursorContext) -> bool:
    """Whether the answer closes a block, or begins its other branch, at the body's indentation.

    The text before the cursor cannot be moved, so such an answer would be misaligned: ``}`` under the
    last statement, ``else`` within the branch before it.
    """
    language, above = cursor.language, cursor.above
    own = text.split("\n", 1)[0].strip()
    here = cursor.width(cursor.line_prefix)
    closes, goes_on = language.closer.match(own), language.continuation.match(own)
    if not cursor.fresh_statement or not here or not (closes or goes_on):
        return False
    if here != cursor.width(above):
        return here > cursor.width(above)
    if goes_on and not closes:
        return not language.closer.match(above.strip())
    return not language.opener.search(code_of(above, language).rstrip())

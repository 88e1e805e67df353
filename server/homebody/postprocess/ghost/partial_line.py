"""Rule: remove the unfinished last line of an answer that was cut at the token limit."""

from collections.abc import Sequence

from msgspec import structs

from homebody.postprocess.ghost.draft import Draft
from homebody.syntax.cursor import CursorContext
from homebody.syntax.scanner import State, code_of, scan


def without_partial_line(draft: Draft) -> Draft:
    """Remove the last line and the lines that it would have continued, unless nothing would be left."""
    if not draft.cut_by_length or not draft.is_whole or draft.text.endswith("\n"):
        return draft
    kept = lines = draft.text.split("\n")[:-1]
    while kept and not _may_end(kept, draft.cursor):
        kept = kept[:-1]
    if not "".join(kept).strip():
        kept = lines
    return structs.replace(draft, text="\n".join(kept)) if "".join(kept).strip() else draft


def _may_end(lines: Sequence[str], cursor: CursorContext) -> bool:
    """Whether a statement may end with the last of ``lines``: no open bracket or string, no operator."""
    state = scan("\n".join(lines), cursor.language, State(region=cursor.state.region))
    code = code_of(lines[-1], cursor.language).rstrip()
    ends = not code.endswith(
        (",", "\\", "=", "&&", "||", "+", "-", "*", ".", " and", " or", " not", "?", "->")
    )
    values = ")]}" if cursor.language.braces_are_values else ")]"
    return ends and state.region is None and state.due[-1:] not in tuple(values)

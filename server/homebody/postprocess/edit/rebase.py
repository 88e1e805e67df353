"""Move edits made for an earlier version of a text to its current version."""

from collections.abc import Sequence

from homebody.postprocess.edit.hunks import hunks
from homebody.text import Span, TextEdit


def rebased(edits: Sequence[TextEdit], target: Span, old: str, new: str) -> tuple[TextEdit, ...] | None:
    """Move ``edits`` to the offsets of their text in ``new``.

    ``None`` if ``target`` or a replaced span differs between the two texts.
    """
    if old == new:
        return tuple(edits)
    changes = hunks(old, new)
    if _shift(changes, target) is None:
        return None
    moved: list[TextEdit] = []
    for edit in edits:
        shift = _shift(changes, target if target.covers(edit.span) else edit.span)
        if shift is None:
            return None
        moved.append(TextEdit(Span(edit.span.start + shift, edit.span.end + shift), edit.new_text))
    return tuple(moved)


def _shift(changes: Sequence[TextEdit], span: Span) -> int | None:
    """By how much the changes before ``span`` move it; ``None`` if one changes ``span`` itself."""
    shift = 0
    for change in changes:
        if _is_after(change, span.end):
            break
        if not _is_before(change, span.start):
            return None
        shift += len(change.new_text) - len(change.span)
    return shift


def _is_before(change: TextEdit, start: int) -> bool:
    """Whether a change ends before the line that begins at ``start``."""
    if change.span.end < start:
        return True
    return change.span.end == start and change.new_text.endswith(("\n", "\r"))


def _is_after(change: TextEdit, end: int) -> bool:
    """Whether a change begins after the line that ends at ``end``."""
    if change.span.start > end:
        return True
    return change.span.start == end and change.new_text.startswith(("\n", "\r"))

"""Move edits made for an earlier version of a text to its current version, or merge the text with them."""

from collections.abc import Sequence

from homebody.postprocess.edit.hunks import hunks
from homebody.postprocess.lines import LineChange, line_changes, split_lines
from homebody.text import Document, Span, TextEdit

EDITED_MEANWHILE = (
    "The lines that this change replaces were edited meanwhile, so nothing was changed; "
    "take over by hand what you want, or discard it and run it again."
)


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


def merged(before: str, after: str, now: Document) -> str | None:
    """Change the lines of ``now`` that differ between ``before`` and ``after``; returns the whole text.

    A change that ``now`` has already is not made twice. ``None`` if a line that the change replaces was
    edited in ``now``, or if other lines were added where the change adds some.
    """
    base, wanted = ([line for line, _ in _lines(text)] for text in (before, after))
    lines = _lines(now.text)
    current = [line for line, _ in lines]
    edited = list(line_changes(base, current))
    for change in reversed(list(line_changes(base, wanted))):
        new = wanted[change.new_start : change.new_end]
        touched = [other for other in edited if _touch(change, other)]
        if touched:
            (first, *_) = touched
            if first[:2] == change[:2] and current[first.new_start : first.new_end] == new:
                continue
            return None
        shift = sum(
            other.new_end - other.new_start - (other.old_end - other.old_start)
            for other in edited
            if other.old_end <= change.old_start
        )
        lines[change.old_start + shift : change.old_end + shift] = [(line, now.newline) for line in new]
    return "".join(line + (end or now.newline) for line, end in lines[:-1]) + "".join(
        line for line, _ in lines[-1:]
    )


def _lines(text: str) -> list[tuple[str, str]]:
    """Lines and their ends, the last one without an end: empty if the text ends with one."""
    lines = split_lines(text)
    return [*lines, ("", "")] if not lines or lines[-1][1] else lines


def _touch(change: LineChange, other: LineChange) -> bool:
    """Whether both replace a line, or add lines at one place."""
    apart = change.old_end <= other.old_start or other.old_end <= change.old_start
    return not apart or change[:2] == other[:2]


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

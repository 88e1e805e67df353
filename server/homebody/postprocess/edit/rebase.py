"""Merge a change that was made for an earlier version of a text into its current version, by lines."""

from collections.abc import Sequence

from homebody.postprocess.edit.hunks import hunks
from homebody.postprocess.lines import LineChange, line_changes, split_lines
from homebody.text import Document, Span, TextEdit, apply_edits

EDITED_MEANWHILE = (
    "The lines that this change replaces were edited meanwhile, so nothing was changed; "
    "take over by hand what you want, or discard it and run it again."
)


def rebased(edits: Sequence[TextEdit], target: Span, old: str, now: Document) -> list[TextEdit] | None:
    """Return the edits of ``now`` that make the same change as ``edits`` of ``old``, merged by lines.

    ``None`` if a line of ``target`` was edited, or one that the edits replace.
    """
    without = apply_edits(old, [TextEdit(target, "\0")])
    if merged(old, without, now) is None:
        return None
    text = merged(old, apply_edits(old, edits), now)
    return None if text is None else hunks(now.text, text)


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

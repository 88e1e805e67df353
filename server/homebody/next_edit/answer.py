"""From a model's answer to one edit: what has to be true of it, and which part of it is shown first."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from homebody.next_edit.changes import NextEdit, packed
from homebody.next_edit.prompt import blocks_of
from homebody.next_edit.window import EditWindow, NextEditFormat
from homebody.postprocess.lines import LineChange, line_changes
from homebody.postprocess.noise import invisible_added

Dropped: TypeAlias = Literal[
    "cut off",
    "a marker",
    "no end mark",
    "no change",
    "white space only",
    "an earlier state",
    "deletes too much",
    "too long",
    "above the cursor only",
    "rewrites both sides",
    "invisible characters",
]
"""Why an answer is not shown."""

_MOST_MORE_LINES = 20
_REWRITTEN_LINES = 5
_SAME_LINES = 3
"""So many lines as in the window, after a change, mean that the rest is as it was."""

_REGION = re.compile(r"\s*<\|marker_(\d+)\|>(.*)<\|marker_(\d+)\|>\s*", re.DOTALL)
_INNER = re.compile(r"<\|marker_\d+\|>")
_CURSORS = re.compile(r"<\|(?:user_)?cursor\|>")
_UNCHANGED = ("NO_EDITS", "KEEP_PREVIOUS")
"""What Zeta 2 writes, without being trained to, instead of the region."""


def edit_from(
    layout: NextEditFormat, window: EditWindow, answer: str, *, is_whole: bool
) -> NextEdit | Dropped:
    """Return the part of the answer that is nearest to the cursor, or why there is none.

    ``is_whole`` is false for an answer that was ended by its length.
    """
    if not is_whole:
        return "cut off"
    result = _rewritten(layout, window, answer)
    if isinstance(result, str):
        return result
    old, new = window.lines, result
    changes = list(line_changes(old, new))
    rewritten = _Result(layout, window, old, new, changes)
    for reason, applies in _CHECKS:
        if applies(rewritten):
            return reason
    first, end, new_first, new_end = _nearest(window, changes)
    return NextEdit(
        window.document.uri,
        window.first + first,
        tuple(old[first:end]),
        tuple(new[new_first:new_end]),
        "model",
    )


def whole_answer(layout: NextEditFormat, window: EditWindow, answer: str) -> str | None:
    """Return the whole answer once it is known, so that the model can be stopped; otherwise ``None``.

    That is when its end has come, or when the rest is what the window has anyway.
    """
    if layout.end is not None:
        return answer if layout.end in answer else None
    if not layout.is_windows or not answer.endswith("\n"):
        return None
    given = _given(layout, window)
    result = rejoined(window, given + (answer.lstrip("\n") if given else answer))
    return None if result is None else result.removeprefix(given)


def rejoined(window: EditWindow, written: str) -> str | None:
    """Return the whole result, once the text written so far has changed the window and continues as it did.

    ``None`` while the model has to go on; ``written`` includes what it was given to begin with.
    """
    lines = written.split("\n")[:-1]
    old = window.lines
    if len(lines) < _SAME_LINES or lines == old[: len(lines)]:
        return None
    tail = lines[-_SAME_LINES:]
    places = [at for at in range(len(old) - _SAME_LINES + 1) if old[at : at + _SAME_LINES] == tail]
    if len(places) != 1 or not any(line.strip() for line in tail):
        return None
    return "\n".join([*lines, *old[places[0] + _SAME_LINES :]])


def _rewritten(layout: NextEditFormat, window: EditWindow, answer: str) -> list[str] | Dropped:
    if layout.layout == "blocks":
        return _from_blocks(layout, window, answer)
    if layout.end is not None:
        answer, end, _ = answer.partition(layout.end)
        if any(words in answer for words in _UNCHANGED):
            return "no change"
        if not end:
            return "no end mark"
    if layout.is_windows and answer.startswith("<|"):
        return "a marker"
    given = _given(layout, window)
    text = given + (answer.lstrip("\n") if given else answer)
    text = _CURSORS.sub("", text).replace("\n\\ No newline at end of file", "")
    if any(mark in text for mark in (*layout.markers, *layout.refused)):
        return "a marker"
    return text.removesuffix("\n").split("\n")


def _given(layout: NextEditFormat, window: EditWindow) -> str:
    """Return the beginning of the answer, which the prompt has already."""
    return window.prefill if layout.layout == "numbered windows" else ""


def _from_blocks(layout: NextEditFormat, window: EditWindow, answer: str) -> list[str] | Dropped:
    found = _REGION.fullmatch(answer)
    if found is None:
        return "no end mark"
    first, last = int(found[1]), int(found[3])
    blocks = blocks_of(window.lines)
    if first == last:
        return "no change"
    if not 1 <= first < last <= len(blocks) + 1:
        return "no end mark"
    text = _CURSORS.sub("", _INNER.sub("", found[2]))
    if any(marker in text for marker in layout.markers):
        return "a marker"
    lines, end = window.lines, blocks[last - 2][1]
    if end < len(lines) or window.end < window.document.line_count:
        text = text.removesuffix("\n")
    inner = text.split("\n") if found[2] else []
    return [*lines[: blocks[first - 1][0]], *inner, *lines[end:]]


@dataclass(frozen=True, slots=True)
class _Result:
    """The window before and after an answer."""

    layout: NextEditFormat
    window: EditWindow
    old: Sequence[str]
    new: Sequence[str]
    changes: Sequence[LineChange]

    @property
    def added(self) -> int:
        return sum(change.new_end - change.new_start for change in self.changes)

    @property
    def deleted(self) -> int:
        return sum(change.old_end - change.old_start for change in self.changes)

    @property
    def is_above_only(self) -> bool:
        cursor = self.window.cursor_line - self.window.first
        return all(c.old_start == c.old_end <= cursor for c in self.changes)

    @property
    def is_rewritten(self) -> bool:
        return self.window.is_changed_above and min(self.added, self.deleted) > _REWRITTEN_LINES


_CHECKS: tuple[tuple[Dropped, Callable[[_Result], bool]], ...] = (
    ("no change", lambda result: not result.changes),
    ("white space only", lambda result: packed(result.old) == packed(result.new)),
    ("an earlier state", lambda result: list(result.new) in result.window.earlier),
    ("deletes too much", lambda result: 2 * (result.deleted - result.added) > len(result.old)),
    ("too long", lambda result: len(result.new) > len(result.old) + _MOST_MORE_LINES),
    ("above the cursor only", lambda result: result.layout.is_windows and result.is_above_only),
    ("rewrites both sides", lambda result: result.layout.is_windows and result.is_rewritten),
    (
        "invisible characters",
        lambda result: invisible_added("\n".join(result.new), "\n".join(result.old)) is not None,
    ),
)
"""Reasons against a result, in the order in which they are looked for."""


def _nearest(window: EditWindow, changes: Sequence[LineChange]) -> LineChange:
    """Return the group of changes nearest to the cursor; changes one line apart belong together."""
    groups: list[LineChange] = []
    for change in changes:
        if groups and change.old_start - groups[-1].old_end <= 1:
            first = groups.pop()
            groups.append(LineChange(first.old_start, change.old_end, first.new_start, change.new_end))
        else:
            groups.append(change)
    cursor = window.cursor_line - window.first
    return min(groups, key=lambda group: max(group.old_start - cursor, cursor - group.old_end + 1, 0))

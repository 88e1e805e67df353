"""Prompts of models that suggest next edits, byte for byte as the models were trained.

Between two markers is one text, so that its tokens are those of the training. A line ends with a line feed,
whatever the document's line ends.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import SequenceMatcher

from homebody.backend.base import Marker, Part, Prompt, Text
from homebody.next_edit.changes import ChangedLines
from homebody.next_edit.window import EditWindow, NextEditFormat
from homebody.text import Document

_WHOLE_LINES = 300
_GRID_LINES = 150
"""A longer file is shown in part, from a multiple of these lines on, so that its beginning stays cached."""

_MOST_AVERAGE = 240
_MOST_LINES = 50_000
_MOST_LINE = 1_000
_MOST_CHANGED_LINES = 40
"""A longer change is left out of the prompts of Sweep v1."""

_AROUND_BYTES = 450
"""Text before and after the region of Zeta: 150 tokens, of three bytes each."""

_MIN_BLOCK, _MAX_BLOCK, _LOOK_AHEAD = 6, 16, 5
_ENDS = frozenset({"break", "continue", "return", "throw", "end"})
_CONTEXT = 3


def prompt_for(layout: NextEditFormat, window: EditWindow, path: str) -> Prompt | None:
    """Lay out the prompt; ``None`` for a document that the format cannot hold."""
    document = window.document
    changed = (line for change in window.changes for line in (*change.old, *change.new))
    shown = (document.text, path, *changed)
    average = len(document.text) / document.line_count
    if document.line_count > _MOST_LINES or average > _MOST_AVERAGE:
        return None
    if any(mark in text for mark in (*layout.markers, *layout.refused) for text in shown):
        return None
    if any(len(line) > _MOST_LINE for line in window.lines):
        return None
    text = _LAYOUTS[layout.layout](window, path)
    pattern = "|".join(re.escape(marker) for marker in layout.markers)
    parts: list[Part] = []
    at = 0
    for found in re.finditer(rf"(?:{pattern})(?:\d+\|>)?", text):
        if found.start() > at:
            parts.append(Text(text[at : found.start()], (document.uri,)))
        parts.append(Marker(found.group()))
        at = found.end()
    if at < len(text):
        parts.append(Text(text[at:], (document.uri,)))
    return Prompt(tuple(parts), stop=layout.stop)


def _windows(window: EditWindow, path: str) -> str:
    """Sweep v1: the changes, the window before the newest one, and the window now."""
    changes = [change for change in window.changes if len(change.new) <= _MOST_CHANGED_LINES]
    return "\n".join(
        [
            *(f"<|file_sep|>{path}.diff\n{_change(window.document, change)}" for change in reversed(changes)),
            f"<|file_sep|>original/{path}",
            *next(iter(window.earlier), window.lines),
            f"<|file_sep|>current/{path}",
            *window.lines,
            f"<|file_sep|>updated/{path}\n",
        ]
    )


def _numbered_windows(window: EditWindow, path: str) -> str:
    """Sweep v2: the file before the changes, the changes, and three windows, with line numbers.

    The first window is without the newest changes, as far as these lie in it.
    """
    where = f"{path}:{window.first + 1}:{window.end}"
    return "\n".join(
        [
            f"<|file_sep|>{path}",
            *_initial_file(window),
            *(
                f"{_numbered(window.document, change, path)}\n{_change(window.document, change)}"
                for change in reversed(window.changes)
            ),
            f"<|file_sep|>original/{where}",
            *(window.earlier or [window.lines])[-1],
            f"<|file_sep|>current/{where}",
            *window.with_cursor("<|cursor|>"),
            f"<|file_sep|>updated/{where}",
            window.prefill,
        ]
    )


def _initial_file(window: EditWindow) -> list[str]:
    """Lines of the file before the changes; of a long one, those around the window."""
    document = window.document
    lines = document.lines_in(document.whole)
    for change in sorted(window.changes, key=lambda change: change.line, reverse=True):
        lines[change.line : change.end] = change.old
    if len(lines) <= _WHOLE_LINES:
        return lines
    if not lines[-1]:
        lines.pop()
    # Its middle is as near to the cursor as the grid allows.
    start = max(0, round(window.cursor_line / _GRID_LINES) - 1) * _GRID_LINES
    return lines[start : start + _WHOLE_LINES]


def _change(document: Document, change: ChangedLines) -> str:
    """Lay out a change with one line around it, without empty lines at the ends."""
    above = [document.line_text(change.line - 1)] if change.line else []
    below = [document.line_text(change.end)] if change.end < document.line_count else []
    old, new = ("\n".join([*above, *lines, *below]).strip("\n") for lines in (change.old, change.new))
    return f"original:\n{old}\nupdated:\n{new}"


def _numbered(document: Document, change: ChangedLines, path: str) -> str:
    """Name the lines of a change, with one line around it."""
    return f"<|file_sep|>{path}:{max(change.line, 1)}:{min(change.end + 1, document.line_count)}"


def _merge(window: EditWindow, path: str) -> str:
    """Zeta 2: the region as one side of a merge conflict, of which the model writes the other."""
    region = "\n".join(window.with_cursor("<|user_cursor|>"))
    newline = "" if region.endswith("\n") else "\n"
    return _around(window, path, f"<<<<<<< CURRENT\n{region}{newline}=======")


def _blocks(window: EditWindow, path: str) -> str:
    """Zeta 2.1: the region in numbered blocks."""
    shown = window.with_cursor("<|user_cursor|>")
    blocks = blocks_of(window.lines)
    region = "".join(
        f"<|marker_{number}|>" + "".join(line + "\n" for line in shown[start:end])
        for number, (start, end) in enumerate(blocks, start=1)
    )
    if window.end == window.document.line_count:
        region = region.removesuffix("\n")
    return _around(window, path, f"{region}<|marker_{len(blocks) + 1}|>")


def _around(window: EditWindow, path: str, region: str) -> str:
    """Zeta: the text after the region, the changes, the text before it, and the region."""
    document = window.document
    text_after = _end_of(document, window.end)
    history = "".join(_diff(document, change, path) for change in reversed(window.changes))
    return (
        f"<[fim-suffix]>{text_after}" + ("" if text_after.endswith("\n") else "\n") + "<[fim-prefix]>"
        f"<filename>edit_history\n{history}\n"
        f"<filename>{path}\n{_start_of(document, window.first)}{region}\n<[fim-middle]>"
    )


def blocks_of(lines: Sequence[str]) -> list[tuple[int, int]]:
    """Split a region: after a blank line and six lines, at sixteen at the latest.

    A block begins with code, and not with the end of something, if there is such a line among the next five.
    """
    cuts = [0]
    for line in range(1, len(lines)):
        size = line - cuts[-1]
        near = range(line, min(line + _LOOK_AHEAD, len(lines)))
        cut = next((at for at in near if _begins_block(lines[at].strip())), line)
        is_after_blank = bool(lines[line].strip()) and not lines[line - 1].strip()
        is_wanted = is_after_blank and size >= _MIN_BLOCK and len(lines) - cut >= _MIN_BLOCK
        if is_wanted or size >= _MAX_BLOCK:
            cuts.append(cut)
    return list(zip(cuts, [*cuts[1:], len(lines)], strict=True))


def _begins_block(text: str) -> bool:
    return bool(text) and text[0] not in "}])" and text.rstrip(";") not in _ENDS


def _diff(document: Document, change: ChangedLines, path: str) -> str:
    first, end = max(0, change.line - _CONTEXT), min(document.line_count, change.end + _CONTEXT)
    above = [document.line_text(line) for line in range(first, change.line)]
    below = [document.line_text(line) for line in range(change.end, end)]
    around = len(above) + len(below)
    header = f"@@ -{first + 1},{len(change.old) + around} +{first + 1},{len(change.new) + around} @@"
    body = [f" {line}" for line in above]
    matcher = SequenceMatcher(None, change.old, change.new, autojunk=False)
    for kind, old, old_end, new, new_end in matcher.get_opcodes():
        if kind == "equal":
            body += [f" {line}" for line in change.old[old:old_end]]
            continue
        body += [f"-{line}" for line in change.old[old:old_end]]
        body += [f"+{line}" for line in change.new[new:new_end]]
    body += [f" {line}" for line in below]
    return "\n".join([f"--- a/{path}", f"+++ b/{path}", header, *body]) + "\n"


def _start_of(document: Document, end: int) -> str:
    """Lines before ``end``, as many as fit."""
    lines = (document.line_text(line) + "\n" for line in range(end - 1, -1, -1))
    return "".join(reversed(_fitting(lines)))


def _end_of(document: Document, first: int) -> str:
    """Lines from ``first`` on, as many as fit."""
    count = document.line_count
    lines = (document.line_text(line) + "\n" * (line + 1 < count) for line in range(first, count))
    return "".join(_fitting(lines))


def _fitting(lines: Iterable[str]) -> list[str]:
    taken: list[str] = []
    left = _AROUND_BYTES
    for line in lines:
        left -= len(line.encode(errors="replace"))
        if left < 0:
            break
        taken.append(line)
    return taken


_LAYOUTS: Mapping[str, Callable[[EditWindow, str], str]] = {
    "windows": _windows,
    "numbered windows": _numbered_windows,
    "merge": _merge,
    "blocks": _blocks,
}

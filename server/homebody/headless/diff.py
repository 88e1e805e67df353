r"""Converts two texts to a unified diff, or to hunks.

In: a path and two texts. Out: text for ``git apply`` and ``patch -p1``, or ``Hunk``s. Lines end only at
``\n``, as in these tools, and a missing newline at the end is marked.
The time grows as ``n log n``: a file of 1 MB takes a fraction of a second.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from homebody.postprocess.line_diff import matched_lines

_CONTEXT = 3


@dataclass(frozen=True, slots=True)
class LineChange:
    """Lines ``old_start`` to ``old_end`` (from 0, the end excluded) become those of the other text."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


def new_file_diff(path: Path, text: str) -> str:
    """Write the diff that creates a file."""
    diff = unified_diff(path, "", text)
    return diff.replace(diff.partition("\n")[0], "--- /dev/null", 1)


def unified_diff(path: Path, before: str, after: str) -> str:
    """Write a unified diff, empty if nothing changes.

    ``path`` is shown relative to the current folder if it lies inside.
    """
    old, new = split_lines(before), split_lines(after)
    changes = line_changes(old, new)
    if not changes:
        return ""
    head = [f"--- {_name('a', path)}\n", f"+++ {_name('b', path)}\n"]
    return "".join(head + [line for group in _groups(changes) for line in _group_lines(group, old, new)])


def line_changes(old: Sequence[str], new: Sequence[str]) -> list[LineChange]:
    """Return the differences, in order."""
    changes: list[LineChange] = []
    old_at = new_at = 0
    for old_line, new_line in [*matched_lines(old, new), (len(old), len(new))]:
        if old_line > old_at or new_line > new_at:
            changes.append(LineChange(old_at, old_line, new_at, new_line))
        old_at, new_at = old_line + 1, new_line + 1
    return changes


def split_lines(text: str) -> list[str]:
    r"""Split a text after each ``\n``."""
    lines = text.split("\n")
    whole = [line + "\n" for line in lines[:-1]]
    return [*whole, lines[-1]] if lines[-1] else whole


def _groups(changes: Sequence[LineChange]) -> Iterator[list[LineChange]]:
    """Group the changes whose context lines would overlap."""
    group = [changes[0]]
    for change in changes[1:]:
        if change.old_start - group[-1].old_end > 2 * _CONTEXT:
            yield group
            group = []
        group.append(change)
    yield group


def _group_lines(group: Sequence[LineChange], old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    first, last = group[0], group[-1]
    lead = min(_CONTEXT, first.old_start)
    tail = min(_CONTEXT, len(old) - last.old_end)
    old_range = _range(first.old_start - lead, last.old_end + tail)
    new_range = _range(first.new_start - lead, last.new_end + tail)
    yield f"@@ -{old_range} +{new_range} @@\n"
    at = first.old_start - lead
    for change in group:
        yield from _marked(" ", old[at : change.old_start])
        yield from _marked("-", old[change.old_start : change.old_end])
        yield from _marked("+", new[change.new_start : change.new_end])
        at = change.old_end
    yield from _marked(" ", old[at : at + tail])


def _range(start: int, end: int) -> str:
    """A range as unified diffs write it; an empty one names the line before it."""
    length = end - start
    if length == 1:
        return str(start + 1)
    return f"{start + 1 if length else start},{length}"


def _marked(mark: str, lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        yield mark + line if line.endswith("\n") else f"{mark}{line}\n\\ No newline at end of file\n"


def _name(side: str, path: Path) -> str:
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - a symlink keeps its name
    here = Path.cwd()
    shown = absolute.relative_to(here) if absolute.is_relative_to(here) else absolute
    name = f"{side}/{shown.as_posix().lstrip('/')}"
    if any(c in '"\\' or not c.isprintable() for c in name):
        # Quote the name as git does if it would break the line.
        quoted = "".join(
            chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\{b:03o}" for b in os.fsencode(name)
        )
        return f'"{quoted}"'
    # A tab ends the name where it has spaces, for patch.
    return f"{name}\t" if " " in name else name

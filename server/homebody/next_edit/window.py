"""The models that were trained to suggest next edits, and the lines that one rewrites.

``prompts/next_edit.toml`` lists the models. The lines are those around the cursor, now and before the last
change.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import msgspec

from homebody.models.families import family_of
from homebody.next_edit.changes import ChangedLines
from homebody.prompt.front_matter import shipped_folder
from homebody.text import Document


class NextEditFormat(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table, which describes its columns."""

    title: str
    architectures: tuple[str, ...]
    layout: Literal["windows", "numbered windows", "merge", "blocks"]
    markers: tuple[str, ...]
    refused: tuple[str, ...] = ()
    stop: tuple[str, ...]
    end: str | None = None
    above: int
    below: int
    changes: int
    source: str

    @property
    def is_windows(self) -> bool:
        """Whether the model writes the window alone, without a mark at its end."""
        return self.layout in {"windows", "numbered windows"}


@cache
def formats() -> dict[str, NextEditFormat]:
    """Return all rows by name."""
    text = (shipped_folder() / "next_edit.toml").read_bytes()
    return msgspec.toml.decode(text, type=dict[str, NextEditFormat])


def format_of(model: str, architecture: str | None) -> NextEditFormat | None:
    """Return the row of a model by its name and architecture; ``None`` for one that is not asked."""
    name = family_of(model).next_edit
    row = formats()[name] if name is not None else None
    is_known = row is not None and (architecture is None or architecture in row.architectures)
    return row if is_known else None


@dataclass(frozen=True, slots=True)
class EditWindow:
    """Lines ``first`` to ``end`` of a document; ``column`` is the cursor's in ``cursor_line``.

    ``changes`` are the last ones in this document, the newest first, as many as the format takes.
    """

    document: Document
    first: int
    end: int
    cursor_line: int
    column: int
    changes: Sequence[ChangedLines]

    @property
    def lines(self) -> list[str]:
        """Return its lines."""
        return [self.document.line_text(line) for line in range(self.first, self.end)]

    def with_cursor(self, mark: str) -> list[str]:
        """Return its lines, with ``mark`` at the cursor."""
        lines = self.lines
        row = self.cursor_line - self.first
        lines[row] = f"{lines[row][: self.column]}{mark}{lines[row][self.column :]}"
        return lines

    @property
    def earlier(self) -> list[list[str]]:
        """Its lines before the newest change, before the one that preceded it, and so on.

        Ends at the first change that does not lie in it.
        """
        lines, states = self.lines, list[list[str]]()
        for change in self.changes:
            if change.line < self.first or change.end > self.end:
                break
            undone = self.changes[: len(states)]
            at = change.line - self.first
            at += sum(len(other.old) - len(other.new) for other in undone if other.line < change.line)
            lines = [*lines[:at], *change.old, *lines[at + len(change.new) :]]
            states.append(lines)
        return states

    @property
    def is_changed_above(self) -> bool:
        """Whether the newest change is above the cursor's line."""
        return self.changes[0].end <= self.cursor_line

    @property
    def prefill(self) -> str:
        """What the model keeps: lines above the cursor, or the first one and blank ones after it."""
        lines = self.lines
        if not self.is_changed_above:
            return "".join(line + "\n" for line in lines[: self.cursor_line - self.first])
        count = 1
        while count < len(lines) and not lines[count]:
            count += 1
        return "".join(line + "\n" for line in lines[:count]) if self.cursor_line > self.first else ""


def window_at(
    document: Document, offset: int, changes: Sequence[ChangedLines], layout: NextEditFormat
) -> EditWindow:
    """Return the window around ``offset``."""
    line, column = document.position_of(offset)
    first, end = max(0, line - layout.above), min(document.line_count, line + layout.below + 1)
    return EditWindow(document, first, end, line, column, changes[: layout.changes])

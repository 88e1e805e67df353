"""The screen of a Neovim as drawn by its user interface: cells and their colours.

It is told Neovim's ``redraw`` notifications (``:help ui-linegrid``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

_FOREGROUND, _BACKGROUND = 0xE0E2EA, 0x14161B
"""Neovim's own dark colours, until it sends the ones of its colour scheme."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a cell looks; colours are 24-bit numbers."""

    foreground: int
    background: int
    bold: bool = False
    italic: bool = False
    underline: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """Adjacent cells of one style."""

    text: str
    style: Style


class Grid:
    """The one grid of a user interface without extensions."""

    def __init__(self) -> None:
        self._rows: list[list[tuple[str, int]]] = []
        self._attributes: dict[int, Mapping[str, Any]] = {0: {}}
        self._colours = _FOREGROUND, _BACKGROUND
        self.cursor = 0, 0
        """Row and column, both from 0."""

    def redraw(self, events: Sequence[Sequence[Any]]) -> None:
        """Apply the events of one notification."""
        for name, *batches in events:
            handle = getattr(self, f"_{name}", None)
            for batch in batches if handle else ():
                handle(*batch)

    @property
    def lines(self) -> list[str]:
        """The text of each row, without blanks at its end."""
        return ["".join(text for text, _ in row).rstrip() for row in self._rows]

    def runs(self, row: int) -> list[Run]:
        """Return a row as runs of one style."""
        styled = ((text, self._style(attribute)) for text, attribute in self._rows[row])
        return [
            Run("".join(text for text, _ in cells), style)
            for style, cells in groupby(styled, key=lambda cell: cell[1])
        ]

    @property
    def colours(self) -> tuple[int, int]:
        """Foreground and background of plain text."""
        return self._colours

    def _style(self, attribute: int) -> Style:
        found = self._attributes.get(attribute, {})
        foreground = found.get("foreground", self._colours[0])
        background = found.get("background", self._colours[1])
        if found.get("reverse"):
            foreground, background = background, foreground
        flags = {name: bool(found.get(name)) for name in ("bold", "italic", "underline")}
        return Style(foreground, background, **flags)

    # The following methods are called by the names of Neovim's events.

    def _grid_resize(self, _grid: int, width: int, height: int) -> None:
        self._rows = [[(" ", 0)] * width for _ in range(height)]

    def _grid_clear(self, _grid: int) -> None:
        self._rows = [[(" ", 0)] * len(row) for row in self._rows]

    def _grid_cursor_goto(self, _grid: int, row: int, column: int) -> None:
        self.cursor = row, column

    def _grid_line(self, _grid: int, row: int, column: int, cells: Sequence[Any], *_wrap: object) -> None:
        attribute = 0
        for text, *more in cells:
            attribute = more[0] if more else attribute
            repeat = more[1] if len(more) > 1 else 1
            self._rows[row][column : column + repeat] = [(text, attribute)] * repeat
            column += repeat

    def _grid_scroll(
        self, _grid: int, top: int, bottom: int, left: int, right: int, rows: int, _columns: int
    ) -> None:
        moved = range(top, bottom - rows) if rows > 0 else range(bottom - 1, top - rows - 1, -1)
        for row in moved:
            self._rows[row][left:right] = self._rows[row + rows][left:right]

    def _hl_attr_define(self, attribute: int, rgb: Mapping[str, Any], *_more: object) -> None:
        self._attributes[attribute] = rgb

    def _default_colors_set(self, foreground: int, background: int, *_more: object) -> None:
        self._colours = (
            foreground if foreground >= 0 else _FOREGROUND,
            background if background >= 0 else _BACKGROUND,
        )

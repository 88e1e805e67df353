"""Draw the screen of a Neovim as an SVG file, in its own colours; the file loads nothing."""

from collections.abc import Sequence
from html import escape

from grid import Grid, Run

_CELL_WIDTH, _CELL_HEIGHT, _SIZE = 9, 20, 15
_MARGIN, _BASELINE, _CORNER = 14, 15, 8
_FONTS = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"


def draw(grid: Grid, title: str) -> str:
    """Return the picture; ``title`` is the text for screen readers."""
    rows = [grid.runs(number) for number in range(len(grid.lines))]
    width = sum(len(run.text) for run in rows[0]) * _CELL_WIDTH + 2 * _MARGIN
    height = len(rows) * _CELL_HEIGHT + 2 * _MARGIN
    _, background = grid.colours
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"',
        ' xml:space="preserve">',
        f"<title>{escape(title)}</title>",
        f"<style>text {{ font-size: {_SIZE}px; font-family: {_FONTS}; white-space: pre }}</style>",
        f'<rect width="{width}" height="{height}" rx="{_CORNER}" fill="{_colour(background)}"/>',
    ]
    for number, row in enumerate(rows):
        parts += _row(row, _MARGIN + number * _CELL_HEIGHT, background)
    row, column = grid.cursor
    x, y = _MARGIN + column * _CELL_WIDTH, _MARGIN + row * _CELL_HEIGHT
    colour = _colour(grid.colours[0])
    parts.append(f'<rect x="{x}" y="{y + 1}" width="2" height="{_CELL_HEIGHT - 2}" fill="{colour}"/>')
    return "\n".join([*parts, "</svg>\n"])


def _row(runs: Sequence[Run], y: int, background: int) -> list[str]:
    parts: list[str] = []
    x = _MARGIN
    for run in runs:
        width = len(run.text) * _CELL_WIDTH
        if run.style.background != background:
            fill = _colour(run.style.background)
            parts.append(f'<rect x="{x}" y="{y}" width="{width}" height="{_CELL_HEIGHT}" fill="{fill}"/>')
        text = run.text.rstrip()
        shown = text.lstrip()
        if shown:
            left = x + (len(text) - len(shown)) * _CELL_WIDTH
            parts.append(
                f'<text x="{left}" y="{y + _BASELINE}" textLength="{len(shown) * _CELL_WIDTH}"'
                f' fill="{_colour(run.style.foreground)}"{_font(run)}>{escape(shown)}</text>'
            )
        x += width
    return parts


def _font(run: Run) -> str:
    weight = ' font-weight="bold"' if run.style.bold else ""
    slant = ' font-style="italic"' if run.style.italic else ""
    line = ' text-decoration="underline"' if run.style.underline else ""
    return weight + slant + line


def _colour(number: int) -> str:
    return f"#{number:06x}"

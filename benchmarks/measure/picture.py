"""Latency over a trace as a picture, written as SVG by hand.

In: runs of one trace. Out: a dot for each pause, at the time from the last keystroke to the answer.
"""

import math
from collections.abc import Sequence
from html import escape

from measure.run import PROMPT_SECONDS, Run

_WIDTH, _HEIGHT = 900, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 110, 20, 110, 50
_SHORTEST_MS, _LONGEST_MS = 1, 1000
_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7")
"""Colours that are distinguishable with colour blindness too (Okabe and Ito)."""


def draw(title: str, runs: Sequence[Run]) -> str:
    """Return the picture. Pauses without an answer before the next keystroke are hollow, above the scale."""
    length = max(run.trace.seconds for run in runs)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}">',
        "<style>text { font: 12px sans-serif }</style>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        f'<text x="{_LEFT}" y="20">{escape(title)}</text>',
    ]
    for ms in (1, 10, 100, PROMPT_SECONDS * 1000, 1000):
        y = _y(ms)
        style = "#cc0000" if ms == PROMPT_SECONDS * 1000 else "#dddddd"
        parts.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}" stroke="{style}"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 4}" text-anchor="end">{ms:.0f} ms</text>')
    parts.append(f'<text x="{_LEFT - 8}" y="{_none_y(1) + 4}" text-anchor="end">none in time</text>')
    for second in range(0, int(length) + 1, 20):
        x = _x(second, length)
        parts.append(f'<text x="{x}" y="{_HEIGHT - 28}" text-anchor="middle">{second}</text>')
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{_HEIGHT - 8}" text-anchor="middle">seconds of typing</text>')
    for at, (run, colour) in enumerate(zip(runs, _COLOURS, strict=False)):
        parts.append(f'<circle cx="{_LEFT + 10 + at * 200}" cy="38" r="4" fill="{colour}"/>')
        parts.append(f'<text x="{_LEFT + 20 + at * 200}" y="42">{escape(run.contender)}</text>')
        parts += _dots(run, colour, length, at)
    return "\n".join([*parts, "</svg>\n"])


def _dots(run: Run, colour: str, length: float, row: int) -> list[str]:
    dots: list[str] = []
    for pause in run.pauses:
        x, fill = _x(pause.when, length), colour if pause.is_answered else "none"
        y = _none_y(row) if pause.seconds is None else _y(pause.seconds * 1000)
        dots.append(f'<circle cx="{x}" cy="{y}" r="4" fill="{fill}" stroke="{colour}"/>')
    return dots


def _none_y(row: int) -> float:
    return 64 + 12 * row


def _x(seconds: float, length: float) -> float:
    return round(_LEFT + (_WIDTH - _LEFT - _RIGHT) * seconds / length, 1)


def _y(ms: float) -> float:
    """Logarithmic: reused suggestions are a hundred times faster than the model's."""
    inside = min(max(ms, _SHORTEST_MS), _LONGEST_MS)
    share = math.log(inside / _SHORTEST_MS) / math.log(_LONGEST_MS / _SHORTEST_MS)
    return round(_HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * share, 1)

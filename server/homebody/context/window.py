"""The part of the document around the cursor that goes into a prompt.

In: a document, an offset, tokens for each side. Out: spans of prefix and suffix.
The prefix starts on a fixed grid of lines, so that consecutive prompts of one place begin alike and
the server's prompt cache holds.
"""

from collections.abc import Callable
from dataclasses import dataclass

from homebody.text import Document, Span

Count = Callable[[str], int]

_GRID_SHARE = 16
"""The grid's step is at most this part of the lines that fit, so rounding costs at most 1/16."""


@dataclass(frozen=True, slots=True)
class Window:
    """Spans of the document; ``prefix.end`` and ``suffix.start`` are the cursor.

    ``prefix_tokens`` and ``suffix_tokens`` are as counted.
    """

    prefix: Span
    suffix: Span
    prefix_tokens: int
    suffix_tokens: int


def window(document: Document, offset: int, tokens: int, suffix_share: float, count: Count) -> Window:
    """Choose prefix and suffix of at most ``tokens`` together.

    ``suffix_share`` (0 to 1) is the suffix's part where both sides have more than enough; what one
    side does not need goes to the other. The prefix's text nearest to the cursor is never empty
    when there is any.
    """
    suffix_limit = int(tokens * suffix_share)
    suffix = _suffix(document, offset, suffix_limit, count) if suffix_limit else (Span(offset, offset), 0)
    prefix = _prefix(document, offset, tokens - suffix[1], count)
    spare = tokens - prefix[1] - suffix[1]
    if suffix_limit and prefix[0].start == 0 and spare > 0 and suffix[0].end < len(document.text):
        suffix = _suffix(document, offset, suffix[1] + spare, count)
    return Window(prefix[0], suffix[0], prefix[1], suffix[1])


def _prefix(document: Document, offset: int, tokens: int, count: Count) -> tuple[Span, int]:
    line = document.line_of(offset)
    start = document.line_starts[line]
    used = count(document.text[start:offset])
    if used > tokens:
        return _cut_line(document, Span(start, offset), tokens, count)
    costs: list[int] = []
    first = line
    while first > 0:
        cost = count(document.slice(document.line_span_with_end(first - 1)))
        if used + cost > tokens:
            break
        used += cost
        costs.append(cost)
        first -= 1
    step = grid_step(line - first)
    while first > 0 and first < line and first % step:
        used -= costs.pop()
        first += 1
    return Span(document.line_starts[first], offset), used


def grid_step(lines: int) -> int:
    """Step of the grid for a window of so many lines: a power of two, so that grids nest."""
    step = 1
    while step * 2 * _GRID_SHARE <= lines:
        step *= 2
    return step


def _suffix(document: Document, offset: int, tokens: int, count: Count) -> tuple[Span, int]:
    line = document.line_of(offset)
    end = document.line_span_with_end(line).end
    used = count(document.text[offset:end])
    if used > tokens:
        return _cut_line_end(document, Span(offset, end), tokens, count)
    while line + 1 < document.line_count:
        span = document.line_span_with_end(line + 1)
        cost = count(document.slice(span))
        if used + cost > tokens:
            break
        used += cost
        end = span.end
        line += 1
    return Span(offset, end), used


def _cut_line(document: Document, span: Span, tokens: int, count: Count) -> tuple[Span, int]:
    """Keep the end of a line that is too long by itself; at least one character."""
    low, high = 1, len(span)
    while low < high:
        middle = (low + high + 1) // 2
        if count(document.text[span.end - middle : span.end]) <= tokens:
            low = middle
        else:
            high = middle - 1
    kept = Span(span.end - low, span.end)
    return kept, count(document.slice(kept))


def _cut_line_end(document: Document, span: Span, tokens: int, count: Count) -> tuple[Span, int]:
    low, high = 0, len(span)
    while low < high:
        middle = (low + high + 1) // 2
        if count(document.text[span.start : span.start + middle]) <= tokens:
            low = middle
        else:
            high = middle - 1
    kept = Span(span.start, span.start + low)
    return kept, count(document.slice(kept)) if low else 0

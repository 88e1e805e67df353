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

_CHARACTERS = 40
"""Few tokens have more: a text far too long for so many tokens is told without counting it."""

_WORD = 64
"""Characters that a cut inside a line goes on to the end of a word."""


@dataclass(frozen=True, slots=True)
class Window:
    """Spans of the document. Between ``prefix.end`` and ``suffix.start`` stands what was typed.

    ``prefix_tokens`` and ``suffix_tokens`` are as counted.
    """

    prefix: Span
    suffix: Span
    prefix_tokens: int
    suffix_tokens: int


@dataclass(frozen=True, slots=True)
class Keep:
    """Where the prefix of the prompt before began, and how long all may grow with it, in tokens.

    What the server has read already costs nothing, so a kept prefix may be longer than a new one; prefix
    and suffix together have at most ``tokens`` then.
    """

    start: int
    tokens: int


def window(
    document: Document,
    gap: Span,
    tokens: int,
    suffix_share: float,
    count: Count,
    *,
    keep: Keep | None = None,
) -> Window:
    """Choose a prefix that ends where ``gap`` starts and a suffix that starts where it ends.

    Both have at most ``tokens`` together, or ``keep.tokens`` where ``keep`` holds. ``suffix_share``
    (0 to 1) is the suffix's part where both sides have more than enough; what one side does not need
    goes to the other. The prefix's text nearest to the gap is never empty when there is any. Where
    ``keep`` holds, the start of the prompt before stays: while the prefix uses nine tenths of what it may
    have, and both are within ``keep.tokens``.
    """
    suffix_limit = int(tokens * suffix_share)
    suffix = _suffix(document, gap.end, suffix_limit, count) if suffix_limit else (Span(gap.end, gap.end), 0)
    limit = tokens - suffix[1]
    kept = (
        None
        if keep is None
        else _kept(document, gap.start, Keep(keep.start, keep.tokens - suffix[1]), limit, count)
    )
    prefix = kept or _prefix(document, gap.start, limit, count)
    spare = limit - prefix[1]
    if suffix_limit and prefix[0].start == 0 and spare > 0 and suffix[0].end < len(document.text):
        suffix = _suffix(document, gap.end, suffix[1] + spare, count)
    return Window(prefix[0], suffix[0], prefix[1], suffix[1])


def _kept(document: Document, end: int, keep: Keep, tokens: int, count: Count) -> tuple[Span, int] | None:
    """Return the kept prefix where it has nine tenths of ``tokens`` and at most ``keep.tokens``."""
    if not 0 < keep.start < end:
        return None
    most = max(tokens, keep.tokens)
    if end - keep.start > most * _CHARACTERS:
        return None
    if document.line_starts[document.line_of(keep.start)] != keep.start:
        return None
    used = count(document.text[keep.start : end])
    return (Span(keep.start, end), used) if tokens * 0.9 <= used <= most else None


def _prefix(document: Document, offset: int, tokens: int, count: Count) -> tuple[Span, int]:
    if tokens <= 0:
        return Span(offset, offset), 0
    line = document.line_of(offset)
    start = document.line_starts[line]
    if _is_longer(document.text, Span(start, offset), tokens, count):
        return _cut_line(document, Span(start, offset), tokens, count)
    used = count(document.text[start:offset])
    costs: list[int] = []
    first = line
    while first > 0:
        span = document.line_span_with_end(first - 1)
        if len(span) > tokens * _CHARACTERS:
            break
        cost = count(document.slice(span))
        if used + cost > tokens:
            break
        used += cost
        costs.append(cost)
        first -= 1
    if not used and line > 0:
        # The cursor stands at a line's start and the line before does not fit whole.
        return _cut_line(document, document.line_span_with_end(line - 1), tokens, count)
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
    if tokens <= 0:
        return Span(offset, offset), 0
    line = document.line_of(offset)
    end = document.line_span_with_end(line).end
    if _is_longer(document.text, Span(offset, end), tokens, count):
        return _cut_line_end(document, Span(offset, end), tokens, count)
    used = count(document.text[offset:end])
    while line + 1 < document.line_count:
        span = document.line_span_with_end(line + 1)
        if len(span) > tokens * _CHARACTERS:
            break
        cost = count(document.slice(span))
        if used + cost > tokens:
            break
        used += cost
        end = span.end
        line += 1
    return Span(offset, end), used


def _cut_line(document: Document, span: Span, tokens: int, count: Count) -> tuple[Span, int]:
    """Keep the end of a line that is too long by itself; at least one character.

    It begins on a grid of the line's characters, so that it stays put while one types.
    """
    size = _longest_end(document.text, span, tokens, count)
    step = grid_step(size)
    begin = span.start + (span.end - size - span.start + step - 1) // step * step
    kept = Span(begin, span.end)
    return kept, count(document.slice(kept))


def _cut_line_end(document: Document, span: Span, tokens: int, count: Count) -> tuple[Span, int]:
    size = _most(
        len(span), tokens, lambda size: count(document.text[span.start : span.start + size]) <= tokens
    )
    kept = Span(span.start, span.start + size - size % grid_step(size))
    return kept, count(document.slice(kept)) if kept else 0


def line_anchor(text: str, span: Span, tokens: int, count: Count) -> int:
    """Where what counts as typed begins in the part of a line up to the cursor.

    That is its start, or a place further right where it has more than ``tokens``. That place lies on a
    grid of half the characters that fit, at the end of a word where there is one: it stays put while one
    types, and moves by half.
    """
    if not _is_longer(text, span, tokens, count):
        return span.start
    size = _longest_end(text, span, tokens, count)
    step = 1
    while step * 4 <= size:
        step *= 2
    begin = span.start + (span.end - size - span.start + step - 1) // step * step
    for at in range(begin, min(begin + _WORD, span.end)):
        if text[at - 1].isalnum() and not text[at].isalnum():
            return at
    return begin


def _is_longer(text: str, span: Span, tokens: int, count: Count) -> bool:
    """Whether the span has more than ``tokens``; most long ones are told by a part of them."""
    part = tokens * 8
    if len(span) > part and count(text[span.start : span.start + part]) > tokens:
        return True
    return len(span) > tokens * _CHARACTERS or count(text[span.start : span.end]) > tokens


def _longest_end(text: str, span: Span, tokens: int, count: Count) -> int:
    """Characters at the span's end that fit; at least one."""
    return max(1, _most(len(span), tokens, lambda size: count(text[span.end - size : span.end]) <= tokens))


def _most(longest: int, tokens: int, fits: Callable[[int], bool]) -> int:
    """Largest number of characters that fits, by doubling and halving; 0 where none does."""
    longest = min(longest, tokens * _CHARACTERS)
    high = min(longest, tokens + 1)
    while high < longest and fits(high):
        high = min(longest, high * 2)
    low = 0
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low

"""How many tokens a prompt may have, and the part of the document around the cursor that goes into it.

The prefix starts on a fixed grid of lines, so that consecutive prompts at one place have a common beginning
and the server can reuse its prompt cache.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from homebody.errors import ContextTooLong
from homebody.text import Document, Span

UNMEASURED_SPEED = 200.0
"""Prompt speed in tokens per second assumed before the first measurement: a small model on two slow cores."""

MIN_PROMPT_TOKENS = 16
"""Minimum size of a prompt in tokens; below it the request is refused."""


def prompt_room(context_length: int, reserved: int) -> int:
    """Return the tokens that the context has for a prompt, besides those ``reserved`` for answer and markers.

    Raises ``ContextTooLong`` if too few are left.
    """
    room = context_length - reserved
    if room < MIN_PROMPT_TOKENS:
        message = (
            f"A context length of {context_length} tokens leaves no room for a prompt: "
            "raise backend.contextLength or serve the model with a larger context."
        )
        raise ContextTooLong(message)
    return room


Count = Callable[[str], int]

_GRID_SHARE = 16
"""The grid's step is at most this part of the lines that fit, so rounding costs at most 1/16."""

_KEPT_SHARE = 0.75
"""A kept prefix uses at least this part of its tokens. Measured speeds, and so budgets, vary by a fifth."""

_CHARACTERS = 40
"""Upper bound on the characters of a token; a text above it is known to be too long without counting."""


@dataclass(frozen=True, slots=True)
class Window:
    """Spans of the document. The typed text lies between ``prefix.end`` and ``suffix.start``.

    ``prefix_tokens`` and ``suffix_tokens`` are their token counts.
    """

    prefix: Span
    suffix: Span
    prefix_tokens: int
    suffix_tokens: int

    @property
    def tokens(self) -> int:
        """Tokens of both."""
        return self.prefix_tokens + self.suffix_tokens


@dataclass(frozen=True, slots=True)
class Keep:
    """Start of the previous prompt's prefix, and the maximum size in tokens if it is kept.

    Cached tokens are not evaluated again, so a kept prefix may be longer than a new one; prefix and suffix
    then have at most ``tokens`` together.
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

    Together they have at most ``tokens``, or ``keep.tokens`` if the start of ``keep`` is kept.
    ``suffix_share`` (0 to 1) is the suffix's share if both sides have enough text; tokens that one side does
    not need go to the other. The prefix is not empty if there is text before the gap. The start of ``keep``
    is kept while the prefix uses three quarters of its tokens and both sides are within ``keep.tokens``.
    """
    suffix_limit = int(tokens * suffix_share)
    suffix, suffix_tokens = _suffix(document, gap.end, suffix_limit, count)
    limit = tokens - suffix_tokens
    kept = keep and _kept(document, gap.start, Keep(keep.start, keep.tokens - suffix_tokens), limit, count)
    prefix, prefix_tokens = kept or _prefix(document, gap.start, limit, count)
    spare = limit - prefix_tokens
    if suffix_limit and prefix.start == 0 and spare > 0 and suffix.end < len(document.text):
        suffix, suffix_tokens = _suffix(document, gap.end, suffix_tokens + spare, count)
    return Window(prefix, suffix, prefix_tokens, suffix_tokens)


def _kept(document: Document, end: int, keep: Keep, tokens: int, count: Count) -> tuple[Span, int] | None:
    """Return the kept prefix if it has enough of ``tokens`` and at most ``keep.tokens``."""
    most = max(tokens, keep.tokens)
    if not 0 <= keep.start < end <= keep.start + most * _CHARACTERS:
        return None
    if document.line_start(keep.start) != keep.start:
        return None
    used = count(document.text[keep.start : end])
    return (Span(keep.start, end), used) if tokens * _KEPT_SHARE <= used <= most else None


def _prefix(document: Document, offset: int, tokens: int, count: Count) -> tuple[Span, int]:
    line = document.line_of(offset)
    own = Span(document.line_starts[line], offset)
    if tokens <= 0:
        return Span(offset, offset), 0
    if _is_longer(document.text, own, tokens, count):
        return _end_of(document, own, tokens, count)
    used = count(document.slice(own))
    costs = _fitting(document, range(line - 1, -1, -1), tokens - used, count)
    if not used and not costs and line > 0:
        # The cursor is at the start of a line, and the line before it does not fit whole.
        return _end_of(document, document.line_span_with_end(line - 1), tokens, count)
    below_grid = -(line - len(costs)) % grid_step(len(costs))
    costs = costs[: max(0, len(costs) - below_grid)]
    return Span(document.line_starts[line - len(costs)], offset), used + sum(costs)


def _suffix(document: Document, offset: int, tokens: int, count: Count) -> tuple[Span, int]:
    line = document.line_of(offset)
    own = Span(offset, document.line_span_with_end(line).end)
    if tokens <= 0:
        return Span(offset, offset), 0
    if _is_longer(document.text, own, tokens, count):
        size = _fitting_size(len(own), tokens, lambda size: count(document.text[offset : offset + size]))
        cut = Span(offset, offset + size - size % grid_step(size))
        return cut, count(document.slice(cut))
    used = count(document.slice(own))
    costs = _fitting(document, range(line + 1, document.line_count), tokens - used, count)
    return Span(offset, document.line_span_with_end(line + len(costs)).end), used + sum(costs)


def _fitting(document: Document, lines: Iterable[int], tokens: int, count: Count) -> list[int]:
    """Return the tokens of each of ``lines``, up to the first one that does not fit."""
    costs: list[int] = []
    for line in lines:
        span = document.line_span_with_end(line)
        if len(span) > tokens * _CHARACTERS or (cost := count(document.slice(span))) > tokens:
            break
        tokens -= cost
        costs.append(cost)
    return costs


def grid_step(size: int, share: int = _GRID_SHARE) -> int:
    """Step of the grid for a window of this size: a power of two, so that grids nest."""
    step = 1
    while step * 2 * share <= size:
        step *= 2
    return step


def _end_of(document: Document, line: Span, tokens: int, count: Count) -> tuple[Span, int]:
    """Keep the end of a line that does not fit; at least one character.

    It begins on a grid of the line's characters, so that its start does not move while the user types.
    """
    kept = Span(_begin(document.text, line, tokens, count, _GRID_SHARE), line.end)
    return kept, count(document.slice(kept))


def line_anchor(text: str, line: Span, tokens: int, count: Count) -> int:
    """Start of the typed text within the part of a line up to the cursor.

    It is the start of the line, or further right if the text has more than ``tokens``: on a grid with a step
    of half the characters that fit. So it stays the same while the user types, and then moves by one step.
    """
    return _begin(text, line, tokens, count, 2) if _is_longer(text, line, tokens, count) else line.start


def _begin(text: str, line: Span, tokens: int, count: Count, share: int) -> int:
    """Start of a long end of a line that fits, at least one character, on a grid."""
    size = max(1, _fitting_size(len(line), tokens, lambda size: count(text[line.end - size : line.end])))
    step = grid_step(size, share)
    return line.start + -(-(len(line) - size) // step) * step


def _is_longer(text: str, span: Span, tokens: int, count: Count) -> bool:
    """Whether the span has more than ``tokens``; for most long spans, counting a part is enough."""
    part = tokens * 8
    if len(span) > part and count(text[span.start : span.start + part]) > tokens:
        return True
    return len(span) > tokens * _CHARACTERS or count(text[span.start : span.end]) > tokens


def _fitting_size(longest: int, tokens: int, count: Callable[[int], int]) -> int:
    """Number of characters that fit, more than half of those that could; the same for lines of any length."""
    size = tokens * _CHARACTERS
    while size and (size > longest or count(size) > tokens):
        size = size * 2 // 3
    return size

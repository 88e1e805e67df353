"""How many tokens a prompt may have, and the part of the document around the cursor that goes into it.

The prefix starts on a fixed grid of lines, so that consecutive prompts at one place have a common beginning
and the server can reuse its prompt cache.
"""

from collections.abc import Callable
from dataclasses import dataclass

from homebody.errors import ContextTooLong
from homebody.text import Document, Span

READING_SECONDS = 5.0
"""Maximum time, in seconds, for evaluating a completion prompt; it limits the prompt's length."""

UNMEASURED_SPEED = 200.0
"""Prompt speed in tokens per second assumed before the first measurement: a small model on two slow cores."""

MIN_PROMPT_TOKENS = 16
"""Minimum size of a prompt in tokens; below it the request is refused."""


@dataclass(frozen=True, slots=True)
class TokenBudget:
    """Division of the tokens, fixed before anything is chosen.

    Attributes
    ----------
    context_length
        As served to one request.
    output
        Reserved for the answer.
    overhead
        Reserved for markers, template and BOS.
    prompt
        Maximum for prefix, suffix and snippets together.

    """

    context_length: int
    output: int
    overhead: int
    prompt: int


def completion_budget(
    context_length: int, *, max_tokens: int, overhead: int, prompt_speed: float | None
) -> TokenBudget:
    """Budget of a completion: what fits the context, limited to what is evaluated in five seconds.

    ``prompt_speed`` is the measured speed in tokens per second; ``None`` before the first measurement, when a
    low speed is assumed: a prompt that is too long delays the user, one that is too short is widened in the
    next pause.
    The output takes at most a quarter of the context length.

    Raises
    ------
    ContextTooLong
        No tokens are left for the prompt.

    """
    output = min(max_tokens, context_length // 4)
    fits = context_length - output - overhead
    readable = int((prompt_speed or UNMEASURED_SPEED) * READING_SECONDS)
    return _checked(context_length, output, overhead, min(fits, max(readable, MIN_PROMPT_TOKENS)))


def chat_budget(context_length: int, *, output: int, overhead: int) -> TokenBudget:
    """Budget of explain, ask and refactor: all tokens that the answer does not need.

    The answer takes at most half of the context length.

    Raises
    ------
    ContextTooLong
        No tokens are left for the prompt.

    """
    output = min(output, context_length // 2)
    return _checked(context_length, output, overhead, context_length - output - overhead)


def _checked(context_length: int, output: int, overhead: int, prompt: int) -> TokenBudget:
    if prompt < MIN_PROMPT_TOKENS:
        message = (
            f"A context length of {context_length} tokens leaves no room for a prompt: "
            "raise backend.contextLength or serve the model with a larger context."
        )
        raise ContextTooLong(message)
    return TokenBudget(context_length, output, overhead, prompt)


Count = Callable[[str], int]

_GRID_SHARE = 16
"""The grid's step is at most this part of the lines that fit, so rounding costs at most 1/16."""

_KEPT_SHARE = 0.75
"""A kept prefix uses at least this part of its tokens. Measured speeds, and so budgets, vary by a fifth."""

_CHARACTERS = 40
"""Upper bound on the characters of a token; a text above it is known to be too long without counting."""

_WORD = 64
"""Maximum characters by which a cut inside a line is moved to reach the end of a word."""


@dataclass(frozen=True, slots=True)
class Window:
    """Spans of the document. The typed text lies between ``prefix.end`` and ``suffix.start``.

    ``prefix_tokens`` and ``suffix_tokens`` are their token counts.
    """

    prefix: Span
    suffix: Span
    prefix_tokens: int
    suffix_tokens: int


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
    """Return the kept prefix if it has enough of ``tokens`` and at most ``keep.tokens``."""
    if not 0 <= keep.start < end:
        return None
    most = max(tokens, keep.tokens)
    if end - keep.start > most * _CHARACTERS:
        return None
    if document.line_start(keep.start) != keep.start:
        return None
    used = count(document.text[keep.start : end])
    return (Span(keep.start, end), used) if tokens * _KEPT_SHARE <= used <= most else None


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
        # The cursor is at the start of a line, and the line before it does not fit whole.
        return _cut_line(document, document.line_span_with_end(line - 1), tokens, count)
    step = grid_step(line - first)
    while first > 0 and first < line and first % step:
        used -= costs.pop()
        first += 1
    return Span(document.line_starts[first], offset), used


def grid_step(lines: int) -> int:
    """Step of the grid for a window of this many lines: a power of two, so that grids nest."""
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
    """Keep the end of a line that does not fit; at least one character.

    It begins on a grid of the line's characters, so that its start does not move while the user types.
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
    """Start of the typed text within the part of a line up to the cursor.

    It is the start of the line, or further right if the text has more than ``tokens``: on a grid with a step
    of half the characters that fit, and at the end of a word if possible. So it stays the same while the user
    types, and then moves by one step.
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
    """Whether the span has more than ``tokens``; for most long spans, counting a part is enough."""
    part = tokens * 8
    if len(span) > part and count(text[span.start : span.start + part]) > tokens:
        return True
    return len(span) > tokens * _CHARACTERS or count(text[span.start : span.end]) > tokens


def _longest_end(text: str, span: Span, tokens: int, count: Count) -> int:
    """Characters at the span's end that fit; at least one."""
    return max(1, _most(len(span), tokens, lambda size: count(text[span.end - size : span.end]) <= tokens))


def _most(longest: int, tokens: int, fits: Callable[[int], bool]) -> int:
    """Largest number of characters that fits, by doubling and halving; 0 if none does."""
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

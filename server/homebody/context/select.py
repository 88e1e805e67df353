"""Choose the content of a prompt, within the budget, and report what was chosen and left out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from homebody.audit import LeftOut, Source
from homebody.context.rank import Ranked, choose
from homebody.context.window import Count, Keep, Window, grid_step, window
from homebody.syntax.chunk import Candidate
from homebody.text import Document, Span

SUFFIX_SHARE = 0.25
"""The suffix's share of a completion prompt (llama.vim and Cody use about a fifth to a third)."""

SNIPPET_SHARE = 0.25
"""Share of a completion prompt for other files; more if the document does not use its own share."""

HEADER_SHARE = 0.1
"""Share for imports and headers of scopes that lie outside the window."""


_BEFORE, _AFTER = "before the cursor", "after the cursor"

OF_THE_WINDOW = frozenset({_BEFORE, _AFTER})
"""Reason given for the window itself; all other sources were chosen in addition."""


@dataclass(frozen=True, slots=True)
class KeptLines:
    """Whole lines of the document that are kept although they are outside of the window, and why."""

    span: Span
    why: str


@dataclass(frozen=True, slots=True)
class Context:
    """Content of a completion prompt.

    ``prefix`` ends at the anchor, ``suffix`` starts at the cursor. ``headers`` are lines of the same document
    before the window: imports and the headers of scopes that are still open.
    """

    prefix: str
    suffix: str
    headers: str
    snippets: tuple[Candidate, ...]
    sources: tuple[Source, ...]
    left_out: tuple[LeftOut, ...]
    tokens: int
    window: Window


def select_completion(
    document: Document,
    gap: Span,
    *,
    tokens: int,
    count: Count,
    takes_suffix: bool,
    headers: Sequence[KeptLines] = (),
    candidates: Sequence[Candidate] = (),
    keep: Keep | None = None,
) -> Context:
    """Choose prefix, suffix, headers and snippets of at most ``tokens`` together.

    ``gap`` is the span between prefix and suffix: from the anchor to the cursor.
    ``headers`` are sorted best first; those inside the window are skipped.
    ``candidates`` are sorted best first. If the window of ``keep`` is kept, the whole prompt has at most
    ``keep.tokens``.
    """
    share = SUFFIX_SHARE if takes_suffix else 0.0
    whole = window(document, gap, tokens, share, count, keep=keep)
    cut_off = whole.prefix.start > 0
    if not candidates and not (headers and cut_off):
        return _context(document, whole, "", Ranked((), (), 0), ())
    kept = _kept_headers(document, headers, whole.prefix.start, int(tokens * HEADER_SHARE), count)
    shown = document.text[whole.prefix.start : whole.suffix.end]
    room = _snippet_tokens(document, whole, tokens, takes_suffix=takes_suffix)
    ranked = choose(candidates, room, count, _surroundings(document, whole), shown)
    needed = sum(cost for _, cost in kept) + ranked.tokens
    if needed > tokens - whole.prefix_tokens - whole.suffix_tokens:
        less = None if keep is None else Keep(keep.start, keep.tokens - needed)
        whole = window(document, gap, tokens - needed, share, count, keep=less)
        # The window became smaller: it no longer contains headers between the old and the new start.
        kept = _kept_headers(document, headers, whole.prefix.start, int(tokens * HEADER_SHARE), count)
        stays = keep is not None and whole.prefix.start == keep.start
        most = max(tokens, keep.tokens) if keep is not None and stays else tokens
        spare = most - ranked.tokens - whole.prefix_tokens - whole.suffix_tokens
        while kept and sum(cost for _, cost in kept) > spare:
            kept = kept[1:]
    text = "".join(document.slice(header.span) for header, _ in kept)
    return _context(document, whole, text, ranked, kept)


def _snippet_tokens(document: Document, whole: Window, tokens: int, *, takes_suffix: bool) -> int:
    """Tokens for other files: their share, or all that a short document leaves unused.

    Rounded down to a grid, so that the few tokens of a keystroke do not change what is chosen.
    """
    room = int(tokens * SNIPPET_SHARE)
    ends = not takes_suffix or whole.suffix.end == len(document.text)
    if whole.prefix.start == 0 and ends:
        room = max(room, tokens - whole.prefix_tokens - whole.suffix_tokens)
    return room // (step := grid_step(tokens)) * step


def _kept_headers(
    document: Document, headers: Sequence[KeptLines], before: int, tokens: int, count: Count
) -> list[tuple[KeptLines, int]]:
    """Return the headers that end before the window, as far as they fit, in document order."""
    kept: dict[Span, tuple[KeptLines, int]] = {}
    for header in headers:
        if header.span.end > before or header.span in kept:
            continue
        cost = count(document.slice(header.span))
        if cost > tokens:
            continue
        tokens -= cost
        kept[header.span] = header, cost
    return sorted(kept.values(), key=lambda item: item[0].span)


def _surroundings(document: Document, whole: Window) -> Source:
    first = document.line_of(whole.prefix.start)
    last = document.line_of(max(whole.prefix.end, whole.suffix.end))
    return Source(document.uri, first, last, 0, "")


def _context(
    document: Document, whole: Window, headers: str, ranked: Ranked, kept: Sequence[tuple[KeptLines, int]]
) -> Context:
    sources = [_source(document, header.span, cost, header.why) for header, cost in kept]
    sources += [Source(c.uri, c.first_line, c.last_line, t, c.why) for c, t in ranked.chosen]
    left_out = list(ranked.left_out)
    if whole.prefix:
        sources.append(_source(document, whole.prefix, whole.prefix_tokens, _BEFORE))
    if whole.suffix:
        sources.append(_source(document, whole.suffix, whole.suffix_tokens, _AFTER))
    # A line that is included in part is one of the sources.
    before = document.line_of(whole.prefix.start) - 1
    left_out[:0] = without(sources, LeftOut(document.uri, 0, before, "before the window"))
    after = _first_line_after(document, whole.suffix.end)
    last = document.line_count - (2 if document.text.endswith("\n") else 1)  # not the empty last line
    left_out += without(sources, LeftOut(document.uri, after, last, "after the window"))
    return Context(
        prefix=document.slice(whole.prefix),
        suffix=document.slice(whole.suffix),
        headers=headers,
        snippets=tuple(candidate for candidate, _ in ranked.chosen),
        sources=tuple(sources),
        left_out=tuple(left_out),
        tokens=whole.prefix_tokens + whole.suffix_tokens + ranked.tokens + sum(t for _, t in kept),
        window=whole,
    )


def without(sources: Sequence[Source], left: LeftOut) -> list[LeftOut]:
    """Split the lines of ``left`` around those that were included."""
    rest: list[LeftOut] = []
    first = left.first_line
    inside = [source for source in sources if source.uri == left.uri and source.last_line >= first]
    for source in sorted(inside, key=lambda source: source.first_line):
        last = min(source.first_line - 1, left.last_line)
        if first <= last:
            rest.append(replace(left, first_line=first, last_line=last))
        first = max(first, source.last_line + 1)
    if first <= left.last_line:
        rest.append(replace(left, first_line=first))
    return rest


def _first_line_after(document: Document, offset: int) -> int:
    if offset == len(document.text):
        return document.line_count
    line = document.line_of(offset)
    return line if document.line_starts[line] == offset else line + 1


def _source(document: Document, span: Span, tokens: int, why: str) -> Source:
    return Source(document.uri, *document.lines_of(span), tokens, why)

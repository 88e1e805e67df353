"""Choose what goes into a prompt, inside the budget, and say what was chosen.

In: document, place, candidates as values, tokens. Out: texts, their sources, and what was left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from homebody.audit import LeftOut, Source
from homebody.context.rank import Ranked, choose
from homebody.context.window import Count, Keep, Window, window
from homebody.syntax.chunk import Candidate
from homebody.text import Document, Span

SUFFIX_SHARE = 0.25
"""Part of a completion prompt that the suffix may have (llama.vim and Cody use about a fifth to a third)."""

SNIPPET_SHARE = 0.25
"""Part of a completion prompt that other files and cut-off headers may have."""

HEADER_SHARE = 0.1
"""Part of it for imports and the headers of scopes that the window cut off."""


@dataclass(frozen=True, slots=True)
class Header:
    """Whole lines of the document that are kept where the window cuts them off; ``why`` for the user."""

    span: Span
    why: str


@dataclass(frozen=True, slots=True)
class Context:
    """What goes into a completion prompt.

    ``prefix`` ends at the anchor, ``suffix`` starts at the cursor. ``headers`` are lines of the same document
    that stand before the window: imports and the headers of scopes that are still open.
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
    headers: Sequence[Header] = (),
    candidates: Sequence[Candidate] = (),
    keep: Keep | None = None,
) -> Context:
    """Choose prefix, suffix, headers and snippets of at most ``tokens`` together.

    ``gap`` is what stands between prefix and suffix: from the anchor to the cursor.
    ``headers`` come best first; those inside the window are skipped, since they are there already.
    ``candidates`` come best first.
    """
    share = SUFFIX_SHARE if takes_suffix else 0.0
    whole = window(document, gap, tokens, share, count, keep=keep)
    cut_off = whole.prefix.start > 0
    if not candidates and not (headers and cut_off):
        return _context(document, whole, "", Ranked((), (), 0), ())
    kept = _kept_headers(document, headers, whole.prefix.start, int(tokens * HEADER_SHARE), count)
    header_tokens = sum(cost for _, cost in kept)
    around = _surroundings(document, whole)
    ranked = choose(candidates, int(tokens * SNIPPET_SHARE), count, around)
    spare = tokens - whole.prefix_tokens - whole.suffix_tokens
    needed = header_tokens + ranked.tokens
    if needed > spare:
        whole = window(document, gap, tokens - needed, share, count, keep=keep)
        # The window became smaller: headers between the old and the new start are cut off now.
        kept = _kept_headers(document, headers, whole.prefix.start, int(tokens * HEADER_SHARE), count)
        while (
            kept
            and sum(t for _, t in kept) > tokens - ranked.tokens - whole.prefix_tokens - whole.suffix_tokens
        ):
            kept = kept[1:]
    text = "".join(document.slice(header.span) for header, _ in kept)
    return _context(document, whole, text, ranked, kept)


def _kept_headers(
    document: Document, headers: Sequence[Header], before: int, tokens: int, count: Count
) -> list[tuple[Header, int]]:
    """Take headers that end before the window while they fit; in the order of the document."""
    kept: dict[Span, tuple[Header, int]] = {}
    for header in headers:
        if header.span.end > before or header.span in kept:
            continue
        cost = count(document.slice(header.span))
        if cost > tokens:
            continue
        tokens -= cost
        kept[header.span] = header, cost
    return sorted(kept.values(), key=lambda one: one[0].span)


def _surroundings(document: Document, whole: Window) -> Source:
    first = document.line_of(whole.prefix.start)
    last = document.line_of(max(whole.prefix.end, whole.suffix.end))
    return Source(document.uri, first, last, 0, "")


def _context(
    document: Document, whole: Window, headers: str, ranked: Ranked, kept: Sequence[tuple[Header, int]]
) -> Context:
    sources = [_source(document, header.span, cost, header.why) for header, cost in kept]
    sources += [Source(c.uri, c.first_line, c.last_line, t, c.why) for c, t in ranked.chosen]
    left_out = list(ranked.left_out)
    if whole.prefix:
        sources.append(_source(document, whole.prefix, whole.prefix_tokens, "before the cursor"))
    if whole.suffix:
        sources.append(_source(document, whole.suffix, whole.suffix_tokens, "after the cursor"))
    if whole.prefix.start > 0:
        end = document.line_of(whole.prefix.start)
        left_out.insert(0, LeftOut(document.uri, 0, max(0, end - 1), "before the window"))
    if whole.suffix.end < len(document.text):
        start = document.line_of(whole.suffix.end)
        left_out.append(LeftOut(document.uri, start, document.line_count - 1, "after the window"))
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


def _source(document: Document, span: Span, tokens: int, why: str) -> Source:
    last = document.line_of(max(span.start, span.end - 1))
    return Source(document.uri, document.line_of(span.start), last, tokens, why)

"""Context of explain, ask and refactor: the whole selection, then the code around it."""

from collections.abc import Sequence
from dataclasses import dataclass

from homebody.audit import LeftOut, Source
from homebody.context.select import Ranked, choose, without
from homebody.context.window import Count, window
from homebody.errors import ContextTooLong
from homebody.syntax.chunk import Candidate
from homebody.text import Document, Span

_SNIPPET_SHARE = 0.5
"""Snippets' share of the tokens that the selection leaves free; the surrounding lines get the rest."""


@dataclass(frozen=True, slots=True)
class Around:
    """Content of a chat prompt.

    ``code`` is the selection; ``before`` and ``after`` are whole lines of the same document next to
    it; ``snippets`` are from other places. ``tokens`` is the total of all of them.
    """

    code: str
    before: str
    after: str
    snippets: tuple[Candidate, ...]
    sources: tuple[Source, ...]
    left_out: tuple[LeftOut, ...]
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """Whole lines of the document before and after the selection."""

    before: Span
    after: Span
    before_tokens: int
    after_tokens: int


def select_around(
    document: Document,
    selection: Span,
    *,
    tokens: int,
    count: Count,
    candidates: Sequence[Candidate],
    beyond: str,
) -> Around:
    """Keep the selection whole and fill the rest of ``tokens`` with its surroundings and snippets.

    A snippet whose lines are already in the surroundings is left out. ``beyond`` is the reason that is
    recorded for what does not fit.

    Raises
    ------
    ContextTooLong
        The selection itself does not fit.

    """
    used = count(document.slice(selection))
    if used > tokens:
        message = (
            f"The selection has {used} tokens and {tokens} fit the context: "
            "select less, or serve the model with a larger context."
        )
        raise ContextTooLong(message)
    rest = tokens - used
    first, last = document.lines_of(selection)
    share = int(rest * _SNIPPET_SHARE) if candidates else 0
    lines = _lines_around(document, first, last, rest - share, count)
    ranked = _choose(document, lines, candidates, share, count, beyond=beyond)
    if ranked.tokens < share:
        # Unused tokens go to the surroundings; snippets that these now contain are removed.
        lines = _lines_around(document, first, last, rest - ranked.tokens, count)
        ranked = _choose(document, lines, candidates, ranked.tokens, count, beyond=beyond)
    sources = [
        Source(document.uri, first, last, used, "selection"),
        *_sources(document, lines, first, last),
        *ranked.sources,
    ]
    return Around(
        code=document.slice(selection),
        before=document.slice(lines.before),
        after=document.slice(lines.after),
        snippets=tuple(candidate for candidate, _ in ranked.chosen),
        sources=tuple(sources),
        left_out=(*ranked.left_out, *_left_out(document, lines, sources, beyond)),
        tokens=used + lines.before_tokens + lines.after_tokens + ranked.tokens,
    )


def _lines_around(document: Document, first: int, last: int, tokens: int, count: Count) -> _Surroundings:
    head = document.line_starts[first]
    tail = document.line_span_with_end(last).end
    before = window(document, Span(head, head), tokens // 2, 0.0, count)
    after = window(document, Span(tail, tail), tokens - before.prefix_tokens, 1.0, count)
    return _Surroundings(before.prefix, after.suffix, before.prefix_tokens, after.suffix_tokens)


def _choose(
    document: Document,
    lines: _Surroundings,
    candidates: Sequence[Candidate],
    tokens: int,
    count: Count,
    *,
    beyond: str,
) -> Ranked:
    shown = Span(lines.before.start, lines.after.end)
    first, last = document.lines_of(shown)
    around = Source(document.uri, first, last, 0, "")
    return choose(candidates, tokens, count, around, document.slice(shown), beyond=beyond)


def _sources(document: Document, lines: _Surroundings, first: int, last: int) -> list[Source]:
    sources: list[Source] = []
    if lines.before:
        top = document.line_of(lines.before.start)
        sources.append(Source(document.uri, top, first - 1, lines.before_tokens, "before the selection"))
    if lines.after:
        bottom = document.line_of(lines.after.end - 1)
        sources.append(Source(document.uri, last + 1, bottom, lines.after_tokens, "after the selection"))
    return sources


def _left_out(
    document: Document, lines: _Surroundings, sources: Sequence[Source], beyond: str
) -> list[LeftOut]:
    """Non-blank lines before and after that did not fit."""
    left_out: list[LeftOut] = []
    if document.text[: lines.before.start].strip():
        end = max(0, document.line_of(lines.before.start) - 1)
        left_out += without(sources, LeftOut(document.uri, 0, end, f"before the selection; {beyond}"))
    if document.text[lines.after.end :].strip():
        start, end = document.line_of(lines.after.end), document.line_count - 1
        left_out += without(sources, LeftOut(document.uri, start, end, f"after the selection; {beyond}"))
    return left_out

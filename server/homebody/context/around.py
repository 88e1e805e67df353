"""Context of explain, ask and refactor: the whole selection, then the code around it."""

from collections.abc import Sequence
from dataclasses import dataclass

from homebody.audit import LeftOut, Source
from homebody.context.select import beyond_window, choose_beside, window_sources
from homebody.context.window import Count, window
from homebody.errors import ContextTooLong
from homebody.syntax.chunk import Candidate
from homebody.text import Document, Span

_SNIPPET_SHARE = 0.5
"""Snippets' share of the tokens that the selection leaves free; the surrounding lines get the rest."""

_AFTER_SHARE = 0.5
"""Share of the lines after the selection; those before it get what they do not need, and the reverse."""


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
    lines = Span(document.line_starts[first], document.line_span_with_end(last).end)
    share = int(rest * _SNIPPET_SHARE) if candidates else 0
    whole = window(document, lines, rest - share, _AFTER_SHARE, count)
    ranked = choose_beside(document, whole, candidates, share, count, beyond=beyond)
    if ranked.tokens < share:
        # Unused tokens go to the surroundings; snippets that these now contain are removed.
        whole = window(document, lines, rest - ranked.tokens, _AFTER_SHARE, count)
        ranked = choose_beside(document, whole, candidates, ranked.tokens, count, beyond=beyond)
    sources = [
        Source(document.uri, first, last, used, "selection"),
        *window_sources(document, whole, "before the selection", "after the selection"),
        *ranked.sources,
    ]
    whys = f"before the selection; {beyond}", f"after the selection; {beyond}"
    above, below = beyond_window(document, whole, sources, *whys)
    return Around(
        code=document.slice(selection),
        before=document.slice(whole.prefix),
        after=document.slice(whole.suffix),
        snippets=tuple(candidate for candidate, _ in ranked.chosen),
        sources=tuple(sources),
        left_out=(*ranked.left_out, *above, *below),
        tokens=used + whole.tokens + ranked.tokens,
    )

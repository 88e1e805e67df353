"""Context of explain, ask and refactor: the selection whole, then what stands around it.

In: document, selection, candidates, tokens. Out: the texts that fit, their sources, what was left
out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from homebody.audit import LeftOut, Source
from homebody.context.rank import choose
from homebody.context.window import Count, window
from homebody.errors import ContextTooLong
from homebody.syntax.chunk import Candidate
from homebody.text import Document, Span


@dataclass(frozen=True, slots=True)
class Around:
    """What goes into a chat prompt.

    ``code`` is the selection; ``before`` and ``after`` are whole lines of the same document next to
    it; ``snippets`` come from elsewhere.
    """

    code: str
    before: str
    after: str
    snippets: tuple[Candidate, ...]
    sources: tuple[Source, ...]
    left_out: tuple[LeftOut, ...]


def select_around(
    document: Document,
    selection: Span,
    *,
    tokens: int,
    count: Count,
    candidates: Sequence[Candidate] = (),
) -> Around:
    """Keep the selection whole and fill the rest of ``tokens`` with its surroundings and snippets.

    Raises
    ------
    ContextTooLong
        The selection itself does not fit.

    """
    code = document.slice(selection)
    used = count(code)
    if used > tokens:
        message = (
            f"The selection has {used} tokens and {tokens} fit the context: "
            "select less, or serve the model with a larger context."
        )
        raise ContextTooLong(message)
    return _filled(document, selection, used, tokens - used, count, candidates)


def select_beginning(document: Document, selection: Span, *, tokens: int, count: Count) -> Around:
    """Keep as many whole lines from the selection's start as fit, and say which were left out."""
    line = document.line_of(selection.start)
    end, used = selection.start, 0
    while end < selection.end:
        stop = min(document.line_span_with_end(line).end, selection.end)
        cost = count(document.text[end:stop])
        if used + cost > tokens:
            break
        used += cost
        end = stop
        line += 1
    if end == selection.start:
        message = (
            f"Not even the first line fits the {tokens} tokens of the context: "
            "serve the model with a larger context."
        )
        raise ContextTooLong(message)
    last = document.line_of(max(selection.start, selection.end - 1))
    left = LeftOut(document.uri, line, last, "did not fit; the explanation covers what stands before it")
    around = _filled(document, Span(selection.start, end), used, 0, count, ())
    return Around(around.code, "", "", (), around.sources, (left,))


def _filled(  # noqa: PLR0917 - private, all of one kind of value
    document: Document,
    selection: Span,
    used: int,
    rest: int,
    count: Count,
    candidates: Sequence[Candidate],
) -> Around:
    first = document.line_of(selection.start)
    last = document.line_of(max(selection.start, selection.end - 1))
    sources = [Source(document.uri, first, last, used, "selection")]
    here = Source(document.uri, first, last, 0, "")
    ranked = choose(candidates, rest // 3, count, here, document.slice(selection))
    rest -= ranked.tokens
    head = document.line_starts[first]
    before = window(document, Span(head, head), rest // 2, 0.0, count)
    tail = document.line_span_with_end(last).end
    after = window(document, Span(tail, tail), rest - before.prefix_tokens, 1.0, count)
    left_out = list(ranked.left_out)
    if before.prefix:
        top = document.line_of(before.prefix.start)
        sources.append(Source(document.uri, top, first - 1, before.prefix_tokens, "before the selection"))
    if before.prefix.start > 0:
        end = document.line_of(before.prefix.start)
        left_out.append(LeftOut(document.uri, 0, max(0, end - 1), "before the selection; did not fit"))
    if after.suffix:
        bottom = document.line_of(after.suffix.end - 1)
        sources.append(Source(document.uri, last + 1, bottom, after.suffix_tokens, "after the selection"))
    if after.suffix.end < len(document.text):
        start = document.line_of(after.suffix.end)
        left_out.append(
            LeftOut(document.uri, start, document.line_count - 1, "after the selection; did not fit")
        )
    sources += [Source(c.uri, c.first_line, c.last_line, t, c.why) for c, t in ranked.chosen]
    return Around(
        code=document.slice(selection),
        before=document.slice(before.prefix),
        after=document.slice(after.suffix),
        snippets=tuple(candidate for candidate, _ in ranked.chosen),
        sources=tuple(sources),
        left_out=tuple(left_out),
    )

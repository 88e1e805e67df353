"""A wider beginning that was being read when typing went on: what was read of it stays of use.

In: that beginning, and how far the server has come with it. Out: a burst of the read part, a gap, and
the lines next to the cursor.
The server's cache holds one beginning. Whoever asks with another one throws it away; so the part that
was read, the far end of the window, goes in front of the narrow window as it is. The next pause reads on
from there: the full window begins in the same way.
"""

from collections.abc import Iterator
from dataclasses import replace

from homebody.audit import LeftOut, Source
from homebody.context.select import OF_THE_WINDOW, Context, without
from homebody.features.completion_prompt import Target, new_burst, prompt_for
from homebody.features.read_ahead import common_length
from homebody.session.burst import Burst
from homebody.session.session import Session
from homebody.text import Document, Span

_WORTH_KEEPING = 2
"""The read part has to be so many times the narrow window: then more is known with it than without."""


def behind_what_is_read(
    session: Session, target: Target, document: Document, offset: int, *, coming: Burst, tokens: int
) -> Burst | None:
    """Return a burst of what was read of ``coming``, and of ``tokens`` next to the cursor.

    ``None`` where too little was read, or the model takes the suffix first.

    Raises
    ------
    ContextTooLong
        The context length that is served leaves no room for a prompt.

    """
    far = _read_part(session, target, document, offset, coming)
    read = session.engine.completion.tokens.count(document.slice(far))
    if read < _WORTH_KEEPING * tokens:
        return None
    near = new_burst(session.engine, target, document, offset, tokens=tokens)
    if near.start <= far.end:
        return None
    return replace(
        near,
        context=_joined(document, coming.context, near.context, far, read),
        narrow=True,
        typed_limit=min(near.typed_limit, coming.typed_limit),
        reach=far.start,
    )


def _read_part(session: Session, target: Target, document: Document, offset: int, coming: Burst) -> Span:
    """Whole lines of the window that the server has read."""
    text = prompt_for(target, coming, document, document.text[coming.anchor : offset]).text
    window = coming.context.headers + coming.context.prefix
    begin = text.find(window)
    read = common_length(text, session.read) - begin - len(coming.context.headers)
    if begin < 0 or read <= 0 or not window:
        return Span(coming.start, coming.start)
    lines = coming.context.prefix.rfind("\n", 0, read) + 1
    return Span(coming.start, coming.start + lines)


def _joined(document: Document, wide: Context, near: Context, far: Span, tokens: int) -> Context:
    first, last = document.line_of(far.start), document.line_of(far.end - 1)
    part = Source(document.uri, first, last, tokens, "further up")
    elsewhere = [one for one in wide.sources if one.why not in OF_THE_WINDOW]
    # Headers of scopes that the narrow window cuts off stand in the gap, or in the part that was read.
    own = [one for one in near.sources if one.why in OF_THE_WINDOW or one.first_line > last]
    headers = [one for one in own if one.why not in OF_THE_WINDOW]
    lines = [Span(document.line_starts[one.first_line], _end(document, one)) for one in headers]
    return replace(
        near,
        headers=wide.headers + document.slice(far) + "".join(map(document.slice, lines)),
        snippets=wide.snippets,
        sources=(*elsewhere, part, *own),
        left_out=tuple(_left_out(document, wide, near, far)),
        tokens=sum(one.tokens for one in (*elsewhere, part, *own)),
    )


def _end(document: Document, source: Source) -> int:
    return document.line_span_with_end(source.last_line).end


def _left_out(document: Document, wide: Context, near: Context, far: Span) -> Iterator[LeftOut]:
    """What stands before the window and in its gap, and what was left out elsewhere."""
    yield from (one for one in wide.left_out if one.uri != document.uri or one.why != "after the window")
    gap = (document.line_of(far.end), document.line_of(near.window.prefix.start) - 1)
    if gap[0] <= gap[1]:
        # Headers of scopes that stand in the gap are in.
        yield from without(near.sources, LeftOut(document.uri, *gap, "not read yet"))
    yield from (one for one in near.left_out if one.why == "after the window")

"""Uses the part of a wider window that was read before typing resumed.

In: ``PlanInputs`` with an arriving window. Out: a narrow window that keeps the part that was read: that part,
a gap, and the lines next to the cursor.
For servers that cache one prompt: a request with another beginning would make the server drop what it has
read. So the part that was read, which is the beginning of the window, is put unchanged before the narrow
window, and the next pause continues from there.
"""

from collections.abc import Iterator
from dataclasses import replace

from homebody.audit import LeftOut, Source
from homebody.context.select import OF_THE_WINDOW, Context, without
from homebody.features.complete.new_window import near_window
from homebody.features.complete.plan_inputs import PlanInputs
from homebody.features.complete.prompt import prompt_for
from homebody.session.prompt_window import PromptWindow
from homebody.text import Document, Span

_WORTH_KEEPING = 2
"""Minimum size of the part that was read, as a multiple of the narrow window; less is not used."""


def resumed_window(inputs: PlanInputs, arriving: PromptWindow, share: float) -> PromptWindow | None:
    """Return a window with the part of ``arriving`` that was read and the lines next to the cursor.

    ``share`` is the share of the prompt that was read.

    ``None`` if too little was read, or if the model expects the suffix first.

    Raises
    ------
    ContextTooLong
        The served context length leaves no room for a prompt.

    """
    far = _read_part(inputs, arriving, share)
    read = inputs.count(inputs.document.slice(far))
    if read < _WORTH_KEEPING * inputs.at_once:
        return None
    near = near_window(inputs, inputs.at_once)
    if near.start <= far.end:
        return None
    return replace(
        near,
        context=_joined(inputs.document, arriving.context, near.context, far, read),
        narrow=True,
        typed_limit=min(near.typed_limit, arriving.typed_limit),
        reach=far.start,
    )


def _read_part(inputs: PlanInputs, arriving: PromptWindow, share: float) -> Span:
    """Whole lines of the window that the server has read."""
    document = inputs.document
    text = prompt_for(inputs.target, arriving, document, document.text[arriving.anchor : inputs.offset]).text
    wanted = arriving.context.headers + arriving.context.prefix
    begin = text.find(wanted)
    read = int(len(text) * share) - begin - len(arriving.context.headers)
    if begin < 0 or read <= 0 or not wanted:
        return Span(arriving.start, arriving.start)
    lines = arriving.context.prefix.rfind("\n", 0, read) + 1
    return Span(arriving.start, arriving.start + lines)


def _joined(document: Document, wide: Context, near: Context, far: Span, tokens: int) -> Context:
    first, last = document.line_of(far.start), document.line_of(far.end - 1)
    part = Source(document.uri, first, last, tokens, "further up")
    elsewhere = [one for one in wide.sources if one.why not in OF_THE_WINDOW]
    # Headers of scopes that the narrow window cuts off are in the gap, or in the part that was read.
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
    """Lines left out before the window and in its gap, and those left out elsewhere."""
    yield from (one for one in wide.left_out if one.uri != document.uri or one.why != "after the window")
    gap = (document.line_of(far.end), document.line_of(near.window.prefix.start) - 1)
    if gap[0] <= gap[1]:
        # Scope headers in the gap are part of the prompt.
        yield from without(near.sources, LeftOut(document.uri, *gap, "not read yet"))
    yield from (one for one in near.left_out if one.why == "after the window")

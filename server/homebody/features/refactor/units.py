"""Large code as parts that each fit the context together with their new version.

In: a request, tokens that a part may have. Out: a request for each part, and the lines that no part
holds. A part is whole definitions or statements; a function that is larger than that is left out.
Pure; reads the whole tree, so it runs in a thread.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from homebody.features.refactor.results import Request, Skipped
from homebody.features.refactor.target import definition_around
from homebody.syntax.scope import Definition, definitions
from homebody.text import Document, Span

_TOO_LARGE = "it is larger than the context of the model"


def units_of(
    request: Request, max_tokens: int, count: Callable[[str], int]
) -> tuple[list[Request], list[Skipped]]:
    """Split the target into parts of at most ``max_tokens`` tokens each.

    A class that is too large is split into its members; other lines of it stay unchanged.
    """
    document, target = request.document, request.target
    everything = [
        one
        for one in definitions(document, request.tree)
        if (one.is_function or one.is_class or one.kind == "module")
        and target.start <= one.span.start
        and one.span.end <= target.end
    ]
    parts: list[Request] = []
    skipped: list[Skipped] = []
    for one in _outermost(everything, target):
        for part, fits in _parts(document, one, everything, max_tokens, count):
            span = _whole_lines(document, part.span)
            if fits:
                around = definition_around(document, request.tree, part.span)
                parts.append(replace(request, target=span, definition=around))
            else:
                last = document.line_of(max(span.start, span.end - 1))
                skipped.append(Skipped(document.line_of(span.start), last, f"{part.name}: {_TOO_LARGE}"))
    return parts, skipped


def _parts(
    document: Document,
    one: Definition,
    everything: list[Definition],
    max_tokens: int,
    count: Callable[[str], int],
) -> Iterator[tuple[Definition, bool]]:
    """``one`` where it fits, else the members of a class; each with whether it fits."""
    if count(document.slice(_whole_lines(document, one.span))) <= max_tokens:
        yield one, True
        return
    members = _outermost([other for other in everything if other is not one], one.span)
    if one.is_function or not members:
        yield one, False
        return
    for member in members:
        yield from _parts(document, member, everything, max_tokens, count)


def _outermost(found: list[Definition], within: Span) -> list[Definition]:
    """Definitions in ``within`` that lie in no other one of them."""
    outermost: list[Definition] = []
    for one in sorted(found, key=lambda one: (one.span.start, -one.span.end)):
        inside = within.start <= one.span.start and one.span.end <= within.end
        if inside and (not outermost or one.span.start >= outermost[-1].span.end):
            outermost.append(one)
    return outermost


def _whole_lines(document: Document, span: Span) -> Span:
    last = document.line_of(max(span.start, span.end - 1))
    return Span(document.line_starts[document.line_of(span.start)], document.line_span(last).end)

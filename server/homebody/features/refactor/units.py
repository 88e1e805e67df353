"""Split large code into parts that each fit the context together with their new version.

In: a request, the tokens that a part may have. Out: a request for each part, and the lines that are in no
part. Code with definitions is split into those; a function that is too large is left out. Other text
(configuration, prose, a script) is split between its statements or paragraphs.
Pure; reads the whole tree, so it runs in a thread.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from homebody.features.refactor.results import Request, Skipped
from homebody.features.refactor.target import definition_around
from homebody.syntax.chunk import chunk_document
from homebody.syntax.scope import Definition, definitions
from homebody.text import Document, Span

_TOO_LARGE = "it is larger than the context of the model"
_LARGEST_PIECE = 3_000
"""Maximum size of a part without definitions, in tokens: models omit more of a longer one."""
_SMALLEST_PIECE = 64
"""Below this many tokens a piece is too small to be rewritten by itself."""


def units_of(
    request: Request, max_tokens: int, count: Callable[[str], int]
) -> tuple[list[Request], list[Skipped]]:
    """Split the target into parts of at most ``max_tokens`` tokens each.

    A class that is too large is split into its members; other lines of it stay unchanged.
    Both lists are empty if the target cannot be split.
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
            span = document.whole_lines(part.span)
            if fits:
                around = definition_around(document, request.tree, part.span)
                parts.append(replace(request, target=span, definition=around))
            else:
                skipped.append(Skipped(*document.lines_of(span), f"{part.name}: {_TOO_LARGE}"))
    if not parts and not skipped and request.prompt.scope == "selection":
        return _pieces(request, max_tokens, count)
    return parts, skipped


def _pieces(
    request: Request, max_tokens: int, count: Callable[[str], int]
) -> tuple[list[Request], list[Skipped]]:
    """Split a target without definitions between its statements; blank pieces are left out."""
    document, target = request.document, request.target
    limit = min(_LARGEST_PIECE, max_tokens)
    parts: list[Request] = []
    skipped: list[Skipped] = []
    if limit < _SMALLEST_PIECE:
        return parts, skipped

    def tokens_of(text: str) -> int:
        # The prompt has the text without its last line end, and the estimate without it may be higher.
        return max(count(text), count(text.rstrip("\r\n")))

    for chunk in chunk_document(document, request.tree, limit, tokens_of):
        start = max(target.start, document.line_starts[chunk.first_line])
        end = min(target.end, document.line_span(chunk.last_line).end)
        if not document.text[start:end].strip():
            continue
        if (chunk.tokens or 0) > limit:
            reason = f"a line is never split, and {_TOO_LARGE}"
            skipped.append(Skipped(chunk.first_line, chunk.last_line, reason))
        else:
            parts.append(replace(request, target=Span(start, end)))
    return parts, skipped


def _parts(
    document: Document,
    one: Definition,
    everything: list[Definition],
    max_tokens: int,
    count: Callable[[str], int],
) -> Iterator[tuple[Definition, bool]]:
    """``one`` if it fits, otherwise the members of a class; each with whether it fits."""
    if count(document.slice(document.whole_lines(one.span))) <= max_tokens:
        yield one, True
        return
    members = _outermost([other for other in everything if other is not one], one.span)
    if one.is_function or not members:
        yield one, False
        return
    for member in members:
        yield from _parts(document, member, everything, max_tokens, count)


def _outermost(found: list[Definition], within: Span) -> list[Definition]:
    """Definitions in ``within`` that are not inside another of them."""
    outermost: list[Definition] = []
    for one in sorted(found, key=lambda one: (one.span.start, -one.span.end)):
        inside = within.start <= one.span.start and one.span.end <= within.end
        if inside and (not outermost or one.span.start >= outermost[-1].span.end):
            outermost.append(one)
    return outermost

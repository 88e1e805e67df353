"""Collect the names around an offset, to find related code for a prompt.

Pure, and fast enough for every keystroke.
"""

import re
from collections.abc import Iterable, Sequence

from homebody.syntax.language import keywords
from homebody.syntax.opaque import opaque_spans
from homebody.syntax.tree import Tree
from homebody.text import Document, Span

_NEARBY_LINES = 40
_MAX_CHARS = 4_000
_MAX_SPAN_CHARS = 64_000
_NAME = re.compile(r"[^\W\d][\w$]*")


def identifiers_near(document: Document, tree: Tree, offset: int, limit: int = 32) -> tuple[str, ...]:
    """Names in the forty lines around ``offset``, without duplicates or keywords, nearest first.

    Text in strings and comments is left out as far as the tree knows it.
    """
    line = document.line_of(offset)
    start = document.line_starts[max(0, line - _NEARBY_LINES)]
    end = document.line_span(min(document.line_count - 1, line + _NEARBY_LINES)).end
    window = Span(max(start, offset - _MAX_CHARS), min(end, offset + _MAX_CHARS))
    opaque = opaque_spans(document, tree, window) if tree.fits(document) else ()
    reserved = keywords(tree.language) if tree.language else frozenset[str]()
    nearest: dict[str, int] = {}
    for match in _names(document.text, window, opaque):
        name = match.group()
        distance = max(match.start() - offset, offset - match.end(), 0)
        if len(name) > 1 and name not in reserved and distance < nearest.get(name, distance + 1):
            nearest[name] = distance
    return tuple(sorted(nearest, key=nearest.__getitem__)[:limit])


def identifiers_in(document: Document, tree: Tree, span: Span, limit: int = 64) -> tuple[str, ...]:
    """Names used in ``span``, without duplicates or keywords, in order of first use.

    Text in strings and comments is skipped where the tree knows it. Looks at the first 64,000 code points.
    """
    window = Span(span.start, min(span.end, span.start + _MAX_SPAN_CHARS))
    opaque = opaque_spans(document, tree, window) if tree.fits(document) else ()
    reserved = keywords(tree.language) if tree.language else frozenset[str]()
    names = dict.fromkeys(match.group() for match in _names(document.text, window, opaque))
    return tuple(name for name in names if len(name) > 1 and name not in reserved)[:limit]


def _names(text: str, window: Span, opaque: Sequence[Span]) -> Iterable[re.Match[str]]:
    at = window.start
    for hole in (*opaque, Span(window.end, window.end)):
        yield from _NAME.finditer(text, at, max(at, min(hole.start, window.end)))
        at = max(at, hole.end)

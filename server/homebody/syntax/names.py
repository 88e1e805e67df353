"""Find the variables and functions named in a text, and where they are bound; and names near the cursor.

Pure. The captures of the language's query file say which nodes are names and which nodes bind them; members,
labels, keyword arguments and types are not included. ``names`` is used to check edits, never on the keystroke
path; ``identifiers_near`` is fast enough for every keystroke.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from homebody.syntax import nodes
from homebody.syntax.language import keywords
from homebody.syntax.opaque import opaque_spans
from homebody.syntax.tree import Tree
from homebody.text import Document, Span

# Captures that decide what a name inside the node is; of two captures of one node the later one wins.
_ROLES: Mapping[str, int] = {
    "bound.outside": 0,
    "bound": 1,
    "bound.around": 2,
    "declared": 3,
    "used": 4,
    "fixed": 5,
}
_BINDING = frozenset({"bound", "bound.around", "bound.outside", "declared"})


class Name(Struct, frozen=True, gc=False):
    """An identifier that refers to a variable or a function.

    Attributes
    ----------
    binds
        Whether a value is bound to the name here.
    scope
        Where a name bound here is valid: the smallest function, block or other region around it. ``None``
        if it is valid outside of the code, such as a top-level name, a member or an import, and for names
        that are used here.
    is_ambiguous
        Whether it may also name a member, so that renaming it would change that.
    is_shorthand
        Whether it names a variable and a member of the same name: ``{x}`` for ``{x: x}``.

    """

    text: str
    start: int
    binds: bool
    scope: Span | None = None
    is_ambiguous: bool = False
    is_shorthand: bool = False


def names(document: Document, tree: Tree, within: Span | None = None) -> tuple[Name, ...]:
    """Return the variables and functions that are named in ``within``, in order.

    ``()`` without a tree, and in a language whose query file does not describe names.
    """
    within = within or document.whole
    captures = nodes.captured(tree, "names", within)
    listed = list(_names(document, captures, within))
    for name in captures["around"]:
        region = min((span for span in captures["region"] if span.covers(name)), key=len, default=name)
        listed = list(_bound_around(listed, document.slice(name), region))
    return tuple(listed)


def _bound_around(listed: Sequence[Name], text: str, region: Span) -> Iterator[Name]:
    """Names of which those in ``region`` are bound where a function around it binds them, if one does."""
    scopes = [name.scope for name in listed if name.text == text and name.scope is not None]
    outer = (span for span in scopes if span != region and span.covers(region))
    scope = min(outer, key=len, default=None)
    for name in listed:
        is_inside = name.text == text and name.binds and region.start <= name.start < region.end
        yield replace(name, scope=scope, binds=scope is not None) if is_inside else name


def _names(document: Document, captures: Mapping[str, set[Span]], within: Span) -> Iterator[Name]:
    """Names in order."""
    elsewhere = {document.slice(span) for span in captures["elsewhere"]}
    # A name is valid in the innermost of these; a name bound around a region passes some of them.
    regions, members = captures["region"], captures["members"]
    limits = sorted(regions | members, key=lambda span: (span.start, -span.end))
    roles = [(span, role) for role in _ROLES for span in captures[role]]
    roles.sort(key=lambda item: (item[0].start, -item[0].end, _ROLES[item[1]]))
    owners = sorted(captures["own"])
    around, limited, owned = _Nested([span for span, _ in roles]), _Nested(limits), _Nested(owners)
    for span in sorted(captures["variable"]):
        roles_here = around.at(span.start)
        if not within.start <= span.start < within.end:
            continue
        role = roles[roles_here[-1]][1] if roles_here else "used"
        is_shorthand = span in captures["shorthand"]
        if role == "fixed" and not is_shorthand and span not in captures["ambiguous"]:
            continue
        text = document.slice(span)
        binds = role in _BINDING and text not in elsewhere
        scope = None
        if binds and role != "bound.outside":
            own = owners[owned.at(span.start)[-1]] if role == "declared" else None
            passed = captures["passed"] if role == "bound.around" else set[Span]()
            limits_here = [limits[at] for at in limited.at(span.start)]
            scope = _innermost([limit for limit in limits_here if limit not in passed], own)
            # A class body that holds one function only has the span of that function.
            is_member = own in members or (scope in members and scope not in regions)
            scope = None if is_member else scope
        yield Name(text, span.start, binds, scope, span in captures["ambiguous"], is_shorthand)


def _innermost(limits: Sequence[Span], own: Span | None) -> Span | None:
    """Return the innermost of nested spans that lies outside of ``own``."""
    outside = [span for span in limits if own is None or (span != own and span.covers(own))]
    return outside[-1] if outside else None


class _Nested:
    """Sorted, nested spans, read from the beginning to the end."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self._spans = spans
        self._next = 0
        self._open: list[int] = []

    def at(self, offset: int) -> list[int]:
        """Indices of the spans around ``offset``, the outermost first; offsets must not decrease."""
        spans, around = self._spans, self._open
        while self._next < len(spans) and (start := spans[self._next].start) <= offset:
            while around and spans[around[-1]].end <= start:
                around.pop()
            around.append(self._next)
            self._next += 1
        while around and spans[around[-1]].end <= offset:
            around.pop()
        return around


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
    nearest: dict[str, int] = {}
    for match in _identifiers(document, tree, window):
        distance = max(match.start() - offset, offset - match.end(), 0)
        nearest[match[0]] = min(distance, nearest.get(match[0], distance))
    return tuple(sorted(nearest, key=nearest.__getitem__)[:limit])


def identifiers_in(document: Document, tree: Tree, span: Span, limit: int = 64) -> tuple[str, ...]:
    """Names used in ``span``, without duplicates or keywords, in order of first use.

    Text in strings and comments is skipped where the tree knows it. Looks at the first 64,000 code points.
    """
    window = Span(span.start, min(span.end, span.start + _MAX_SPAN_CHARS))
    return tuple(dict.fromkeys(match[0] for match in _identifiers(document, tree, window)))[:limit]


def _identifiers(document: Document, tree: Tree, window: Span) -> Iterator[re.Match[str]]:
    """Names of more than one letter outside of strings and comments; keywords are none."""
    opaque = opaque_spans(document, tree, window) if tree.fits(document) else ()
    reserved = keywords(tree.language) if tree.language else frozenset[str]()
    at = window.start
    for hole in (*opaque, Span(window.end, window.end)):
        for match in _NAME.finditer(document.text, at, max(at, min(hole.start, window.end))):
            if len(match[0]) > 1 and match[0] not in reserved:
                yield match
        at = max(at, hole.end)

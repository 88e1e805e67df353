"""Find the variables and functions named in a text, and where they are bound.

Pure. The captures of the language's query file say which nodes are names and which nodes bind them; members,
labels, keyword arguments and types are not included. Used to check edits, never on the keystroke path.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from homebody.syntax import nodes
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


@dataclass(frozen=True, slots=True)
class Name:
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
    found = _Found()
    for match in nodes.matches(tree, "names", within):
        found.add(match)
    elsewhere = {document.slice(span) for span in found.elsewhere}
    listed = list(_names(document, found, within, elsewhere))
    for span in found.around:
        listed = list(_bound_around(listed, document.slice(span), _region(found, span)))
    return tuple(listed)


def declared_elsewhere(document: Document, tree: Tree, within: Span) -> frozenset[str]:
    """Return the names that functions in ``within`` declare to be bound outside of them."""
    matches = nodes.matches(tree, "names", within)
    spans = [span for match in matches for key in ("elsewhere", "around") for span in match.get(key, ())]
    return frozenset(document.slice(span) for span in spans if within.covers(span))


def _region(found: "_Found", span: Span) -> Span:
    """Innermost region around ``span``."""
    return min((one for one in found.regions if one.covers(span)), key=len, default=span)


def _bound_around(listed: Sequence[Name], text: str, region: Span) -> Iterator[Name]:
    """Names of which those in ``region`` are bound where a function around it binds them, if one does."""
    scopes = [one.scope for one in listed if one.text == text and one.scope is not None]
    scope = min((one for one in scopes if one != region and one.covers(region)), key=len, default=None)
    for one in listed:
        is_inside = one.text == text and one.binds and region.start <= one.start < region.end
        yield replace(one, scope=scope, binds=scope is not None) if is_inside else one


@dataclass(slots=True)
class _Found:
    """Spans of all captures.

    ``regions`` and ``members`` are the nodes that limit where a name is valid, except, of the regions
    ``passed``, a name bound around them; ``own`` maps the name of a function or class to its definition.
    """

    variables: set[Span] = field(default_factory=set[Span])
    roles: set[tuple[Span, str]] = field(default_factory=set[tuple[Span, str]])
    ambiguous: set[Span] = field(default_factory=set[Span])
    shorthands: set[Span] = field(default_factory=set[Span])
    elsewhere: set[Span] = field(default_factory=set[Span])
    around: set[Span] = field(default_factory=set[Span])
    regions: set[Span] = field(default_factory=set[Span])
    passed: set[Span] = field(default_factory=set[Span])
    members: set[Span] = field(default_factory=set[Span])
    own: dict[Span, Span] = field(default_factory=dict[Span, Span])

    def add(self, match: nodes.Match) -> None:
        """Add the captures of one match."""
        plain = {
            "variable": self.variables,
            "ambiguous": self.ambiguous,
            "shorthand": self.shorthands,
            "elsewhere": self.elsewhere,
            "around": self.around,
            "region": self.regions,
            "passed": self.passed,
            "members": self.members,
        }
        for capture, spans in match.items():
            if capture in plain:
                plain[capture].update(spans)
            elif capture in _ROLES:
                self.roles.update((span, capture) for span in spans)
        for span in match.get("declared", ()):
            self.own[span] = match["own"][0]


def _names(document: Document, found: _Found, within: Span, elsewhere: set[str]) -> Iterator[Name]:
    roles = sorted(found.roles, key=lambda one: (one[0].start, -one[0].end, _ROLES[one[1]]))
    limits = sorted(found.regions | found.members, key=lambda span: (span.start, -span.end))
    around = _Nested([span for span, _ in roles])
    limited = _Nested(limits)
    for span in sorted(found.variables):
        roles_here, limits_here = around.at(span.start), limited.at(span.start)
        if not within.start <= span.start < within.end:
            continue
        role_span, role = roles[roles_here[-1]] if roles_here else (span, "used")
        is_shorthand = span in found.shorthands
        if role == "fixed" and not is_shorthand and span not in found.ambiguous:
            continue
        text = document.slice(span)
        binds = role in _BINDING and text not in elsewhere
        scope = None
        if binds and role != "bound.outside":
            own = found.own.get(role_span) if role == "declared" else None
            passed = found.passed if role == "bound.around" else set[Span]()
            scope = _innermost([limits[at] for at in limits_here if limits[at] not in passed], own)
            # A class body that holds one function only has the span of that function.
            is_member = own in found.members or (scope in found.members and scope not in found.regions)
            scope = None if is_member else scope
        yield Name(text, span.start, binds, scope, span in found.ambiguous, is_shorthand)


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
        while self._next < len(self._spans) and self._spans[self._next].start <= offset:
            self._open.append(self._next)
            self._next += 1
        self._open = [index for index in self._open if self._spans[index].end > offset]
        return self._open

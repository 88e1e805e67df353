"""Split large code into requests that each fit the context together with their new version.

Code with definitions is split into those and the statements between them; a function that is too large is
left out. Other text (configuration, prose, a script) is split between its statements or paragraphs.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from homebody.features.refactor.results import Offer, Part, RewriteRequest
from homebody.features.refactor.target import definition_around
from homebody.features.selection import trimmed
from homebody.syntax.chunk import pieces_of
from homebody.syntax.opaque import comments_start
from homebody.syntax.scope import Definition, outermost
from homebody.syntax.widen import snapped, with_decorations
from homebody.text import Span

Count: TypeAlias = Callable[[str], int]

TOO_LARGE = "it is larger than the context of the model"
_NOT_WHOLE = "these lines are no whole statements"
_LARGEST_PIECE = 3_000
"""Maximum size of a part without definitions, in tokens: models omit more of a longer one."""
_SMALLEST_PIECE = 64
"""Below this many tokens a piece is too small to be rewritten by itself."""

_CLOSER = re.compile(r"[\s})\];,]*|\s*end\b\s*;?\s*")
"""A line that only closes a class or another block."""


def split(request: RewriteRequest, max_tokens: int, count: Count) -> Iterator[Part]:
    """Yield the parts of the target with at most ``max_tokens`` tokens each; others are refused.

    A class that is too large is split into its members and the statements between them. Comments directly
    above a definition stay as they are. There is nothing if the target cannot be split.
    """
    members = [
        each
        for each in request.file.definitions
        if (each.is_function or each.is_class or each.kind == "module") and request.target.covers(each.span)
    ]
    parts = _Parts(request, members, max_tokens, count)
    if members:
        yield from parts.inside(request.target)
    elif request.prompt.scope == "selection":
        yield from parts.pieces(request.target)


def unfit(request: RewriteRequest, reason: str = TOO_LARGE) -> Part:
    """A part that the model is not asked about."""
    return Part(request, Offer(refusal=reason))


@dataclass(frozen=True, slots=True)
class _Parts:
    request: RewriteRequest
    definitions: list[Definition]
    max_tokens: int
    count: Count

    def inside(self, span: Span) -> Iterator[Part]:
        """Definitions in ``span``, and the statements between them."""
        document, tree = self.request.document, self.request.tree
        at = span.start
        for each in outermost(each for each in self.definitions if span.covers(each.span)):
            whole = document.whole_lines(with_decorations(document, tree, each.span))
            if whole.start < at:  # it begins on the last line of another one
                continue
            yield from self._between(Span(at, comments_start(document, tree, Span(at, whole.start))))
            yield from self._definition(each, whole)
            at = whole.end
        yield from self._between(Span(at, span.end))

    def _definition(self, definition: Definition, whole: Span) -> Iterator[Part]:
        """``definition`` if it fits, else the members of a class."""
        document = self.request.document
        request = replace(self.request, target=whole, definition=definition)
        if self.count(request.code) <= self.max_tokens:
            yield Part(request)
            return
        inner = (each for each in self.definitions if each != definition)
        if definition.is_function or not any(definition.span.covers(each.span) for each in inner):
            yield unfit(request)
            return
        # The header reaches to the block's opener, which may be on a line of its own.
        header = Span(whole.start, max(whole.start, definition.header.end - 1))
        first, last = document.lines_of(header)[1] + 1, document.lines_of(whole)[1]
        last -= _CLOSER.fullmatch(document.line_text(last)) is not None
        if first <= last:
            yield from self.inside(Span(document.line_starts[first], document.line_span(last).end))

    def _between(self, span: Span) -> Iterator[Part]:
        """Statements between definitions."""
        document, tree = self.request.document, self.request.tree
        if self.request.prompt.scope == "function" or not document.slice(span).strip():
            return
        span = trimmed(document, span)
        request = replace(self.request, target=span, definition=definition_around(document, tree, span))
        if snapped(document, tree, span) != span:
            yield unfit(request, _NOT_WHOLE)
        elif self.count(request.code) > self.max_tokens:
            yield from self.pieces(span)
        else:
            yield Part(request)

    def pieces(self, span: Span) -> Iterator[Part]:
        """Lines without definitions, split between their statements; blank pieces are left out."""
        document, tree = self.request.document, self.request.tree
        limit = min(_LARGEST_PIECE, self.max_tokens)
        if limit < _SMALLEST_PIECE:
            return
        for lines in pieces_of(document, tree, span, limit, self._count_of_piece):
            request = replace(self.request, target=trimmed(document, lines))
            is_large = self._count_of_piece(request.code) > limit
            yield unfit(request, f"a line is never split, and {TOO_LARGE}") if is_large else Part(request)

    def _count_of_piece(self, text: str) -> int:
        # The prompt has the text without its last line end, and the estimate without it may be higher.
        return max(self.count(text), self.count(text.rstrip("\r\n")))

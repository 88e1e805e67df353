"""Split large code into requests that each fit the context together with their new version.

Code with definitions is split into those and the statements between them; a function that is too large is
left out. Other text (configuration, prose, a script) is split between its statements or paragraphs.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from homebody.features.refactor.results import RewriteRequest, Skipped
from homebody.features.refactor.target import definition_around
from homebody.features.selection import trimmed
from homebody.syntax.chunk import pieces_of
from homebody.syntax.opaque import comments_start
from homebody.syntax.scope import Definition, outermost
from homebody.syntax.widen import snapped, with_decorations
from homebody.text import Span

Count: TypeAlias = Callable[[str], int]

_TOO_LARGE = "it is larger than the context of the model"
_NOT_WHOLE = "these lines are no whole statements"
_LARGEST_PIECE = 3_000
"""Maximum size of a part without definitions, in tokens: models omit more of a longer one."""
_SMALLEST_PIECE = 64
"""Below this many tokens a piece is too small to be rewritten by itself."""

_CLOSER = re.compile(r"[\s})\];,]*|\s*end\b\s*;?\s*")
"""A line that only closes a class or another block."""


def split(request: RewriteRequest, max_tokens: int, count: Count) -> Iterator[RewriteRequest | Skipped]:
    """Yield the parts of the target with at most ``max_tokens`` tokens each, and the lines that are in none.

    A class that is too large is split into its members and the statements between them. Comments directly
    above a definition stay as they are. There is nothing if the target cannot be split.
    """
    target = request.target
    members = [
        one
        for one in request.file.definitions
        if (one.is_function or one.is_class or one.kind == "module") and target.covers(one.span)
    ]
    parts = _Parts(request, members, max_tokens, count)
    if members:
        yield from parts.inside(target)
    elif request.prompt.scope == "selection":
        yield from parts.pieces(target)


@dataclass(frozen=True, slots=True)
class _Parts:
    request: RewriteRequest
    definitions: list[Definition]
    max_tokens: int
    count: Count

    def inside(self, span: Span) -> Iterator[RewriteRequest | Skipped]:
        """Definitions in ``span``, and the statements between them."""
        document, tree = self.request.document, self.request.tree
        at = span.start
        for one in outermost(one for one in self.definitions if span.covers(one.span)):
            whole = document.whole_lines(with_decorations(document, tree, one.span))
            if whole.start < at:  # it begins on the last line of another one
                continue
            yield from self._between(Span(at, comments_start(document, tree, Span(at, whole.start))))
            yield from self._definition(one, whole)
            at = whole.end
        yield from self._between(Span(at, span.end))

    def _definition(self, one: Definition, whole: Span) -> Iterator[RewriteRequest | Skipped]:
        """``one`` if it fits, else the members of a class."""
        document = self.request.document
        if self.count(document.slice(whole)) <= self.max_tokens:
            yield replace(self.request, target=whole, definition=one)
            return
        if one.is_function or not any(
            one.span.covers(other.span) for other in self.definitions if other != one
        ):
            yield self._skipped(whole, f"{one.name}: {_TOO_LARGE}")
            return
        # The header reaches to the block's opener, which may be on a line of its own.
        header = Span(whole.start, max(whole.start, one.header.end - 1))
        first, last = document.lines_of(header)[1] + 1, document.lines_of(whole)[1]
        last -= _CLOSER.fullmatch(document.line_text(last)) is not None
        if first <= last:
            yield from self.inside(Span(document.line_starts[first], document.line_span(last).end))

    def _between(self, span: Span) -> Iterator[RewriteRequest | Skipped]:
        """Statements between definitions."""
        document, tree = self.request.document, self.request.tree
        if self.request.prompt.scope == "function" or not document.slice(span).strip():
            return
        span = trimmed(document, span)
        if snapped(document, tree, span) != span:
            yield self._skipped(span, _NOT_WHOLE)
        elif self.count(document.slice(span)) > self.max_tokens:
            yield from self.pieces(span)
        else:
            yield replace(self.request, target=span, definition=definition_around(document, tree, span))

    def pieces(self, span: Span) -> Iterator[RewriteRequest | Skipped]:
        """Lines without definitions, split between their statements; blank pieces are left out."""
        document, tree = self.request.document, self.request.tree
        limit = min(_LARGEST_PIECE, self.max_tokens)
        if limit < _SMALLEST_PIECE:
            return
        for lines in pieces_of(document, tree, span, limit, self._count_of_piece):
            piece = trimmed(document, lines)
            if self._count_of_piece(document.slice(piece)) > limit:
                yield self._skipped(piece, f"a line is never split, and {_TOO_LARGE}")
            else:
                yield replace(self.request, target=piece)

    def _count_of_piece(self, text: str) -> int:
        # The prompt has the text without its last line end, and the estimate without it may be higher.
        return max(self.count(text), self.count(text.rstrip("\r\n")))

    def _skipped(self, span: Span, reason: str) -> Skipped:
        return Skipped(*self.request.document.lines_of(span), reason)

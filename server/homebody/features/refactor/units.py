"""Split large code into parts that each fit the context together with their new version.

In: a request, the tokens that a part may have. Out: a request for each part, and the lines that are in no
part. Code with definitions is split into those and the statements between them; a function that is too large
is left out. Other text (configuration, prose, a script) is split between its statements or paragraphs.
Pure; reads the whole tree, so it runs in a thread.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from homebody.features.refactor.results import Request, Skipped
from homebody.features.refactor.target import definition_around
from homebody.syntax.chunk import chunk_document
from homebody.syntax.decorations import with_decorations
from homebody.syntax.opaque import comments_start
from homebody.syntax.scope import Definition, definitions
from homebody.syntax.snap import snapped
from homebody.text import Span

Count: TypeAlias = Callable[[str], int]

_TOO_LARGE = "it is larger than the context of the model"
_HEADER = "its members are rewritten one by one, and its first lines stay"
_OUTSIDE = "it is outside of functions, which the action is for"
_NOT_WHOLE = "these lines are no whole statements"
_LARGEST_PIECE = 3_000
"""Maximum size of a part without definitions, in tokens: models omit more of a longer one."""
_SMALLEST_PIECE = 64
"""Below this many tokens a piece is too small to be rewritten by itself."""

_CLOSER = re.compile(r"[\s})\];,]*|\s*end\b\s*;?\s*")
"""A line that only closes a class or another block."""


def units_of(request: Request, max_tokens: int, count: Count) -> tuple[list[Request], list[Skipped]]:
    """Split the target into parts of at most ``max_tokens`` tokens each.

    A class that is too large is split into its members and the statements between them; its first lines
    are listed as skipped. Comments directly above a definition stay as they are. Both lists are empty if
    the target cannot be split.
    """
    document, target = request.document, request.target
    everything = [
        one
        for one in definitions(document, request.tree)
        if (one.is_function or one.is_class or one.kind == "module") and target.covers(one.span)
    ]
    units = _Units(request, max_tokens, count)
    outermost = _outermost(everything, target)
    for one in outermost:
        units.add_definition(one, everything)
    if outermost:
        for span in list(units.between()):
            units.add_between(span)
    elif request.prompt.scope == "selection":
        units.add_pieces(target)
    return sorted(units.parts, key=lambda part: part.target.start), units.skipped


@dataclass(slots=True)
class _Units:
    """Parts found so far, the lines that are skipped, and all lines that are one of the two."""

    request: Request
    max_tokens: int
    count: Count
    parts: list[Request] = field(default_factory=list[Request])
    skipped: list[Skipped] = field(default_factory=list[Skipped])
    taken: set[int] = field(default_factory=set[int])

    def add_definition(self, one: Definition, everything: list[Definition]) -> None:
        """Add ``one`` if it fits, else the members of a class; else skip it."""
        document, tree = self.request.document, self.request.tree
        span = document.whole_lines(with_decorations(document, tree, one.span))
        if self.count(document.slice(span)) <= self.max_tokens:
            self._add(
                replace(self.request, target=span, definition=definition_around(document, tree, one.span))
            )
            return
        members = _outermost([other for other in everything if other is not one], one.span)
        if one.is_function or not members:
            self._skip(span, f"{one.name}: {_TOO_LARGE}")
            return
        for member in members:
            self.add_definition(member, everything)
        # The header reaches to the block's opener, which may be on a line of its own.
        header = Span(span.start, max(span.start, one.header.end - 1))
        self._skip(header, f"{one.name}: {_HEADER}", is_planned=True)
        last = document.lines_of(span)[1]
        if _CLOSER.fullmatch(document.line_text(last)):
            self.taken.add(last)

    def between(self) -> Iterator[Span]:
        """Runs of lines of the target that are in no part, without blank lines at their ends."""
        document = self.request.document
        first, last = document.lines_of(self.request.target)
        run: list[int] = []
        for line in range(first, last + 2):
            if line <= last and line not in self.taken:
                run.append(line)
                continue
            texts = [number for number in run if document.line_text(number).strip()]
            if texts:
                yield Span(document.line_starts[texts[0]], document.line_span(texts[-1]).end)
            run = []

    def add_between(self, span: Span) -> None:
        """Add the statements of a run of lines, or skip them."""
        document, tree, prompt = self.request.document, self.request.tree, self.request.prompt
        below = document.lines_of(span)[1] + 1
        span = _without_comments_at_end(self.request, span) if below in self.taken else span
        if not document.slice(span).strip():
            return
        if prompt.scope == "function":
            self._skip(span, _OUTSIDE, is_planned=True)
        elif snapped(document, tree, span) != span:
            self._skip(span, _NOT_WHOLE)
        elif self.count(document.slice(span)) > self.max_tokens:
            self.add_pieces(span)
        else:
            self._add(replace(self.request, target=span, definition=definition_around(document, tree, span)))

    def add_pieces(self, span: Span) -> None:
        """Split lines without definitions between their statements; blank pieces are left out."""
        document, tree = self.request.document, self.request.tree
        limit = min(_LARGEST_PIECE, self.max_tokens)
        if limit < _SMALLEST_PIECE:
            return
        for chunk in chunk_document(document, tree, limit, self._count_of_piece):
            start = max(span.start, document.line_starts[chunk.first_line])
            end = min(span.end, document.line_span(chunk.last_line).end)
            if start >= end or not document.text[start:end].strip():
                continue
            if (chunk.tokens or 0) > limit:
                self._skip(Span(start, end), f"a line is never split, and {_TOO_LARGE}")
            else:
                self._add(replace(self.request, target=Span(start, end)))

    def _count_of_piece(self, text: str) -> int:
        # The prompt has the text without its last line end, and the estimate without it may be higher.
        return max(self.count(text), self.count(text.rstrip("\r\n")))

    def _add(self, part: Request) -> None:
        first, last = part.document.lines_of(part.target)
        self.parts.append(part)
        self.taken.update(range(first, last + 1))

    def _skip(self, span: Span, reason: str, *, is_planned: bool = False) -> None:
        first, last = self.request.document.lines_of(span)
        self.skipped.append(Skipped(first, last, reason, is_planned))
        self.taken.update(range(first, last + 1))


def _without_comments_at_end(request: Request, span: Span) -> Span:
    """``span`` without comments at its end, which are about the definition below it."""
    end = comments_start(request.document, request.tree, span)
    text = request.document.text[span.start : end]
    return Span(span.start, span.start + len(text.rstrip()))


def _outermost(found: list[Definition], within: Span) -> list[Definition]:
    """Definitions in ``within`` that are not inside another of them."""
    outermost: list[Definition] = []
    for one in sorted(found, key=lambda one: (one.span.start, -one.span.end)):
        if within.covers(one.span) and (not outermost or one.span.start >= outermost[-1].span.end):
            outermost.append(one)
    return outermost

"""One document as the rules see it: its lines, its strings and comments, its functions."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from homebody.next_edit.changes import ChangedLines, is_word
from homebody.syntax.names import Name, names
from homebody.syntax.opaque import opaque_spans
from homebody.syntax.scope import Definition, scopes_at
from homebody.syntax.tree import Tree
from homebody.text import Document, Span

NEAR_LINES = 60
"""A change that lies further away has nothing to do with the last one too often."""

_MOST_SITES = 15
_MOST_MATCHES = 200
"""A text that occurs more often is no place to change."""


@dataclass(frozen=True)
class Place:
    """A document after a change; ``changes`` are the last ones in it, the newest first."""

    document: Document
    tree: Tree
    changes: Sequence[ChangedLines]

    @property
    def newest(self) -> ChangedLines:
        """The change that has just been made."""
        return self.changes[0]

    @cached_property
    def changed(self) -> frozenset[int]:
        """Lines that were changed lately: what the user left there is wanted."""
        return frozenset(line for change in self.changes for line in range(change.line, change.end))

    def distance(self, line: int) -> int:
        """Number of lines from the newest change."""
        return max(self.newest.line - line, line - max(self.newest.line, self.newest.end - 1), 0)

    def nearest(self, lines: Iterable[int]) -> int:
        """Return the line nearest to the newest change; of two, the one below."""
        return min(lines, key=lambda line: (self.distance(line), line < self.newest.line))

    def site_after(self, changed: Sequence[int], sites: Collection[int]) -> int | None:
        """Return where a change that was made in the lines ``changed``, the newest first, comes next.

        That is the nearest site, first in the direction of the last two. ``None`` if it is far away, if there
        are too many, and if the user left a site between the last two: not every site is meant then.
        """
        if not sites or len(sites) > _MOST_SITES:
            return None
        newest, before = changed[0], changed[1]
        if any(min(newest, before) < line < max(newest, before) for line in sites):
            return None
        ahead = [line for line in sites if (line > newest) == (newest > before)]
        line = self.nearest(ahead or sites)
        return line if self.distance(line) <= NEAR_LINES else None

    def matches(self, text: str) -> list[int] | None:
        """Offsets of ``text`` where it does not begin or end inside of a word; ``None`` for too many."""
        offsets = list(islice(matches_in(self.document.text, text), _MOST_MATCHES + 1))
        return offsets if len(offsets) <= _MOST_MATCHES else None

    def replaced(self, line: int, starts: Sequence[int], old: str, new: str) -> str:
        """Text of ``line`` in which ``old`` is replaced at the offsets ``starts``."""
        text, first = self.document.line_text(line), self.document.line_starts[line]
        for start in sorted(starts, reverse=True):
            column = start - first
            text = text[:column] + new + text[column + len(old) :]
        return text

    def names(self, within: Span) -> tuple[Name, ...]:
        """Variables and functions that are named in a part of the document."""
        return names(self.document, self.tree, within) if self.tree.fits(self.document) else ()

    def scope_at(self, offset: int, words: Collection[str]) -> Span:
        """Part of the document in which the local names among ``words`` mean what they mean at ``offset``."""
        function = self.function_at(self.document.line_of(offset))
        here = Span(offset, offset)
        scopes = [
            name.scope
            for name in (self.names(function) if function is not None else ())
            if name.binds and name.text in words and name.scope is not None and name.scope.covers(here)
        ]
        return min(scopes, key=len, default=self.document.whole)

    def is_opaque(self, offset: int) -> bool:
        """Whether the character at ``offset`` is in a string or a comment."""
        line = self.document.line_span(self.document.line_of(offset))
        return any(span.start <= offset < span.end for span in self._opaque(line))

    def function_at(self, line: int) -> Span | None:
        """Span of the innermost function that holds the first character of a line."""
        text = self.document.line_text(line)
        offset = self.document.line_starts[line] + len(text) - len(text.lstrip())
        functions = [scope.span for scope in self._scopes(offset) if scope.is_function]
        return functions[-1] if functions else None

    def lines_equal_to(self, lines: Sequence[str]) -> Iterator[int]:
        """First lines of the places that have these lines, whatever their indentation."""
        document = self.document
        wanted = [line.strip() for line in lines]
        if not any(wanted):
            return
        anchor = max(range(len(wanted)), key=lambda index: len(wanted[index]))
        at, text = document.text.find(wanted[anchor]), document.text
        matches = 0
        while at >= 0 and matches <= _MOST_MATCHES:
            matches += 1
            line = document.line_of(at)
            first = line - anchor
            if (
                first >= 0
                and first + len(wanted) <= document.line_count
                and all(
                    document.line_text(first + index).strip() == line for index, line in enumerate(wanted)
                )
            ):
                yield first
            at = text.find(wanted[anchor], document.line_span(line).end)

    def _opaque(self, span: Span) -> Sequence[Span]:
        return opaque_spans(self.document, self.tree, span) if self.tree.fits(self.document) else ()

    def _scopes(self, offset: int) -> Sequence[Definition]:
        return scopes_at(self.document, self.tree, offset)


def matches_in(whole: str, text: str) -> Iterator[int]:
    """Yield where ``text`` stands in ``whole`` and neither begins nor ends inside of a word."""
    begins, ends = is_word(text[:1]), is_word(text[-1:])
    at = whole.find(text)
    while at >= 0:
        end = at + len(text)
        if not (begins and is_word(whole[at - 1 : at])) and not (ends and is_word(whole[end : end + 1])):
            yield at
        at = whole.find(text, at + 1)

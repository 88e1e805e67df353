"""One document as the rules see it: its lines, its strings and comments."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, islice, starmap

from homebody.next_edit.changes import MOST_CHARS, ChangedLines, indentation, is_word, likeness
from homebody.syntax.opaque import opaque_spans
from homebody.syntax.tree import Tree
from homebody.text import Document, Span

_MIN_LIKENESS = 0.8
"""A line that is less like all of those that were changed alike is often left as it is."""

_CLOSE_LINES = 40
_MIN_LIKENESS_CLOSE = 0.5
_COMPARED = 3
"""So close by, a line may be as little like those as the last of them are like each other, down to that."""

_ONE_WAY, _TO_AND_FRO = (2.0, 4), (0.4, 2)
"""For users who go through the file in one direction, and for others: how far the next site may be, in
distances between the changed lines, and how many sites there may be for each of these."""

_MIN_LIKENESS_MANY = 0.95
"""Of more sites, most stay, unless they are so like a changed one."""

_MIN_REACH = 8
"""Lines from the changed ones, however close together these are."""

_WAY = 4
"""The last changes, which tell whether the user goes through the file in one direction."""

_MIN_WAY = 3
"""After so many, what is behind was passed over."""

_MOST_MATCHES = 200
"""A text that occurs more often is no place to change."""


@dataclass(frozen=True)
class EditPlace:
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

    def next_site(
        self, changed: Sequence[int], sites: Collection[int], examples: Sequence[str] = ()
    ) -> int | None:
        """Return where a change that was made in the lines ``changed``, the newest first, comes next.

        That is the nearest site in reach that is like one of the ``examples``. For someone who goes through
        the file in one direction it is not behind, where they have passed over all sites.
        ``None`` if there are too many sites, and if the user has since left one in a line that they changed,
        or passed over one between the last two: not every site is meant then.
        """
        way = list(dict.fromkeys(change.line for change in self.changes))[:_WAY]
        is_one_way = way in (sorted(way), sorted(way, reverse=True))
        reach_each, sites_each = _ONE_WAY if is_one_way else _TO_AND_FRO
        is_many = len(sites) > sites_each * len(changed)
        if (is_many and not examples) or not self._changed_since(changed).isdisjoint(sites):
            return None
        first, last = min(changed), max(changed)
        if is_one_way and any(min(changed[:2]) < line < max(changed[:2]) for line in sites):
            return None
        if is_one_way and len(way) >= _MIN_WAY:
            sites = [line for line in sites if (line > way[0]) == (way[0] > way[-1])]
        reach = max((last - first) * reach_each, _MIN_REACH) if len(changed) > 1 else _CLOSE_LINES
        near = [line for line in sites if first - reach <= line <= last + reach]
        if examples and not is_one_way:
            # Beyond the changed lines, another indentation means another kind of place.
            indents, text = set(map(indentation, examples)), self.document.line_text
            near = [line for line in near if first < line < last or indentation(text(line)) in indents]
        for line in sorted(near, key=lambda line: (self.distance(line), line < self.newest.line)):
            if not examples or self._is_like(line, examples, is_many=is_many):
                return line
        return None

    def _changed_since(self, changed: Sequence[int]) -> set[int]:
        """Lines that were changed since the first of the lines ``changed``, or with it."""
        when = min(
            c.when for c in self.changes for line in changed if c.line <= line < max(c.end, c.line + 1)
        )
        return {line for c in self.changes if c.when >= when for line in range(c.line, c.end)}

    def _is_like(self, line: int, examples: Sequence[str], *, is_many: bool) -> bool:
        text = self.document.line_text(line)
        if len(text) > MOST_CHARS:
            return False
        wanted = _MIN_LIKENESS_MANY if is_many else _MIN_LIKENESS
        if not is_many and self.distance(line) <= _CLOSE_LINES:
            alike = min(starmap(likeness, combinations(examples[:_COMPARED], 2)))
            wanted = min(wanted, max(alike, _MIN_LIKENESS_CLOSE))
        return any(likeness(example, text) >= wanted for example in examples)

    def matches(self, text: str) -> list[int] | None:
        """Offsets of ``text`` where it does not begin or end inside of a word; ``None`` for too many."""
        offsets = list(islice(matches_in(self.document.text, text), _MOST_MATCHES + 1))
        return offsets if len(offsets) <= _MOST_MATCHES else None

    def is_opaque(self, offset: int) -> bool:
        """Whether the character at ``offset`` is in a string or a comment."""
        line = self.document.line_span(self.document.line_of(offset))
        return any(span.start <= offset < span.end for span in self._opaque(line))

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


def matches_in(whole: str, text: str, at: int = 0) -> Iterator[int]:
    """Yield where ``text`` stands in ``whole`` from ``at`` on, not beginning or ending inside of a word."""
    begins, ends = is_word(text[:1]), is_word(text[-1:])
    at = whole.find(text, at)
    while at >= 0:
        end = at + len(text)
        if not (begins and is_word(whole[at - 1 : at])) and not (ends and is_word(whole[end : end + 1])):
            yield at
        at = whole.find(text, at + 1)

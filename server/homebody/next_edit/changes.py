"""What the user changed lately, and what would be changed next; both as whole lines.

``session.edit_history`` records the changes, the rules read them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from homebody.text import Document, Span, TextEdit, smallest_edit

_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class ChangedLines:
    """Lines of a document that the user replaced; ``line`` is the first of them in the newest version.

    ``old`` are the lines before, ``new`` those that are there now, both without line ends. ``when`` is the
    time of the last keystroke in them, in seconds.
    """

    uri: str
    line: int
    old: tuple[str, ...]
    new: tuple[str, ...]
    when: float = 0.0

    @property
    def end(self) -> int:
        """The line after the last one."""
        return self.line + len(self.new)

    @property
    def is_only_white_space(self) -> bool:
        """Whether nothing but white space and line ends differ."""
        return _SPACE.sub("", "".join(self.old)) == _SPACE.sub("", "".join(self.new))


@dataclass(frozen=True)
class NextEdit:
    """Replace the lines ``old`` from ``line`` on by ``new``; an insertion has no old lines.

    ``rule`` says what made it, and ``pattern`` identifies what it repeats: after a rejection, neither this
    edit nor another one of the same pattern is offered.
    """

    uri: str
    line: int
    old: tuple[str, ...]
    new: tuple[str, ...]
    rule: str
    pattern: tuple[str, ...] = ()

    @cached_property
    def key(self) -> tuple[str, ...]:
        """What stays the same if the lines move or are indented differently."""
        return self.uri, *_stripped(self.old), "", *_stripped(self.new)

    def applied_to(self, document: Document) -> TextEdit:
        """Return it as an edit of the smallest span that changes."""
        if self.line == document.line_count:
            at = len(document.text)
            return TextEdit(Span(at, at), "".join(document.newline + line for line in self.new))
        start = document.line_starts[self.line]
        if not self.old:
            return TextEdit(Span(start, start), "".join(line + document.newline for line in self.new))
        last = self.line + len(self.old) - 1
        if not self.new:
            return TextEdit(_whole(document, self.line, last), "")
        end = document.line_span(last).end
        return smallest_edit(document.text[start:end], document.newline.join(self.new), start)

    def fits(self, document: Document) -> bool:
        """Whether the lines that it replaces are still there."""
        last = self.line + len(self.old)
        if last > document.line_count:
            return False
        return all(document.line_text(self.line + number) == line for number, line in enumerate(self.old))


def _whole(document: Document, first: int, last: int) -> Span:
    """Span of whole lines with one line end: that of the last, or the one before the first."""
    end = document.line_span_with_end(last).end
    if last + 1 == document.line_count and first:
        return Span(document.line_span(first - 1).end, end)
    return Span(document.line_starts[first], end)


def _stripped(lines: Sequence[str]) -> tuple[str, ...]:
    return tuple(_SPACE.sub(" ", line).strip() for line in lines)

"""Detect how a file is indented."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from homebody.syntax.language import language_of
from homebody.syntax.row import Language
from homebody.text import Document, Span

_LINES_BEFORE = 200
_LINES_AFTER = 60
_INDENTS = re.compile(r"^([ \t]*+)\S", re.MULTILINE)
"""White space at the start of each line that is not blank."""


@dataclass(frozen=True, slots=True)
class Indentation:
    """The indentation of some lines.

    Attributes
    ----------
    unit
        One step: a tab or some spaces.
    mixed
        Whether both tabs and spaces are common (the rarer above a tenth of the other).
    step
        Columns of one step; 0 if it is that of ``unit``.
    packed
        Whether a tab stands for eight columns and spaces for the rest, as in GNU's style.

    """

    unit: str
    mixed: bool = False
    step: int = 0
    packed: bool = False

    @property
    def tab_columns(self) -> int:
        """Columns per tab: eight in mixed files, as old editors wrote them."""
        if self.mixed:
            return 8
        return 4 if self.unit == "\t" else len(self.unit)

    @property
    def columns(self) -> int:
        """Columns of one step."""
        return self.step or (4 if self.unit == "\t" else len(self.unit))

    def width(self, line: str) -> int:
        """Indentation of ``line`` in columns."""
        size = len(line) - len(line.lstrip(" \t"))
        return len(line[:size].expandtabs(self.tab_columns)) if "\t" in line[:size] else size


def indentation_of(lines: Sequence[str], language: Language) -> Indentation:
    """Return the most frequent increase in indentation from one line to the next."""
    indents = _INDENTS.findall("\n".join(lines))
    tabs = sum("\t" in indent for indent in indents)
    spaces = sum(indent.startswith("  ") for indent in indents)
    mixed = min(tabs, spaces) * 10 > max(tabs, spaces)
    widths = [len(indent) for indent in indents]
    if tabs > spaces:
        unit = "\t"
    elif step := _most_frequent_step(widths):
        unit = " " * step
    else:
        unit = " " * min(width for width in widths if width > 1) if spaces else language.unit
    if (
        mixed
        and any("\t " in indent for indent in indents)
        and not any(" " * 8 in indent for indent in indents)
    ):
        step = _most_frequent_step([len(indent.expandtabs(8)) for indent in indents])
        return Indentation(unit, mixed, step, packed=True)
    return Indentation(unit, mixed)


def _most_frequent_step(widths: Sequence[int]) -> int:
    """Columns by which lines are indented more than the line above; 0 if none is."""
    steps = Counter(after - before for before, after in pairwise(widths) if 2 <= after - before <= 8)
    return steps.most_common(1)[0][0] if steps else 0


def indent_of(line: str) -> str:
    """Leading white space of ``line``."""
    return line[: len(line) - len(line.lstrip(" \t"))]


def indent_unit_of(document: Document, span: Span) -> str:
    """One step of indentation around ``span``: a tab or some spaces."""
    return indentation_around(document, span).unit


def indentation_around(document: Document, span: Span) -> Indentation:
    """Return the indentation of the lines around ``span``; in a mixed file, that of its own lines."""
    language = language_of(document.language_id, document.uri)
    first = max(0, document.line_of(span.start) - _LINES_BEFORE)
    last = min(document.line_count, document.line_of(span.end) + _LINES_AFTER)
    lines = document.lines_in(Span(document.line_starts[first], document.line_span(last - 1).end))
    indentation = indentation_of(lines, language)
    if not indentation.mixed or indentation.packed:
        return indentation
    own = document.lines_in(span)
    is_indented = any(line[:1] in {" ", "\t"} and line.strip() for line in own)
    return indentation_of(own, language) if is_indented else indentation

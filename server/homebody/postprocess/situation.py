"""The facts of the place where an answer goes, found once and handed to every rule.

In: the document and the cursor; facts that a syntax tree knows better, where there is one.
Out: a ``Situation``.
Knows documents and lines; knows nothing of models, trees or LSP.
"""

import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from homebody.postprocess.lexis import Lexis, lexis_of
from homebody.postprocess.scan import State, code_of, scan
from homebody.text import Document, Span

_LINES_BEFORE = 200
"""Lines that are looked at: enough for any function that one would still read (scanned in 1 ms)."""

_LINES_AFTER = 60

_TOP_LEVEL = re.compile(r"[^\W\d]|@")
"""Begin of a line from which the scan may start: code at the very margin."""


@dataclass(frozen=True, slots=True)
class Situation:
    """Where the answer goes.

    Attributes
    ----------
    lexis
        How the language is written.
    line_prefix, line_suffix
        The cursor's line before and after the cursor, without line end.
    previous_lines
        Lines above the cursor's line, the nearest last.
    next_lines
        Lines below it that are not blank, the nearest first.
    indent_unit
        One step of indentation as the file has it: a tab or some spaces.
    state
        Brackets that are due at the cursor and the string or comment that is open there.
    in_string, in_comment
        Whether the cursor stands within one.
    in_brackets
        Whether the innermost open bracket holds a value (an argument list, an index, a literal), not
        a block.
    at_block_start
        Whether a block is due: its opener stands just before the cursor, on this line or as the last
        one above.
    fresh_statement
        Whether nothing but white space stands before the cursor.

    """

    lexis: Lexis
    line_prefix: str
    line_suffix: str
    previous_lines: tuple[str, ...]
    next_lines: tuple[str, ...]
    indent_unit: str
    state: State
    in_string: bool
    in_comment: bool
    in_brackets: bool
    at_block_start: bool
    fresh_statement: bool

    @property
    def indent(self) -> str:
        """White space that the cursor's line begins with, up to the cursor."""
        return indent_of(self.line_prefix)

    @property
    def tab_columns(self) -> int:
        """Columns that a tab is taken for when lines are compared."""
        return 4 if self.indent_unit == "\t" else len(self.indent_unit)

    def width(self, line: str) -> int:
        """Indentation of ``line`` in columns."""
        return len(indent_of(line).expandtabs(self.tab_columns))

    @property
    def above(self) -> str:
        """The last line above that is not blank, ``""`` where there is none."""
        return next((line for line in reversed(self.previous_lines) if line.strip()), "")


def situation_at(
    document: Document,
    offset: int,
    *,
    in_string: bool | None = None,
    in_comment: bool | None = None,
    in_brackets: bool | None = None,
    at_block_start: bool | None = None,
) -> Situation:
    """Look at the place; a fact that is given (by a syntax tree) is taken, the others are found.

    Takes about a millisecond: 200 lines above and 60 below are looked at, whatever the size.
    """
    lexis = lexis_of(document.language_id)
    line, column = document.position_of(offset)
    here = document.line_text(line)
    column = min(column, len(here))
    first = max(0, line - _LINES_BEFORE)
    previous = tuple(document.line_text(index) for index in range(first, line))
    last = min(document.line_count, line + 1 + _LINES_AFTER)
    below = (document.line_text(index) for index in range(line + 1, last))
    following = tuple(text for text in below if text.strip())
    prefix = here[:column]
    state = _state_at(previous, prefix, lexis, complete=first == 0)
    if in_string is None:
        in_string = state.in_string
    if in_comment is None:
        in_comment = state.in_comment
    if state.region is not None and not in_string and not in_comment:
        state = State(state.due, state.surplus)
    if in_brackets is None:
        in_brackets = not in_string and not in_comment and _holds_value(state, lexis)
    if at_block_start is None:
        at_block_start = not in_string and not in_comment and _block_is_due(previous, prefix, lexis)
    return Situation(
        lexis=lexis,
        line_prefix=prefix,
        line_suffix=here[column:],
        previous_lines=previous,
        next_lines=following,
        indent_unit=_indent_unit([*previous, here + "|", *following], lexis),
        state=state,
        in_string=in_string,
        in_comment=in_comment,
        in_brackets=in_brackets,
        at_block_start=at_block_start,
        fresh_statement=not prefix.strip() and not in_string and not in_comment and not in_brackets,
    )


def indent_of(line: str) -> str:
    """White space that ``line`` begins with."""
    return line[: len(line) - len(line.lstrip(" \t"))]


def indent_unit_of(document: Document, span: Span) -> str:
    """One step of indentation around ``span``: a tab or some spaces."""
    first = max(0, document.line_of(span.start) - _LINES_BEFORE)
    last = min(document.line_count, document.line_of(span.end) + _LINES_AFTER)
    lines = [document.line_text(line) for line in range(first, last)]
    return _indent_unit(lines, lexis_of(document.language_id))


def _state_at(previous: tuple[str, ...], prefix: str, lexis: Lexis, *, complete: bool) -> State:
    """Scan up to the cursor, from the top or from the farthest line at the margin."""
    start = 0
    if not complete:
        margin = (index for index, line in enumerate(previous) if _TOP_LEVEL.match(line))
        start = next(margin, len(previous))
    return scan("\n".join([*previous[start:], prefix]), lexis)


def _holds_value(state: State, lexis: Lexis) -> bool:
    """Whether the innermost open bracket is one within which a statement cannot begin."""
    return state.due.endswith((")", "]")) or (lexis.braces_are_values and state.due.endswith("}"))


def _block_is_due(previous: tuple[str, ...], prefix: str, lexis: Lexis) -> bool:
    """Whether the last code before the cursor opens a block."""
    before = next((line for line in reversed(previous) if line.strip()), "")
    line = prefix if prefix.strip() else before
    return lexis.opener.search(code_of(line, lexis).rstrip()) is not None


def _indent_unit(lines: list[str], lexis: Lexis) -> str:
    """A tab, or as many spaces as lines are most often further in than the one before."""
    tabs = spaces = 0
    widths: list[int] = []
    for line in lines:
        if not line.strip():
            continue
        indent = indent_of(line)
        tabs += indent.startswith("\t")
        spaces += indent.startswith("  ")
        widths.append(len(indent))
    if tabs > spaces:
        return "\t"
    steps = Counter(after - before for before, after in pairwise(widths) if 2 <= after - before <= 8)
    if not steps:
        return lexis.unit if not spaces else " " * min(width for width in widths if width > 1)
    return " " * steps.most_common(1)[0][0]

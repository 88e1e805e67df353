"""The facts of the place where an answer goes, found once and handed to every rule.

In: the document and the cursor; facts that a syntax tree knows better, where there is one.
Out: a ``Situation``.
Knows documents and lines; knows nothing of models, trees or LSP.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from homebody.postprocess.ghost.lexis import Lexis, lexis_of
from homebody.postprocess.ghost.scan import State, code_of, scan
from homebody.text import Document, Span

_LINES_BEFORE = 200
"""Lines that are looked at: enough for any function that one would still read (scanned in 1 ms)."""

_LINES_AFTER = 60

_STATEMENT_LINES = 40
"""Most lines that a statement's begin is looked for."""

_BEGINS = re.compile(r"([ \t]*)(?:[^\W\d]|@)")
"""Begin of a line from which the scan may start: code, not a closer or the rest of something."""


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
    mixed_indent
        Whether the file indents with both, so that neither can be told to be right.
    level
        Columns of the line on which the statement at the cursor begins; of the last one above where
        nothing but white space stands before the cursor.
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
    mixed_indent: bool
    level: int
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
        return _tab_columns(self.indent_unit, mixed=self.mixed_indent)

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
    unit, mixed = _indentation([*previous, here + "|", *following], lexis)
    columns = _tab_columns(unit, mixed=mixed)
    state = _state_at(previous, prefix, lexis, unit, complete=first == 0)
    in_string = state.in_string if in_string is None else in_string
    in_comment = state.in_comment if in_comment is None else in_comment
    if state.region is not None and not in_string and not in_comment:
        state = State(state.due, state.surplus)
    code = not in_string and not in_comment
    if in_brackets is None:
        in_brackets = code and _holds_value(state, lexis, previous, prefix)
    if at_block_start is None:
        at_block_start = code and _block_is_due(previous, prefix, lexis, in_brackets=in_brackets)
    return Situation(
        lexis=lexis,
        line_prefix=prefix,
        line_suffix=here[column:],
        previous_lines=previous,
        next_lines=following,
        indent_unit=unit,
        mixed_indent=mixed,
        level=_level([*previous, prefix], lexis, columns),
        state=state,
        in_string=in_string,
        in_comment=in_comment,
        in_brackets=in_brackets,
        at_block_start=at_block_start,
        fresh_statement=not prefix.strip() and code and not in_brackets,
    )


def indent_of(line: str) -> str:
    """White space that ``line`` begins with."""
    return line[: len(line) - len(line.lstrip(" \t"))]


def indent_unit_of(document: Document, span: Span) -> str:
    """One step of indentation around ``span``: a tab or some spaces."""
    first = max(0, document.line_of(span.start) - _LINES_BEFORE)
    last = min(document.line_count, document.line_of(span.end) + _LINES_AFTER)
    lines = [document.line_text(line) for line in range(first, last)]
    return _indentation(lines, lexis_of(document.language_id))[0]


def _state_at(previous: Sequence[str], prefix: str, lexis: Lexis, unit: str, *, complete: bool) -> State:
    """Scan up to the cursor: from the top, or from the farthest line of the outermost block in sight.

    Where that is indented, the blocks around it are taken to be open, one a step.
    """
    start, due = 0, ""
    if not complete:
        begins = [
            (len(found.group(1)), n) for n, line in enumerate(previous) if (found := _BEGINS.match(line))
        ]
        margin, start = min(begins, default=(0, len(previous)))
        if lexis.blocks == "braces":
            due = "}" * (margin // len(unit))
    return scan("\n".join([*previous[start:], prefix]), lexis, State(due))


def _holds_value(state: State, lexis: Lexis, previous: Sequence[str], prefix: str) -> bool:
    """Whether the innermost open bracket is one within which a statement cannot begin."""
    closers = ")]}" if lexis.braces_are_values else ")]"
    if not state.due or state.due[-1] not in closers:
        return False
    if lexis.blocks != "words" or scan(prefix, lexis).due:
        return True
    # A function within a table: what encloses the line is the nearest line that is less indented.
    width = len(indent_of(prefix))
    outer = (line for line in reversed(previous) if line.strip() and len(indent_of(line)) < width)
    code = code_of(next(outer, ""), lexis).rstrip()
    return code.endswith(("(", "[", "{", ",")) or not lexis.opener.search(code)


def _block_is_due(previous: Sequence[str], prefix: str, lexis: Lexis, *, in_brackets: bool) -> bool:
    """Whether the last code before the cursor opens a block."""
    if in_brackets and lexis.blocks == "indentation":
        return False
    before = next((line for line in reversed(previous) if line.strip()), "")
    line = prefix if prefix.strip() else before
    return lexis.opener.search(code_of(line, lexis).rstrip()) is not None


def _level(lines: Sequence[str], lexis: Lexis, columns: int) -> int:
    """Columns of the line that the last statement begins on; brackets lead back to it."""
    last = next((n for n in range(len(lines) - 1, -1, -1) if lines[n].strip()), None)
    if last is None:
        return 0
    first = last
    # A line that begins with a closer stands where its statement does.
    while first > max(0, last - _STATEMENT_LINES) and lines[first].strip()[:1] not in {")", "]", "}"}:
        surplus = scan("\n".join(lines[first : last + 1]), lexis).surplus
        if ")" not in surplus and "]" not in surplus and not lines[first - 1].endswith("\\"):
            break
        first -= 1
    return len(indent_of(lines[first]).expandtabs(columns))


def _tab_columns(unit: str, *, mixed: bool) -> int:
    """Columns of a tab: eight where spaces fill up what is less, as editors of old wrote it."""
    if mixed:
        return 8
    return 4 if unit == "\t" else len(unit)


def _indentation(lines: Sequence[str], lexis: Lexis) -> tuple[str, bool]:
    """One step (a tab, or as many spaces as lines most often are further in), and whether both occur."""
    indents = [indent_of(line) for line in lines if line.strip()]
    tabs = sum("\t" in indent for indent in indents)
    spaces = sum(indent.startswith("  ") for indent in indents)
    mixed = min(tabs, spaces) * 10 > max(tabs, spaces)
    if tabs > spaces:
        return "\t", mixed
    widths = [len(indent) for indent in indents]
    steps = Counter(after - before for before, after in pairwise(widths) if 2 <= after - before <= 8)
    if steps:
        return " " * steps.most_common(1)[0][0], mixed
    return (" " * min(width for width in widths if width > 1) if spaces else lexis.unit), mixed

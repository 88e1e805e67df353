"""Rule: use the file's indentation, and fix broken indentation.

Works line by line, so that lines of a growing answer do not change later. Lines inside a string or brackets
keep their indentation.
"""

import re
from dataclasses import dataclass, field

from msgspec import structs

from homebody.postprocess.ghost.draft import Draft
from homebody.syntax.cursor import CursorContext
from homebody.syntax.indentation import indent_of
from homebody.syntax.row import FLAT_BODY
from homebody.syntax.scanner import ScanState, code_of, scan

_COMMON_STEPS = frozenset({2, 3, 4, 8})
_FLAT_LINE = re.compile(r"(?:case|default|public|private|protected|signals|[\w.]+:$|#)")


def indented_like_file(draft: Draft) -> Draft:
    """Convert the text to the file's indentation.

    - tabs are converted to spaces or spaces to tabs, as in the file;
    - white space that is already before the cursor is not repeated;
    - a body without indentation is indented below its opener;
    - if indentation is syntax, a line that is one column off is moved to the nearest level.
    """
    cursor, lines = draft.cursor, draft.text.split("\n")
    if cursor.holds_text:
        text = _without_leading_blank(draft.text, cursor)
    elif (cursor.in_brackets and not cursor.in_header) or cursor.language.blocks == "none":
        first = _without_doubled_indent(lines, cursor)
        text = "\n".join([first, *(_in_file_style(line, cursor) for line in lines[1:])])
    else:
        first = _rest_of_indent(cursor, lines[0]) + _without_doubled_indent(lines, cursor)
        placed = _Lines(cursor)
        text = "\n".join([placed.first(first), *map(placed.next, lines[1:])])
    return draft if text == draft.text else structs.replace(draft, text=text)


def _without_leading_blank(text: str, cursor: CursorContext) -> str:
    """Remove a single blank after typed indentation where text is expected."""
    is_indented = bool(cursor.line_prefix) and not cursor.line_prefix.strip()
    is_single = text[:1] == " " and bool(text[1:2].strip())
    if not is_indented or not is_single:
        return text
    if cursor.state.region is not None:
        # Stars of a comment keep their blank, and so do lines that belong to one that is deeper by it.
        is_deeper = cursor.width(cursor.above) == cursor.width(cursor.line_prefix) + 1
        return text if is_deeper or text[1:2] == "*" else text[1:]
    return text[1:] if cursor.language.prose else text


def _in_file_style(line: str, cursor: CursorContext) -> str:
    """Write the indentation with the file's tabs or spaces."""
    if cursor.indentation.mixed:
        return line
    indent = indent_of(line)
    tabs = cursor.indentation.unit == "\t"
    if tabs and indent.startswith("  ") and line.strip():
        step = 4 if len(indent) % 4 == 0 else 2
        return "\t" * (len(indent) // step) + " " * (len(indent) % step) + line[len(indent) :]
    if not tabs and "\t" in indent:
        return indent.expandtabs(len(cursor.indentation.unit)) + line[len(indent) :]
    return line


def _without_doubled_indent(lines: list[str], cursor: CursorContext) -> str:
    """Return the first line without the indentation that is already before the cursor."""
    first = lines[0]
    lead = indent_of(first)
    if cursor.line_prefix.strip() or not lead or not first.strip():
        return first
    if not cursor.line_prefix:
        # A single blank at the margin is the beginning of a token; a block that must be deeper is indented
        # later.
        return first[1:] if lead == " " and cursor.language.blocks == "indentation" else first
    typed = cursor.width(cursor.line_prefix)
    if cursor.at_block_start and typed <= cursor.level:
        # A single blank is the beginning of a token, not a step of indentation.
        missing = cursor.level + cursor.indentation.tab_columns - typed
        return " " * missing + first[1:] if lead == " " and cursor.indentation.unit != "\t" else first
    if not cursor.fresh_statement and cursor.width(cursor.line_prefix + lead) == cursor.width(cursor.above):
        # A part of the indentation was typed in the middle of a list.
        return first
    return first[len(lead) :]


def _rest_of_indent(cursor: CursorContext, line: str) -> str:
    """Return the missing indentation if none of a block's, or only a part, was typed or is in ``line``.

    In a file with irregular indentation the size of a part is unknown, so nothing is added to it.
    """
    typed, step = cursor.width(cursor.line_prefix), cursor.indentation.tab_columns
    due = cursor.level + step
    if not cursor.fresh_statement or not cursor.at_block_start:
        return ""
    language = cursor.language
    is_strict = language.blocks == "indentation" and not language.data and not language.prose
    if is_strict and typed == cursor.level and line.strip() and not indent_of(line):
        return cursor.indentation.unit
    if cursor.indentation.unit == "\t":
        return ""
    is_regular = cursor.level % step == 0 and step in _COMMON_STEPS
    around = (*cursor.previous_lines, *cursor.next_lines)
    if not is_regular or any(cursor.width(line) == typed for line in around if line.strip()):
        return ""
    return " " * (due - typed) if cursor.level < typed < due else ""


@dataclass(slots=True)
class _Lines:
    """Processes the lines of one answer."""

    cursor: CursorContext
    state: ScanState = field(default_factory=ScanState)
    shift: int = 0
    shifted_under: int = 0
    opener: int | None = None
    statement: int = 0
    continued: bool = False
    levels: list[int] = field(default_factory=list[int])
    moved: dict[int, int] = field(default_factory=dict[int, int])

    def first(self, line: str) -> str:
        """Process the first line, which begins on the cursor's line and whose indentation is fixed."""
        cursor = self.cursor
        whole = cursor.line_prefix + line
        self.levels = _open_levels(cursor)
        if cursor.at_block_start and not whole.strip():
            self.opener = cursor.level
        self.state = scan(line + "\n", cursor.language, cursor.own_state)
        if whole.strip():
            self._enter(cursor.width(whole))
            begins = not cursor.line_prefix.strip() and not cursor.in_header
            self.statement = cursor.width(whole) if begins else cursor.level
            self._look(whole)
        return line

    def next(self, line: str) -> str:
        """Move another line to its column."""
        cursor = self.cursor
        directive = cursor.language.directive.match(line.strip())
        if not line.strip() or self.state.region is not None or directive:
            self.state = scan(line + "\n", cursor.language, self.state)
            return line
        line = _in_file_style(line, cursor)
        begins = not self.state.due and not self.continued
        if begins:
            line = self._placed(line)
        elif self.shift:
            line = _indented(line, cursor.width(line) + self.shift, cursor)
        if begins:
            self.statement = cursor.width(line)
            self._enter(self.statement)
        elif self.state.due.endswith("}") and cursor.language.blocks != "indentation":
            self.statement = cursor.width(line)
        self.state = scan(line + "\n", cursor.language, self.state)
        self._look(line)
        return line

    def _placed(self, line: str) -> str:
        """Return the column of a line that begins a statement."""
        cursor = self.cursor
        was = cursor.width(line)
        width = was + self.shift
        step = cursor.indentation.tab_columns
        strict = cursor.language.blocks == "indentation"
        body = line.strip()
        if self.opener is not None:
            closes = cursor.language.closer.match(body) or cursor.language.continuation.match(body)
            is_item = width == self.opener and cursor.language.item.match(body)
            is_flat = is_item if strict else _FLAT_LINE.match(body)
            if width <= self.opener and not closes and not is_flat:
                self.shift += self.opener + step - width
                self.shifted_under = self.opener
                width = was + self.shift
            elif strict and abs(width - self.opener - step) == 1:
                self.moved[width] = self.opener + step
        elif self.shift and not strict and cursor.language.closer.match(body):
            # The end of the indented body is aligned with its opener.
            width = self.shifted_under
            self.shift = 0
        elif strict and width not in self.levels:
            near = [level for level in reversed(self.levels) if abs(level - width) == 1]
            if near:
                self.moved[width] = near[0]
        width = self.moved.get(width, width)
        return line if width == was else _indented(line, width, cursor)

    def _look(self, line: str) -> None:
        """Record whether a block follows ``line``, or the line continues."""
        self.continued = line.endswith("\\")
        code = code_of(line, self.cursor.language).rstrip()
        opens = bool(code) and self.cursor.language.opener.search(code) is not None
        if self.cursor.language.blocks == "indentation":
            opens = opens and not self.state.due
        elif FLAT_BODY.search(code):
            opens = False
        if code or not line.strip():
            self.opener = self.statement if opens else None

    def _enter(self, width: int) -> None:
        """Keep the levels that are open at ``width``."""
        while self.levels and self.levels[-1] >= width:
            self.levels.pop()
        self.levels.append(width)


def _open_levels(cursor: CursorContext) -> list[int]:
    """Indentations that enclose the cursor's line, the outermost first."""
    levels: list[int] = []
    for line in reversed(cursor.previous_lines):
        if line.strip() and (not levels or cursor.width(line) < levels[-1]):
            levels.append(cursor.width(line))
            if not levels[-1]:
                break
    return levels[::-1]


def _indented(line: str, width: int, cursor: CursorContext) -> str:
    """Put ``line`` at ``width`` columns."""
    if cursor.indentation.unit == "\t":
        tabs, spaces = divmod(width, cursor.indentation.tab_columns)
        return "\t" * tabs + " " * spaces + line.lstrip(" \t")
    return " " * width + line.lstrip(" \t")

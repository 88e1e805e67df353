"""Determine whether the cursor is in a string, a comment or brackets, and whether a block begins there.

Strings and comments come from the tree where it is reliable; the rest comes from scanning the lines around
the cursor. Pure, and cannot fail on broken code. Takes about a millisecond for a document of any size: it
reads at most 200 lines above, 60 below, and 2,000 code points of a line.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from homebody.syntax.indentation import Indentation, indent_of, indentation_of
from homebody.syntax.language import language_of
from homebody.syntax.opaque import ScanState, code_of, opens_block, scan, state_at
from homebody.syntax.row import Language
from homebody.syntax.tree import Tree
from homebody.text import Document, Span

_LINES_BEFORE = 200
_LINES_AFTER = 60
_MAX_LINE = 2_000
"""Maximum length, in code points, of a line that is read completely; a longer line is data or minified
code."""

_MAX_SCAN = 40_000
"""Maximum code points of the cursor's line to scan for brackets."""

_MAX_BEFORE = 40_000
_MAX_AFTER = 12_000
"""Maximum code points to read from the lines above and from the lines below."""

_STATEMENT_LINES = 40
"""Maximum number of lines to search back for the beginning of a statement."""

_BEGINS = re.compile(r"([ \t]*)(?:[^\W\d]|@)")
"""Beginning of a line from which a scan may start: code, not a closing bracket or a continuation."""


@dataclass(frozen=True, slots=True)
class CursorContext:
    """The syntactic context at the cursor.

    Attributes
    ----------
    language
        The language's row in the table of languages.
    line_prefix, line_suffix
        The cursor's line before and after the cursor, without the line end. A long line is reduced to its
        indentation, the 2,000 code points before the cursor and the 2,000 after it.
    previous_lines
        Lines above the cursor's line, the nearest last.
    next_lines
        Non-blank lines below it, the nearest first.
    indentation
        How these lines are indented.
    level
        Indentation, in columns, of the line on which the statement at the cursor begins. If only white space
        precedes the cursor on its line, that of the last statement above.
    state
        Closing brackets still missing at the cursor, and the string or comment that is open there.
    in_brackets
        Whether the innermost open bracket holds a value (an argument list, an index, a literal), not
        a block.
    at_block_start
        Whether a block must follow: the last code before the cursor, on this line or above, opens one.
    fresh_statement
        Whether only white space precedes the cursor on its line, and a statement may begin there.

    """

    language: Language
    line_prefix: str
    line_suffix: str
    previous_lines: tuple[str, ...]
    next_lines: tuple[str, ...]
    indentation: Indentation
    level: int
    state: ScanState
    in_brackets: bool
    at_block_start: bool
    fresh_statement: bool

    @property
    def holds_text(self) -> bool:
        """Whether prose is expected here: in a string, in a comment, or in a prose language."""
        return self.language.prose or self.state.region is not None

    @property
    def indent(self) -> str:
        """Leading white space of the cursor's line, up to the cursor."""
        return indent_of(self.line_prefix)

    @property
    def above(self) -> str:
        """The nearest non-blank line above; ``""`` if there is none."""
        return next((line for line in reversed(self.previous_lines) if line.strip()), "")

    def width(self, line: str) -> int:
        """Indentation of ``line`` in columns."""
        return self.indentation.width(line)


def cursor_context(document: Document, tree: Tree, offset: int) -> CursorContext:
    """Return the syntactic context at ``offset``."""
    language = language_of(document.language_id, document.uri)
    prefix, suffix = _line_around(document, offset, _MAX_LINE)
    line = document.line_of(offset)
    previous = _lines_above(document, line)
    following = _lines_below(document, line)
    indentation = indentation_of([*previous, prefix + suffix + "|", *following], language)
    whole_prefix, _ = _line_around(document, offset, _MAX_SCAN)
    state = _scanned(previous, whole_prefix, language, indentation, complete=len(previous) == line)
    known = state_at(document, tree, offset)
    if known is not None and known.region is not state.region:
        # A scan that is wrong about strings is wrong about the brackets, too.
        state = known if state.region else replace(state, region=known.region)
    in_code = state.region is None
    in_brackets = in_code and _holds_value(state, language, previous, prefix)
    at_block_start = in_code and _block_is_due(previous, prefix, language, state, in_brackets=in_brackets)
    return CursorContext(
        language=language,
        line_prefix=prefix,
        line_suffix=suffix,
        previous_lines=previous,
        next_lines=following,
        indentation=indentation,
        level=_level([*previous, prefix], language, indentation),
        state=state,
        in_brackets=in_brackets,
        at_block_start=at_block_start,
        fresh_statement=not prefix.strip() and in_code and not in_brackets,
    )


def _line_around(document: Document, offset: int, most: int) -> tuple[str, str]:
    """Return up to ``most`` code points of the line before and after the cursor, without the line end."""
    span = document.line_span(document.line_of(offset))
    offset = min(offset, span.end)
    suffix = document.text[offset : min(span.end, offset + most)]
    if offset - span.start <= most:
        return document.text[span.start : offset], suffix
    indent = indent_of(document.text[span.start : span.start + most])
    return indent + document.text[offset - most : offset], suffix


def _lines_above(document: Document, line: int) -> tuple[str, ...]:
    """Return the lines above, the nearest last; stop at a limit on lines or total size."""
    end = document.line_starts[line]
    first = document.line_starts[max(0, line - _LINES_BEFORE)]
    start = max(first, end - _MAX_BEFORE)
    # The cursor's own line is the last, empty one; a line that is cut is left out.
    return tuple(document.lines_in(Span(start, end))[int(start > first) : -1])


def _lines_below(document: Document, line: int) -> tuple[str, ...]:
    """Return non-blank lines below, nearest first; stop at a limit on lines or total size."""
    if line + 1 == document.line_count:
        return ()
    start = document.line_starts[line + 1]
    last = line + 1 + _LINES_AFTER
    end = document.line_starts[last] if last < document.line_count else len(document.text)
    lines = document.lines_in(Span(start, min(end, start + _MAX_AFTER)))
    if end > start + _MAX_AFTER:
        # The last line is cut.
        lines.pop()
    return tuple(text for text in lines if text.strip())


def _scanned(
    previous: Sequence[str], prefix: str, language: Language, indentation: Indentation, *, complete: bool
) -> ScanState:
    """Scan the lines up to the cursor and return the scanner's state there.

    If the lines are not ``complete`` (do not reach the document's start), the scan starts at the first of
    the least indented lines. In a language with braces, one open block is assumed for each indentation step
    of that line.
    """
    start, due = 0, ""
    if not complete:
        begins = [
            (len(begin.group(1)), n) for n, line in enumerate(previous) if (begin := _BEGINS.match(line))
        ]
        margin, start = min(begins, default=(0, len(previous)))
        if language.blocks == "braces":
            due = "}" * (margin // len(indentation.unit))
    above = "".join(f"{line}\n" for line in previous[start:])
    return scan(prefix, language, _state_after(above, language, due))


@lru_cache(maxsize=8)
def _state_after(above: str, language: Language, due: str) -> ScanState:
    """State after the lines above, which is the same for each keystroke on one line."""
    return scan(above, language, ScanState(due))


def _holds_value(state: ScanState, language: Language, previous: Sequence[str], prefix: str) -> bool:
    """Whether no statement can begin inside the innermost open bracket."""
    closers = ")]}" if language.braces_are_values else ")]"
    if not state.due or state.due[-1] not in closers:
        return False
    if language.blocks != "words" or scan(prefix, language).due:
        return True
    # A function inside a table: the nearest less indented line above encloses this line.
    width = len(indent_of(prefix))
    outer = (line for line in reversed(previous) if line.strip() and len(indent_of(line)) < width)
    code = code_of(next(outer, ""), language)
    return code.endswith(("(", "[", "{", ",")) or not language.opener.search(code)


def _block_is_due(
    previous: Sequence[str], prefix: str, language: Language, state: ScanState, *, in_brackets: bool
) -> bool:
    """Whether the last code before the cursor opens a block."""
    if in_brackets and (language.blocks == "indentation" or state.due[-1:] in {")", "]"}):
        return False
    if prefix.strip():
        return opens_block(prefix, language)
    code = (code_of(line, language) for line in reversed(previous) if line.strip())
    return language.opener.search(next((line for line in code if line), "")) is not None


def _level(lines: Sequence[str], language: Language, indentation: Indentation) -> int:
    """Indentation, in columns, of the line where the last statement begins, found by matching brackets."""
    last = next((n for n in range(len(lines) - 1, -1, -1) if lines[n].strip()), None)
    if last is None:
        return 0
    first, room = last, 2 * _MAX_LINE
    # A line that begins with a closing bracket has the same indentation as its statement.
    while first > max(0, last - _STATEMENT_LINES) and lines[first].strip()[:1] not in {")", "]", "}"}:
        room -= len(lines[first])
        surplus = scan("\n".join(lines[first : last + 1]), language).surplus
        if room < 0 or (")" not in surplus and "]" not in surplus and not lines[first - 1].endswith("\\")):
            break
        first -= 1
    return indentation.width(lines[first])

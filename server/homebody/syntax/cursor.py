"""Determine whether the cursor is in a string, a comment or brackets, and whether a block begins there.

Strings and comments come from the tree where it is reliable; the rest comes from scanning the lines around
the cursor. Pure, and cannot fail on broken code. Takes about a millisecond for a document of any size: it
reads at most 200 lines above, 60 below, and 2,000 code points of a line.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from homebody.syntax.indentation import Indentation, indent_of, indentation_of
from homebody.syntax.language import language_of
from homebody.syntax.opaque import open_brackets, region_at
from homebody.syntax.row import CLASS_BODY, Language
from homebody.syntax.scanner import ScanState, code_of, opens_block, scan
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


_END_OF_HEADER = re.compile(r"[)\]]*(?:\s*->[^:]{1,200})?:\s*")

_EMPTY_BODY = re.compile(r"((?:[)\]]++(?:[^(){}]|\([^(){}]*+\))*+)?\s*\{)\s*\}[;)]*\s*")
"""End of a header and its empty body: ``) {}``, with the result between both."""

_LABEL = re.compile(r"\s*[\w ]+:$")
"""A line such as ``public:``, which is less indented than what it belongs to."""


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
        Lines above the cursor's line, the nearest last; stops at a line that is too long.
    next_lines
        Non-blank lines below it, the nearest first; stops at a line that is too long.
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
    header
        Text from the beginning of the unfinished header of a function or class up to the cursor, such as
        ``def fib(n``: a block follows the rest of the header. ``""`` if the cursor is not in one.

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
    header: str = ""

    @property
    def in_string(self) -> bool:
        """Whether the cursor is inside a string."""
        return self.state.in_string

    @property
    def in_comment(self) -> bool:
        """Whether the cursor is inside a comment."""
        return self.state.in_comment

    @property
    def holds_text(self) -> bool:
        """Whether prose is expected here: in a string, in a comment, or in a prose language."""
        return self.language.prose or self.state.region is not None

    @property
    def in_header(self) -> bool:
        """Whether the cursor is in the unfinished header of a function or class."""
        return bool(self.header)

    @property
    def rest_of_header(self) -> str:
        """Text after the cursor that ends the header of a function or class without a body: ``):``, ``) {``.

        ``""`` if the cursor is not in such a header. A brace counts if the one that closes it follows.
        """
        if not self.in_header:
            return ""
        if self.language.blocks == "braces":
            body = _EMPTY_BODY.fullmatch(self.line_suffix)
            return body[1] if body else ""
        below = self.next_lines[0] if self.next_lines else ""
        has_body = self.language.blocks != "indentation" or self.width(below) > self.level
        ends = not has_body and _END_OF_HEADER.fullmatch(self.line_suffix) is not None
        return self.line_suffix.rstrip() if ends else ""

    @property
    def own_state(self) -> ScanState:
        """Initial state to scan a completion, so that only the brackets it opens itself count as missing.

        In an unfinished header, the brackets that the header opened also count: the completion has to close
        them.
        """
        due = scan(self.header, self.language).due
        return ScanState(due, region=self.state.region)

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
    known = region_at(document, tree, offset)
    if known is not None and known.region is not state.region:
        due = open_brackets(document, tree, offset) if state.region else state.due
        state = ScanState(due, state.surplus, known.region)
    in_code = state.region is None
    in_brackets = in_code and _holds_value(state, language, previous, prefix)
    at_block_start = in_code and _block_is_due(previous, prefix, language, state, in_brackets=in_brackets)
    header = ""
    if in_code and not at_block_start:
        header = _header_at(previous, prefix, following, language, in_brackets=in_brackets)
    return CursorContext(
        language=language,
        line_prefix=prefix,
        line_suffix=suffix,
        previous_lines=previous,
        next_lines=following,
        indentation=indentation,
        level=indentation.width(header) if header else _level([*previous, prefix], language, indentation),
        state=state,
        in_brackets=in_brackets,
        at_block_start=at_block_start,
        fresh_statement=not prefix.strip() and in_code and not in_brackets,
        header=header,
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
    """Return the lines above, the nearest last; stop at a limit on lines, line length or total size."""
    end = document.line_starts[line]
    first = document.line_starts[max(0, line - _LINES_BEFORE)]
    start = max(first, end - _MAX_BEFORE)
    # The cursor's own line is the last, empty one; a line that is cut is left out.
    lines = document.lines_in(Span(start, end))[int(start > first) : -1]
    return tuple(lines[len(lines) - _short_lines(lines[::-1]) :])


def _lines_below(document: Document, line: int) -> tuple[str, ...]:
    """Return non-blank lines below, nearest first; stop at a limit on lines, line length or total size."""
    if line + 1 == document.line_count:
        return ()
    start = document.line_starts[line + 1]
    last = line + 1 + _LINES_AFTER
    end = document.line_starts[last] if last < document.line_count else len(document.text)
    lines = document.lines_in(Span(start, min(end, start + _MAX_AFTER)))
    if end > start + _MAX_AFTER:
        # The last line is cut.
        lines.pop()
    return tuple(text for text in lines[: _short_lines(lines)] if text.strip())


def _short_lines(lines: Sequence[str]) -> int:
    """Number of lines before the first one that is too long."""
    if max(map(len, lines), default=0) <= _MAX_LINE:
        return len(lines)
    return next(n for n, text in enumerate(lines) if len(text) > _MAX_LINE)


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


def _header_at(
    previous: Sequence[str], prefix: str, following: Sequence[str], language: Language, *, in_brackets: bool
) -> str:
    """Return the text of a function's or class's header up to the cursor, if its block is not open yet."""
    if language.data or language.blocks not in {"indentation", "braces", "words"}:
        return ""
    above, text = previous, prefix
    if in_brackets and not scan(prefix, language).due:
        # The parameters are on lines of their own.
        above, text = _parameters_above(previous, prefix, following, language)
    if prefix.rstrip().endswith(";") or not _begins_definition(above, text, language):
        return ""
    here = scan(text, language)
    return "" if here.surplus or "}" in here.due else text


def _parameters_above(
    previous: Sequence[str], prefix: str, following: Sequence[str], language: Language
) -> tuple[Sequence[str], str]:
    """Return the text from the line that opens the bracket at the cursor, and the lines above that line.

    The text is empty if the lines below belong to the same brackets.
    """
    below = following[0] if following else ""
    closed = len(scan(prefix, language).surplus)
    for first in range(len(previous) - 1, max(-1, len(previous) - 1 - _STATEMENT_LINES), -1):
        here = scan(previous[first], language)
        if len(here.due) > closed:
            opener = indent_of(previous[first])
            goes_on = len(indent_of(below)) > len(opener) or below.strip()[:1] in {")", "]"}
            return previous[:first], "" if goes_on else "\n".join([*previous[first:], prefix])
        closed += len(here.surplus) - len(here.due)
    return previous, ""


def _begins_definition(previous: Sequence[str], prefix: str, language: Language) -> bool:
    """Whether the line begins a function or class: by a keyword, or by its form and the place."""
    if language.header.match(prefix):
        return True
    has_signature, is_member = language.signature.match(prefix), language.member.match(prefix)
    if not has_signature and not is_member:
        return False
    if not indent_of(prefix):
        return has_signature is not None
    return CLASS_BODY.search(_opener_above(previous, prefix, language)) is not None


def _opener_above(previous: Sequence[str], prefix: str, language: Language) -> str:
    """Return the code that opens the block of a line, by indentation; ``""`` if it is not in ``previous``."""
    below = len(indent_of(prefix))
    for line in reversed(previous):
        code = code_of(line, language)
        if not code or _LABEL.match(code) or len(indent_of(line)) >= below:
            continue
        if code.strip() != "{":
            return code
        # The opening brace is on a line of its own: the line before it says what it opens.
        below = len(indent_of(line)) + 1
    return ""


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

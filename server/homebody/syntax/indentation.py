"""Detect how a file is indented, and find the structure of code from lines and indentation alone.

The latter is used where there is no tree: unknown languages, text too large to parse, code so broken that the
tree lacks its definitions. It reads at most a few thousand lines around the offset.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
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


_INDENT = re.compile(r"[ \t]*")
_BLANK = re.compile(r"[^\S\r\n]*(?:[\r\n]|\Z)")
_CLOSER = re.compile(r"[ \t]*(?:[})\]]|(?:end|fi|done|esac|until)\b|</)")
_TAB_COLUMNS = 4
_MAX_LINES = 2_000
# A longer line is data or minified code, never a header.
_MAX_HEADER_CHARS = 500

_KEYWORD_HEADER = re.compile(
    r"""\s*(?:[\w@()]+\s+){0,6}?
    (?P<kind>class|interface|struct|enum|union|trait|impl|module|namespace|object|protocol|extension
      |record|package|contract|type|def|function|func|fun|fn|sub|proc|procedure|method|defn|let|section)
    \b(?:\s*[*&]*\s+|\s*\([^()]*\)\s*)(?P<name>[\w.:$<>-]+)?""",
    re.VERBOSE,
)
_CONTROL = re.compile(
    r"\s*(?:if|else|elif|elseif|elsif|for|foreach|while|until|do|switch|case|match|catch|except|finally|try|with"
    r"|using|lock|return|yield|await|throw|new|when|unless|loop|select|default|guard|synchronized)\b"
)
_CLASSES = re.compile(
    r"class|interface|struct|enum|union|trait|impl|module|namespace|object|protocol|extension|record"
)


def indent_at(document: Document, line: int) -> int:
    """Columns of white space before the line's text; a tab goes to the next multiple of four."""
    match = _INDENT.match(document.text, document.line_starts[line])
    return _columns(match.group() if match else "")


def is_blank(document: Document, line: int) -> bool:
    """Whether the line is empty or all white space."""
    return _BLANK.match(document.text, document.line_starts[line]) is not None


def depth_at(document: Document, offset: int) -> int:
    """Indentation at ``offset``, in columns: its line's indentation, or its own column on a blank line."""
    line = document.line_of(offset)
    if not is_blank(document, line):
        return indent_at(document, line)
    return _columns(document.text[document.line_starts[line] : offset])


def header_lines(document: Document, offset: int) -> list[int]:
    """Lines that enclose ``offset`` by indentation, the outermost first.

    Each is the nearest line above that is indented less than the lines it encloses; for a line that is only
    an opening brace, the line before it is used.
    """
    headers: list[int] = []
    depth = depth_at(document, offset)
    opened_below = False
    for line, indent in _indents_above(document, document.line_of(offset)):
        if depth == 0 and not opened_below:
            break
        if indent > depth or (indent == depth and not opened_below):
            continue
        if document.line_text(line).strip() == "{":
            opened_below, depth = True, indent
            continue
        headers.append(line)
        opened_below, depth = False, indent
    return headers[::-1]


def keyword_header(text: str) -> tuple[str, str] | None:
    """(kind, name) of the definition that a line opens with a word such as ``def`` or ``class``."""
    if len(text) > _MAX_HEADER_CHARS or _CONTROL.match(text):
        return None
    match = _KEYWORD_HEADER.match(text)
    if match is None:
        return None
    is_class = _CLASSES.fullmatch(match["kind"]) is not None
    if not match["name"] and not is_class:
        return None
    return match["kind"] if is_class else "function", (match["name"] or "").rstrip(":.<")


def indented_block(document: Document, line: int) -> Span:
    """Span from ``line`` to the end of the lines indented more than it, without trailing blank lines."""
    indent = indent_at(document, line)
    last = line
    for below in range(line + 1, min(document.line_count, line + _MAX_LINES)):
        if is_blank(document, below):
            continue
        if indent_at(document, below) <= indent:
            if _CLOSER.match(document.text, document.line_starts[below]):
                last = below
            break
        last = below
    return Span(document.line_starts[line], document.line_span(last).end)


def _indents_above(document: Document, line: int) -> Iterator[tuple[int, int]]:
    """Lines above ``line`` that are not blank, with their indentation, nearest first."""
    text, starts = document.text, document.line_starts
    for above in range(line - 1, max(-1, line - 1 - _MAX_LINES), -1):
        match = _INDENT.match(text, starts[above])
        white = match.group() if match else ""
        if text[starts[above] + len(white)] not in "\r\n":
            yield above, _columns(white)


def _columns(white: str) -> int:
    return len(white.expandtabs(_TAB_COLUMNS)) if "\t" in white else len(white)

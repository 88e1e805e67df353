"""Find code structure from lines and indentation alone.

Used where there is no tree: unknown languages, text too large to parse, code so broken that the tree
lacks its definitions. Reads at most a few thousand lines around the offset.
"""

import re
from collections.abc import Iterator

from homebody.text import Document, Span

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
_CALL_HEADER = re.compile(r"[\w\s*&:<>,~\[\].]*?(?P<name>[~\w]+)\s*\([^;]*\)?[^;()]*[{:]?\s*$")
# ``describe("…", () => {`` is a call over several lines, not a definition.
_CALLBACK = re.compile(r"=>|\bfunction\b|[\"'`]")
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


def call_header(text: str) -> tuple[str, str] | None:
    """(kind, name) of the function that a line such as ``int f(int x) {`` opens."""
    if len(text) > _MAX_HEADER_CHARS or _CONTROL.match(text) or _CALLBACK.search(text):
        return None
    match = _CALL_HEADER.match(text)
    if match is None or is_control(match["name"]) or text.rstrip()[-1:] not in {"{", ":", ")"}:
        return None
    return "function", match["name"]


def is_control(word: str) -> bool:
    """Whether ``word`` opens a condition or a loop in some language, so that it is not a call."""
    return _CONTROL.fullmatch(word) is not None


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

"""Structure from lines and indentation alone.

Answers where there is no tree: unknown languages, text too large to parse, code so broken that the
tree lost its definitions. Looks at no more than some thousand lines around the offset.
"""

import re
from collections.abc import Iterator

from homebody.text import Document, Span

_INDENT = re.compile(r"[ \t]*")
_BLANK = re.compile(r"[^\S\r\n]*(?:[\r\n]|\Z)")
_CLOSER = re.compile(r"[ \t]*(?:[})\]]|(?:end|fi|done|esac|until)\b|</)")
_TAB_COLUMNS = 4
_MAX_LINES = 2_000
# A line longer than this is data or minified: nothing in it is a header.
_MAX_HEADER_CHARS = 500

_KEYWORD_HEADER = re.compile(
    r"""\s*(?:[\w@()]+\s+){0,6}?
    (?P<kind>class|interface|struct|enum|union|trait|impl|module|namespace|object|protocol|extension
      |record|package|contract|type|def|function|func|fun|fn|sub|proc|procedure|method|defn|let|section)
    \b(?:\s*[*&]*\s+|\s*\([^()]*\)\s*)(?P<name>[\w.:$<>-]+)?""",
    re.VERBOSE,
)
_CALL_HEADER = re.compile(r"[\w\s*&:<>,~\[\].]*?(?P<name>[~\w]+)\s*\([^;]*\)?[^;()]*[{:]?\s*$")
# ``describe("…", () => {`` is a call that goes on, no definition.
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
    found = _INDENT.match(document.text, document.line_starts[line])
    return _columns(found.group() if found else "")


def is_blank(document: Document, line: int) -> bool:
    """Whether the line holds nothing but white space."""
    return _BLANK.match(document.text, document.line_starts[line]) is not None


def depth_at(document: Document, offset: int) -> int:
    """Columns at which ``offset`` stands: its line's indentation, its own column on a blank line."""
    line = document.line_of(offset)
    if not is_blank(document, line):
        return indent_at(document, line)
    return _columns(document.text[document.line_starts[line] : offset])


def header_lines(document: Document, offset: int) -> list[int]:
    """Lines whose indentation holds ``offset``, the outermost first.

    Each is the nearest line above that is indented less than what it holds; a line with nothing but
    an opening brace stands for the line before it.
    """
    found: list[int] = []
    depth = depth_at(document, offset)
    opened_below = False
    for line in _lines_above(document, document.line_of(offset)):
        if depth == 0 and not opened_below:
            break
        indent = indent_at(document, line)
        alone = opened_below and indent == depth
        if indent >= depth and not alone:
            continue
        if document.line_text(line).strip() == "{":
            opened_below, depth = True, indent
            continue
        found.append(line)
        opened_below, depth = False, indent
    return found[::-1]


def header_kind(text: str) -> tuple[str, str] | None:
    """(kind, name) of the definition that a line opens; ``None`` for any other line."""
    if len(text) > _MAX_HEADER_CHARS or _CONTROL.match(text):
        return None
    found = _KEYWORD_HEADER.match(text)
    if found is not None:
        is_class = _CLASSES.fullmatch(found["kind"]) is not None
        if found["name"] or is_class:
            return found["kind"] if is_class else "function", (found["name"] or "").rstrip(":.<")
    found = None if _CALLBACK.search(text) else _CALL_HEADER.match(text)
    if found is not None and not is_control(found["name"]) and text.rstrip()[-1:] in {"{", ":", ")"}:
        return "function", found["name"]
    return None


def is_control(word: str) -> bool:
    """Whether ``word`` opens a condition or a loop in some language, and so calls nothing."""
    return _CONTROL.fullmatch(word) is not None


def indented_block(document: Document, line: int) -> Span:
    """Span from ``line`` to the end of what is indented more than it, without trailing blank lines."""
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


def indented_end(document: Document, line: int, depth: int) -> int:
    """End of the last line from ``line`` on that is indented by ``depth`` columns or more."""
    last = line
    for below in range(line + 1, min(document.line_count, line + _MAX_LINES)):
        if is_blank(document, below):
            continue
        if indent_at(document, below) < depth or _CLOSER.match(document.text, document.line_starts[below]):
            break
        last = below
    return document.line_span(last).end


def _lines_above(document: Document, line: int) -> Iterator[int]:
    """Lines above ``line`` that are not blank, nearest first."""
    for above in range(line - 1, max(-1, line - 1 - _MAX_LINES), -1):
        if not is_blank(document, above):
            yield above


def _columns(white: str) -> int:
    return len(white.expandtabs(_TAB_COLUMNS)) if "\t" in white else len(white)

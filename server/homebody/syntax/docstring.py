"""Where the documentation of a definition goes, and the one that is there.

In: a document, its tree, a definition of it. Out: an offset and the text to put around what is
written there. Pure; knows each language's way from its row.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from homebody.syntax.languages import Language
from homebody.syntax.scope import Definition
from homebody.syntax.tree import Tree
from homebody.text import Document, Span

_INDENT = re.compile(r"[ \t]*")
_STRING = re.compile(
    r"(?i:[rub]{0,2})(?:\"\"\"(?:\\.|[^\\])*?\"\"\"|'''(?:\\.|[^\\])*?'''"
    r"|\"(?:\\.|[^\\\"\r\n])*\"|'(?:\\.|[^\\'\r\n])*')",
    re.DOTALL,
)
_MAX_COMMENT_LINES = 200


@dataclass(frozen=True, slots=True)
class DocstringPlace:
    """Where to write documentation.

    Attributes
    ----------
    offset
        Insert here: ``before``, the documentation, ``after``.
    before, after
        Line ends and indentation that make it a line of its own.
    indent
        What each further line of it begins with.
    existing
        Span of the documentation that is there already, to be replaced instead; ``None`` without.
    opening, middle, closing
        Prefix of its first line, of the lines between, and its last line, as the language has it.

    """

    offset: int
    before: str
    after: str
    indent: str
    existing: Span | None
    opening: str
    middle: str
    closing: str


def docstring_place(document: Document, tree: Tree, definition: Definition) -> DocstringPlace | None:
    """Say where the documentation of ``definition`` goes; ``None`` where the language has no way."""
    language = tree.language
    if language is None or language.docstrings == "none":
        return None
    if language.docstrings == "inside":
        return _inside(document, language, definition)
    return _before(document, language, definition)


def _inside(document: Document, language: Language, definition: Definition) -> DocstringPlace:
    """First thing in the body, on a line of its own."""
    text, newline = document.text, document.newline
    header_line = document.line_of(definition.header.end)
    offset = definition.body.start if definition.body else document.line_span_with_end(header_line).end
    line = document.line_of(offset)
    indent = _indent(document, line)
    if document.text[document.line_starts[line] : offset].strip() or definition.body is None:
        indent = _indent(document, document.line_of(definition.header.start)) + "    "
    own_line = not text[document.line_starts[line] : offset].strip()
    found = _STRING.match(text, offset) if definition.body else None
    existing = Span(found.start(), found.end()) if found else None
    before = "" if own_line else newline + indent
    after = newline + indent
    if definition.body is None:
        before, after = indent, newline
        if offset and text[offset - 1] not in "\r\n":
            before, after = newline + indent, ""
    return DocstringPlace(offset, before, after, indent, existing, *language.docstring_lines)


def _before(document: Document, language: Language, definition: Definition) -> DocstringPlace:
    """On the lines before the definition, and before the attributes that stand on lines of their own."""
    line = document.line_of(definition.span.start)
    while line > 0 and language.decoration and _text(document, line - 1).startswith(language.decoration):
        line -= 1
    indent = _indent(document, line)
    offset = document.line_starts[line] + len(indent)
    first = min(_comment_lines(document, language, line), default=line)
    existing = None
    if first < line:
        start = document.line_starts[first] + len(_indent(document, first))
        existing = Span(start, document.line_span(line - 1).end)
    after = document.newline + indent
    return DocstringPlace(offset, "", after, indent, existing, *language.docstring_lines)


def _comment_lines(document: Document, language: Language, line: int) -> Iterator[int]:
    """Lines directly above ``line`` that are comments, the nearest first."""
    in_block = False
    for above in range(line - 1, max(-1, line - 1 - _MAX_COMMENT_LINES), -1):
        text = _text(document, above)
        if language.block_comment and text.endswith(language.block_comment[1]):
            in_block = True
        is_line = bool(language.line_comment) and text.startswith(language.line_comment or "")
        if not in_block and not is_line:
            return
        # A script's first line is for the system, not about the code.
        if above == 0 and text.startswith("#!"):
            return
        yield above
        if in_block and language.block_comment and text.startswith(language.block_comment[0]):
            in_block = False


def _text(document: Document, line: int) -> str:
    return document.line_text(line).strip()


def _indent(document: Document, line: int) -> str:
    found = _INDENT.match(document.text, document.line_starts[line])
    return found.group() if found else ""

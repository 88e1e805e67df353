"""Render a definition for prompts of other files: its signature, its whole text, or an outline.

Pure and synchronous.
"""

import re
from collections.abc import Iterator, Sequence

from homebody.syntax.indentation import indent_of
from homebody.syntax.row import Language
from homebody.syntax.scope import Definition
from homebody.text import Document

# Kinds that are shown with their members.
_WITH_MEMBERS = frozenset({"class", "interface", "struct", "enum", "trait", "type", "table"})
_MAX_WHOLE_LINES = 14
_MAX_WHOLE = 1_200
# About the size of a chunk of another file; a larger one would leave no room for others.
_MAX_LINES = 24
_MAX_OUTLINE = 1_000
_MAX_DECORATORS = 200
_CLOSER = re.compile(r"\s*(?:[)}\]]+|end)[;,)]*\s*")
_OPENED = re.compile(r"([\[({])\s*\Z")
_CLOSES = {"(": ")", "[": "]", "{": "}"}


def shown(
    document: Document, language: Language | None, definition: Definition, members: Sequence[Definition]
) -> tuple[int, int, str]:
    """Return the first and the last line, and the text of ``definition`` for a prompt.

    Lines count from 0, both inclusive; for an outline, they are those of its header.

    For a type: its whole text if it is short, otherwise the signatures of its ``members``, or its first
    lines if it has none. For any other definition: its signature.
    """
    first, last = document.lines_of(definition.span)
    if (
        definition.kind in _WITH_MEMBERS
        and last - first < _MAX_WHOLE_LINES
        and len(definition.span) <= _MAX_WHOLE
    ):
        text = _indentation(document, definition.span.start) + document.slice(definition.span)
        return first, last, text
    end = document.lines_of(definition.header)[1]
    first = document.line_of(definition.header.start)
    if definition.kind in _WITH_MEMBERS and last > end:
        return first, end, _outline(document, language, definition, members)
    return first, end, _signature(document, definition)


def _outline(
    document: Document, language: Language | None, definition: Definition, members: Sequence[Definition]
) -> str:
    """Header, as many members' signatures as fit, and the closing line."""
    indented = language is not None and language.blocks == "indentation"
    header = document.slice(definition.header).rstrip()
    if indented:
        header = _decorators(document, definition) + header
    parts = [_member(document, member, indented=indented) for member in members]
    if not members:
        if indented:
            return f"{header} ..."
        # The opening bracket of a SQL table's body comes after the header.
        header = document.text[definition.header.start : _line_end(document, definition.header.end)].rstrip()
        parts = list(_lines_inside(document, definition))
    kept = parts[: _fitting(parts)]
    if len(kept) < len(parts):
        comment = "" if indented or language is None or not language.line_comment else language.line_comment
        indent = parts[0][: len(parts[0]) - len(parts[0].lstrip())]
        kept = [*kept, f"{indent}{comment} ..." if comment else f"{indent}..."]
    last = document.line_text(document.lines_of(definition.span)[1]).rstrip()
    closer = [last] if not indented and _CLOSER.fullmatch(last) else []
    return "\n".join([header, *kept, *closer])


def _fitting(parts: Sequence[str]) -> int:
    """Number of ``parts`` that fit within the limits."""
    lines = length = 0
    for number, part in enumerate(parts):
        lines += part.count("\n") + 1
        length += len(part) + 1
        if lines > _MAX_LINES or length > _MAX_OUTLINE:
            return number
    return len(parts)


def _member(document: Document, definition: Definition, *, indented: bool) -> str:
    """One member's signature, as in a stub."""
    text = _signature(document, definition)
    opened = _OPENED.search(text)
    if opened is not None:
        text += f"...{_CLOSES[opened[1]]}"
    if not indented:
        return text
    if text.endswith(":"):
        text += " ..."
    return _decorators(document, definition) + text


def _signature(document: Document, definition: Definition) -> str:
    return _indentation(document, definition.header.start) + definition.signature


def _decorators(document: Document, definition: Definition) -> str:
    """Lines of the definition before its header, unless they are long: ``@property`` matters."""
    start = document.line_start(definition.span.start)
    text = document.text[start : definition.header.start]
    return text if text.endswith("\n") and len(text) <= _MAX_DECORATORS else ""


def _lines_inside(document: Document, definition: Definition) -> Iterator[str]:
    """Lines of the body, without the one that closes it."""
    first = document.lines_of(definition.header)[1] + 1
    last = document.lines_of(definition.span)[1]
    for line in range(first, min(last + 1, first + _MAX_LINES + 1)):
        text = document.line_text(line).rstrip()
        if text.strip() and not (line == last and _CLOSER.fullmatch(text)):
            yield text


def _line_end(document: Document, offset: int) -> int:
    return document.line_span(document.line_of(max(0, offset - 1))).end


def _indentation(document: Document, offset: int) -> str:
    return indent_of(document.line_text(document.line_of(offset)))

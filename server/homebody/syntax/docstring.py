"""Find where to write the documentation of a definition.

Pure. Positions come from the tree.
"""

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from homebody.syntax.indentation import indent_of
from homebody.syntax.row import DocStyle
from homebody.syntax.scope import Definition, first_definition
from homebody.syntax.tree import Tree
from homebody.syntax.widen import with_decorations
from homebody.text import Document, Span

Obstacle: TypeAlias = Literal["no definition", "comment above", "not a plain string"]
"""No function or class begins in the span; a comment there may be something other than
documentation; the existing docstring is more than a plain string."""

_BLANKS = re.compile(r"[ \t]*")
_STRING = re.compile(
    r"[rRuU]?(?:(\"{3}|'{3})(?:\\.|(?!\1)[^\\])*\1|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*')", re.DOTALL
)
_ANY_STRING = re.compile(r"[rRuUbBfFtT]{0,2}[\"']")
_MAX_COMMENT_LINES = 200


@dataclass(frozen=True, slots=True)
class DocstringPlace:
    r"""Where to write documentation.

    Attributes
    ----------
    span
        Replace this by ``before``, the documentation and ``after``. It contains the existing documentation,
        or is empty (or blank) if there is none.
    indent
        Indentation of each line of the documentation after the first.
    before, after
        Line ends (as ``\n``) and indentation that put new documentation on lines of its own.

    """

    span: Span
    indent: str
    before: str = ""
    after: str = ""


def docstring_place(
    document: Document, tree: Tree, span: Span, style: DocStyle, unit: str
) -> DocstringPlace | Obstacle:
    """Find the place for the documentation of the first definition that begins in ``span``.

    ``unit`` is one step of indentation, for a body that does not have its own lines yet.
    """
    definition = first_definition(document, tree, span)
    if style.inside:
        known = definition is not None and (definition.is_function or definition.is_class)
        return _inside(document, definition, unit) if definition and known else "no definition"
    start = span.start
    if definition is not None:
        start = with_decorations(document, tree, definition.span).start
        header = document.line_of(definition.header.start)
        if document.line_of(start) < header and _first_comment_line(document, header, style) is not None:
            # The documentation stands between the decorations and the definition.
            return _above_line(document, header, style)
    line = document.line_of(start)
    while line < document.line_of(span.end) and not document.line_text(line).strip():
        line += 1
    return _above_line(document, line, style)


def _inside(document: Document, definition: Definition, unit: str) -> DocstringPlace | Obstacle:
    """Place at the start of the body, on its own lines."""
    outer = _indent(document, document.line_of(definition.header.start))
    header_end = definition.header.start + len(document.slice(definition.header).rstrip())
    body = definition.body.start if definition.body else None
    own_line = body is not None and not document.text[document.line_start(body) : body].strip()
    indent = _indent(document, document.line_of(body)) if body is not None and own_line else ""
    if body is None or not own_line:
        indent = outer + unit
    elif not (len(indent) > len(outer) and indent.startswith(outer)):
        # What follows the header is not its body.
        body, indent = None, outer + unit
    if body is not None and _ANY_STRING.match(document.text, body):
        return _existing(document, body, indent)
    if body is None or own_line:
        line_end = document.line_span(document.line_of(header_end)).end
        return DocstringPlace(Span(line_end, line_end), indent, before="\n" + indent)
    blanks = _BLANKS.match(document.text, header_end)
    end = blanks.end() if blanks else header_end
    return DocstringPlace(Span(header_end, end), indent, before="\n" + indent, after="\n" + indent)


def _existing(document: Document, start: int, indent: str) -> DocstringPlace | Obstacle:
    """Span of the docstring that begins at ``start``, if it is only a plain string."""
    match = _STRING.match(document.text, start)
    if match is None:
        return "not a plain string"
    line_end = document.line_span(document.line_of(match.end())).end
    rest = document.text[match.end() : line_end].strip()
    return DocstringPlace(Span(*match.span()), indent) if rest[:1] in {"", "#", ";"} else "not a plain string"


def _above_line(document: Document, line: int, style: DocStyle) -> DocstringPlace | Obstacle:
    """Place directly above ``line``."""
    indent = _indent(document, line)
    start = document.line_starts[line]
    first = _first_comment_line(document, line, style)
    if first is None:
        return DocstringPlace(Span(start, start), indent, before=indent, after="\n")
    if not style.own:
        return "comment above"
    there = document.line_starts[first] + len(_indent(document, first))
    return DocstringPlace(Span(there, document.line_span(line - 1).end), indent)


def _first_comment_line(document: Document, line: int, style: DocStyle) -> int | None:
    """First line of the doc comment that ends directly above ``line``; ``None`` without one."""
    above = line - 1
    if above < 0:
        return None
    last = max(0, above - _MAX_COMMENT_LINES)
    if style.begin:
        if not document.line_text(above).rstrip().endswith(style.end.strip()):
            return None
        opening = style.begin[:2]
        while above > last and opening not in document.line_text(above):
            above -= 1
        return above if document.line_text(above).lstrip().startswith(style.begin) else None
    mark = style.line.strip()
    while (
        above >= last
        and document.line_text(above).lstrip().startswith(mark)
        and not (above == 0 and document.text.startswith("#!"))
    ):
        above -= 1
    return above + 1 if above + 1 < line else None


def _indent(document: Document, line: int) -> str:
    return indent_of(document.line_text(line))

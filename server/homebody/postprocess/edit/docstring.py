"""A model's description of a function, as an edit that writes it where the language has it.

In: the document, the span of the function and the answer. Out: edits that touch nothing but the
description, or the reason why there are none.
"""

import re
import textwrap
from dataclasses import dataclass

from homebody.postprocess.edit.answer_code import Refusal
from homebody.postprocess.edit.doc_style import DocStyle, doc_style_of
from homebody.postprocess.edit.doc_text import description_in
from homebody.postprocess.edit.hunks import document_hunks
from homebody.postprocess.ghost.lexis import lexis_of
from homebody.postprocess.ghost.line_ends import with_line_ends
from homebody.postprocess.ghost.scan import State, code_of, scan
from homebody.postprocess.ghost.situation import indent_of, indent_unit_of
from homebody.text import Document, Span, TextEdit

_WIDTH = 100
"""Columns at which a line of a description is wrapped."""

_HEADER = re.compile(r"\s*(?:async\s+def|def|class)\b")
_STRING = re.compile(
    r"[rRuU]?(?:(\"{3}|'{3})(?:\\.|(?!\1)[^\\])*\1|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*')", re.DOTALL
)

_NO_HEADER = Refusal("There is no function or class here to describe; put the cursor on one.")
_ONE_LINE = Refusal("The body stands on the line of its header; give it a line of its own first.")
_COMMENTED = Refusal("There is a comment above it already; remove it to have a description written.")
_NOT_PLAIN = Refusal("Its docstring is more than a plain string; change it by hand.")


def docstring_edits(
    document: Document, span: Span, answer: str, *, cut_by_length: bool = False
) -> list[TextEdit] | Refusal:
    """Write the description of the function or class that begins in ``span``.

    The answer may be bare text, a docstring or comment, or the whole function with one in it. A
    docstring or doc comment that is there already is replaced; nothing else is ever touched.
    """
    style = doc_style_of(document.language_id)
    if style is None:
        return Refusal(f"Descriptions are not written in comments in {document.language_id} files.")
    text = description_in(answer, style, cut=cut_by_length)
    if isinstance(text, Refusal):
        return text
    place = _place_inside(document, span) if style.inside else _place_above(document, span, style)
    if isinstance(place, Refusal):
        return place
    new = _docstring(text, place.indent) if style.inside else _comment(text, style, place.indent)
    if place.span.start != place.span.end:
        return document_hunks(document, place.span, new)
    return [TextEdit(place.span, with_line_ends(place.before + new + place.after, document.newline))]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the description goes; ``before`` and ``after`` surround a new one."""

    span: Span
    indent: str
    before: str = ""
    after: str = ""


def _place_inside(document: Document, span: Span) -> _Place | Refusal:
    """Python: below the header, which may run over several lines."""
    lexis = lexis_of(document.language_id)
    state = State()
    header: int | None = None
    for line in range(document.line_of(span.start), document.line_of(max(span.start, span.end - 1)) + 1):
        text = document.line_text(line)
        if header is None and _HEADER.match(text):
            header = line
        if header is None:
            continue
        state = scan(text + "\n", lexis, state)
        code = code_of(text, lexis).rstrip()
        if state.due or state.region is not None or code.endswith("\\"):
            continue
        return _place_below(document, header, line) if code.endswith(":") else _ONE_LINE
    return _NO_HEADER


def _place_below(document: Document, header: int, last: int) -> _Place | Refusal:
    """Take the place of the docstring that is there, or the line after the header."""
    outer = indent_of(document.line_text(header))
    body = next((n for n in range(last + 1, document.line_count) if document.line_text(n).strip()), None)
    indent = outer + indent_unit_of(document, Span(document.line_starts[header], document.line_starts[last]))
    if body is not None:
        text = document.line_text(body)
        if len(indent_of(text)) > len(outer) and indent_of(text).startswith(outer):
            indent = indent_of(text)
            start = document.line_starts[body] + len(indent)
            there = _STRING.match(document.text, start)
            if there:
                line_end = document.line_span(document.line_of(there.end())).end
                rest = document.text[there.end() : line_end].strip()
                return _Place(Span(start, there.end()), indent) if rest[:1] in {"", "#", ";"} else _NOT_PLAIN
            if re.match(r"[rRuUbBfF]{0,2}[\"']", text.strip()):
                return _NOT_PLAIN
    end = document.line_span(last).end
    return _Place(Span(end, end), indent, before="\n" + indent)


def _place_above(document: Document, span: Span, style: DocStyle) -> _Place | Refusal:
    """Other languages: above the line that the function begins on."""
    line = document.line_of(span.start)
    while line < document.line_of(span.end) and not document.line_text(line).strip():
        line += 1
    indent = indent_of(document.line_text(line))
    start = document.line_starts[line]
    first = _comment_begins(document, line, style)
    if first is not None and not style.own:
        return _COMMENTED
    if first is not None:
        there = Span(document.line_starts[first] + len(indent_of(document.line_text(first))), start)
        return _Place(Span(there.start, document.line_span(line - 1).end), indent)
    return _Place(Span(start, start), indent, before=indent, after="\n")


def _comment_begins(document: Document, line: int, style: DocStyle) -> int | None:
    """First line of the doc comment that ends just above ``line``, ``None`` where there is none."""
    above = line - 1
    if above < 0:
        return None
    if style.begin:
        if not document.line_text(above).rstrip().endswith("*/"):
            return None
        while above > 0 and "/*" not in document.line_text(above):
            above -= 1
        return above if document.line_text(above).lstrip().startswith(style.begin) else None
    while above >= 0 and document.line_text(above).lstrip().startswith(style.line.strip()):
        above -= 1
    return above + 1 if above + 1 < line else None


def _docstring(text: str, indent: str) -> str:
    """Quote ``text`` for Python; its first line goes where the cursor is."""
    text = text.replace('"""', "'''")
    prefix = "r" if "\\" in text else ""
    lines = _wrapped(text, len(indent.expandtabs(4)))
    alone = len(lines) == 1 and not lines[0].endswith(('"', "\\"))
    if alone and len(lines[0]) + 7 + len(indent.expandtabs(4)) <= _WIDTH:
        return f'{prefix}"""{lines[0]}"""'
    # A line of its own for the end: a quote or backslash there would join it.
    space = " " if lines[0].startswith('"') else ""
    first, *others = [*lines, ""]
    rest = "".join(f"\n{indent}{line}" if line else "\n" for line in others[:-1])
    return f'{prefix}"""{space}{first}{rest}\n{indent}"""'


def _comment(text: str, style: DocStyle, indent: str) -> str:
    """Put comment marks around ``text``; its first line goes where the cursor is."""
    if style.end:
        text = text.replace("*/", "* /")
    lines = _wrapped(text, len(indent.expandtabs(4)) + len(style.line))
    marked = [(style.line + line).rstrip() for line in lines]
    return f"\n{indent}".join([*filter(None, [style.begin]), *marked, *filter(None, [style.end])])


def _wrapped(text: str, used: int) -> list[str]:
    """Lines of ``text``, long ones wrapped at their own indentation."""
    lines: list[str] = []
    for line in text.split("\n"):
        indent = indent_of(line)
        fits = len(line) + used <= _WIDTH or line.lstrip().startswith((">>>", "...", "|", "    "))
        lines += (
            [line]
            if fits
            else textwrap.wrap(
                line,
                _WIDTH - used,
                subsequent_indent=indent,
                break_long_words=False,
                break_on_hyphens=False,
            )
        )
    return lines

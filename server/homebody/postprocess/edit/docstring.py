"""Insert a model's description of a function where the language expects it."""

import re
import textwrap
from contextlib import suppress

from homebody.postprocess.edit.answer_code import Refusal
from homebody.postprocess.edit.doc_text import description_in
from homebody.postprocess.edit.hunks import document_hunks
from homebody.postprocess.lines import with_line_ends
from homebody.syntax.docstring import DocstringPlace, Obstacle, docstring_place
from homebody.syntax.indentation import indent_of, indent_unit_of
from homebody.syntax.language import language_of
from homebody.syntax.row import DocStyle
from homebody.syntax.tree import Tree
from homebody.text import Document, Span, TextEdit

_QUOTES = ('"""', "'''")
_NEXT_PARAGRAPH = re.compile(r"\n(?=[ \t]*(?:\n|[@:\\<#-]))")

_WIDTH = 100
"""Column at which the lines of a description are wrapped."""

_WHY_NOT: dict[Obstacle, str] = {
    "no definition": "There is no function or class here to describe; put the cursor on one.",
    "comment above": "There is a comment above it already; remove it to have a description written.",
    "not a plain string": "Its docstring is more than a plain string; change it by hand.",
}


def docstring_edits(
    document: Document, tree: Tree, span: Span, answer: str, *, cut_by_length: bool = False
) -> list[TextEdit]:
    """Write the description of the first definition that begins in ``span``.

    The answer may be bare text, a docstring or comment, or the whole function including one.
    Of an existing docstring or doc comment, the first paragraph is replaced. No other code is changed.
    Raises ``Refusal``.
    """
    style = language_of(document.language_id, document.uri).doc
    if style is None:
        message = f"Descriptions are not written in comments in {document.language_id} files."
        raise Refusal(message)
    text = description_in(answer, style, cut=cut_by_length)
    place = docstring_place(document, tree, span, style, indent_unit_of(document, span))
    if not isinstance(place, DocstringPlace):
        raise Refusal(_WHY_NOT[place])
    known = ""
    with suppress(Refusal):
        known = description_in(document.slice(place.span), style)
    text = _merged(known, text, style)
    quote = _quote(document, place)
    there = document.slice(place.span)
    if style.inside:
        new = _docstring(text, place.indent, quote)
    else:
        on_one_line = bool(style.begin and there.strip()) and "\n" not in there
        new = _comment(text, style, place.indent, on_one_line=on_one_line)
    if there.strip():
        return document_hunks(document, place.span, new)
    return [TextEdit(place.span, with_line_ends(place.before + new + place.after, document.newline))]


def _merged(old: str, new: str, style: DocStyle) -> str:
    """``new`` in place of the first paragraph of ``old``, whose other paragraphs and sections stay."""
    opening, closing = style.around
    if opening:
        inner = new.removeprefix(opening).partition(closing)[0].strip()
        head, found, rest = old.partition(closing)
        rest = rest if found else head[_first_paragraph(head) :]
        return f"{opening}\n{inner}\n{closing}{rest}"
    rest = old[_first_paragraph(old) :]
    return new[: _first_paragraph(new)] + rest if rest.strip() else new


def _first_paragraph(text: str) -> int:
    """End of the first paragraph: a blank line or a section that begins with a mark (``@param``) follows."""
    found = _NEXT_PARAGRAPH.search(text.rstrip())
    return found.start() if found else len(text.rstrip())


def _quote(document: Document, place: DocstringPlace) -> str:
    """Quotes of the docstring that is replaced, otherwise those of the file."""
    there = document.slice(place.span).lstrip("rRuU")
    if there.startswith(_QUOTES):
        return there[:3]
    return "'''" if "'''" in document.text and '"""' not in document.text else '"""'


def _docstring(text: str, indent: str, quote: str) -> str:
    """Quote ``text`` for Python; its first line gets no indentation."""
    text = text.replace(quote, next(other for other in _QUOTES if other != quote))
    prefix = "r" if "\\" in text else ""
    lines = _wrapped(text, len(indent.expandtabs(4)))
    alone = len(lines) == 1 and not lines[0].endswith((quote[0], "\\"))
    if alone and len(lines[0]) + 7 + len(indent.expandtabs(4)) <= _WIDTH:
        return f"{prefix}{quote}{lines[0]}{quote}"
    # Put the closing quotes on their own line: a final quote or backslash would merge with them.
    space = " " if lines[0].startswith(quote[0]) else ""
    first, *others = [*lines, ""]
    rest = "".join(f"\n{indent}{line}" if line else "\n" for line in others[:-1])
    return f"{prefix}{quote}{space}{first}{rest}\n{indent}{quote}"


def _comment(text: str, style: DocStyle, indent: str, *, on_one_line: bool) -> str:
    """Put comment marks around ``text``; its first line gets no indentation.

    ``on_one_line`` puts the marks on the line of the text if it has only one.
    """
    if style.end:
        text = text.replace("*/", "* /")
    lines = _wrapped(text, len(indent.expandtabs(4)) + len(style.line))
    if on_one_line and len(lines) == 1:
        return f"{style.begin} {lines[0]} {style.end.strip()}"
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

"""Fit new code to its place in the file: indentation, blank lines around it, line ends."""

import re
from collections.abc import Sequence
from itertools import pairwise

from homebody.postprocess.edit.answer_code import NO_CODE, Refusal
from homebody.postprocess.lines import fit_line_ends, with_line_ends
from homebody.syntax.indentation import Indentation, indent_of, indentation_around
from homebody.syntax.language import language_of
from homebody.syntax.opaque import ScanState, code_of
from homebody.syntax.row import Language
from homebody.syntax.tree import Tree
from homebody.syntax.widen import top_level_start
from homebody.text import Document, Span, TextEdit

_MOST_REPEATED = 40
"""Number of lines around a place that an answer may repeat."""

_STEPS = (2, 4, 8)
"""Columns of a step of indentation that an answer may use instead of the file's."""

_CONTINUED = re.compile(r"[^\w\s)\]}\"'`;]\n|\n[ \t]*[.,?:=+|&%]")
"""The end of a line whose statement goes on, or the beginning of the next one."""


def placed(document: Document, span: Span, code: str, indent: str | None = None) -> TextEdit:
    """Put ``code`` in place of ``span``: indented like it, with the file's tabs or spaces and line ends.

    ``indent`` is used instead of the indentation of ``span``. Raises ``Refusal`` if ``code`` is blank.
    """
    old = document.slice(span)
    language = language_of(document.language_id, document.uri)
    if not code.strip():
        raise Refusal(NO_CODE)
    if document.language_id in {"markdown", "plaintext"}:
        new = code.strip("\n")
    else:
        base = _base(document, span) if indent is None else indent
        new = reindented(code, base=base, indentation=indentation_around(document, span), language=language)
    before = document.text[document.line_start(span.start) : span.start]
    if before.strip() and old.strip():  # a body on the line of its head
        new = new.lstrip(" \t")
    return TextEdit(span, fit_line_ends(new, old=old, newline=document.newline))


def above_top_level(document: Document, tree: Tree, offset: int, code: str) -> TextEdit:
    """Insert ``code`` above the top-level statement around ``offset``."""
    at = top_level_start(document, tree, offset)
    gap = "\n\n\n" if document.language_id == "python" else "\n\n"
    return TextEdit(Span(at, at), with_line_ends(code.strip("\n") + gap, document.newline))


def inserted(document: Document, span: Span, code: str, indent: str | None = None) -> list[TextEdit]:
    """Write ``code`` below the comment ``span``, or on the blank line there, indented by ``indent``.

    Without the lines at its beginning and end that repeat those above and below; where it repeats some above,
    it is indented like them.
    """
    is_blank = not document.slice(span).strip()
    last = document.line_of(span.end)
    first = last if is_blank else last + 1
    around = range(max(0, first - _MOST_REPEATED), min(document.line_count, last + _MOST_REPEATED))
    there = [(line, text) for line in around if (text := document.line_text(line).strip())]
    above, below = [line for line in there if line[0] < first], [text for line, text in there if line > last]
    lines = code.strip("\n").split("\n")
    own = [(number, text) for number, line in enumerate(lines) if (text := line.strip())]
    texts = [text for _, text in own]
    repeated = _overlap([text for _, text in above], texts)
    if repeated:
        indent = indent_of(document.line_text(above[-repeated][0]))
    # Brackets alone are only repeated if something above is.
    count = _overlap(texts[repeated:], below)
    if count and (repeated or re.search(r"\w", "".join(below[:count]))):
        lines = lines[: own[-count][0]]
    if repeated + count == len(own):
        return []
    at = Span(span.end, span.end)
    new = placed(document, at, "\n".join(lines), indent).new_text.splitlines(keepends=True)
    new = "".join(new[own[repeated][0] :])
    if not is_blank:
        return [TextEdit(at, document.newline + new.lstrip("\r\n"))]
    return [TextEdit(span, new if span.end < len(document.text) else new + document.newline)]


def _overlap(first: Sequence[str], second: Sequence[str]) -> int:
    """Number of lines at the end of ``first`` with which ``second`` begins."""
    most = min(len(first), len(second))
    return next((number for number in range(most, 0, -1) if first[-number:] == second[:number]), 0)


def _base(document: Document, span: Span) -> str:
    """Indentation of the first line with code that the selection touches."""
    first = document.line_of(span.start)
    for line in range(first, document.line_of(span.end) + 1):
        text = document.line_text(line)
        if text.strip():
            return indent_of(text)
    return ""


def reindented(code: str, *, base: str, indentation: Indentation, language: Language) -> str:
    """Indent the first line by ``base`` and the others relative to it.

    An answer that uses another step than the file consistently is converted. Its first line may have lost its
    indentation, while the others kept that of the file.
    """
    columns, tab = indentation.columns, indentation.tab_columns
    lines = code.strip("\n").split("\n")
    widths = [len(indent_of(line).expandtabs(tab)) for line in lines]
    rest = [width for line, width in zip(lines[1:], widths[1:], strict=True) if line.strip()]
    base_width = len(base.expandtabs(tab))
    first = code_of(lines[0], language, ScanState()).rstrip()
    opens = language.opener.search(first) or _CONTINUED.search("\n".join([first, *lines[1:2]]))
    # Below a line that opens a block or goes on, the next one is a step deeper, if not that of the file.
    is_lost = bool(base_width and rest) and not widths[0]
    is_lost = is_lost and min(rest) >= base_width
    is_lost = is_lost and not (opens and rest[0] in (base_width, columns))
    margin = min([base_width, *rest] if is_lost else [widths[0], *rest])
    inner = [width - margin for width in widths]
    if is_lost:
        inner[0] = base_width - margin
    present = [width for line, width in zip(lines, inner, strict=True) if line.strip()]
    step = next((after - before for before, after in pairwise(present) if after > before), 0)
    if step in _STEPS and step != columns and all(width % step == 0 for width in present):
        inner = [width // step * columns for width in inner]
    return "\n".join(
        _indent(base, width, indentation) + line.lstrip(" \t") if line.strip() else ""
        for line, width in zip(lines, inner, strict=True)
    )


def _indent(base: str, width: int, indentation: Indentation) -> str:
    """``base`` plus ``width`` columns."""
    tab = indentation.tab_columns
    if indentation.unit != "\t" and not indentation.packed:
        return base + " " * width
    whole = len(base.expandtabs(tab)) + width if indentation.packed else width
    tabs, spaces = divmod(whole, tab)
    return ("" if indentation.packed else base) + "\t" * tabs + " " * spaces

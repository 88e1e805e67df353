"""Fit new code to its place in the file: indentation, blank lines around it, line ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from homebody.postprocess.edit.answer_code import NO_CODE, Refusal
from homebody.postprocess.lines import fit_line_ends, with_line_ends
from homebody.syntax.indentation import Indentation, indent_of, indentation_around
from homebody.syntax.language import language_of
from homebody.syntax.row import Language
from homebody.syntax.scanner import ScanState, code_of, scan
from homebody.text import Document, Span, TextEdit


def placed(document: Document, span: Span, code: str, indent: str = "") -> str:
    """Return ``code`` for ``span``: indented like it, with the file's tabs or spaces and line ends.

    ``indent`` is the indentation where ``span`` has no code. Raises ``Refusal`` if ``code`` is blank.
    """
    old = document.slice(span)
    language = language_of(document.language_id, document.uri)
    if not code.strip():
        raise Refusal(NO_CODE)
    if document.language_id in {"markdown", "plaintext"}:
        new = code.strip("\n")
    else:
        around = indentation_around(document, span)
        new = reindented(code, base=_base(document, span) or indent, indentation=around, language=language)
    framed = _framed(new, old, document, span) if old.strip() else new
    return fit_line_ends(framed, old=old, newline=document.newline)


def above_top_level(document: Document, at: int, code: str) -> TextEdit:
    """Insert ``code`` at the beginning of a top-level statement, which is at ``at``."""
    gap = "\n\n\n" if document.language_id == "python" else "\n\n"
    return TextEdit(Span(at, at), with_line_ends(code.strip("\n") + gap, document.newline))


def _base(document: Document, span: Span) -> str:
    """Indentation of the first line with code that the selection touches."""
    first = document.line_of(span.start)
    for line in range(first, document.line_of(span.end) + 1):
        text = document.line_text(line)
        if text.strip():
            return indent_of(text)
    return ""


def _framed(new: str, old: str, document: Document, span: Span) -> str:
    """Match the selection's beginning and end: its blank lines, and the selected part of its first line."""
    lead = old[: len(old) - len(old.lstrip())]
    blank_lines = lead[: lead.rfind("\n") + 1]
    first_column = document.position_of(span.start)[1]
    if not blank_lines and first_column:
        # The selection begins after all or a part of the line's indentation.
        before = document.line_text(document.line_of(span.start))[:first_column]
        new = new.lstrip(" \t") if before.strip() else new.removeprefix(before)
    tail = old[len(old.rstrip()) :]
    return blank_lines + new + (tail if "\n" not in tail and "\r" not in tail else "\n")


@dataclass(frozen=True, slots=True)
class _Line:
    """A line that is not blank: its text, its columns, and whether it begins a statement."""

    body: str
    width: int
    statement: bool
    opens: bool


def reindented(code: str, *, base: str, indentation: Indentation, language: Language) -> str:
    r"""Indent the first line by ``base`` and the others relative to it.

    Parameters
    ----------
    code
        The code; its lines are separated by ``\n``.
    base
        Indentation of the first line in the file.
    indentation
        That of the file. An answer that uses another step consistently is converted to the file's.
    language
        The language of the code.

    """
    columns, tab = indentation.columns, indentation.tab_columns
    lines = _lines(code.strip("\n"), tab, language)
    present = [line for line in lines if line is not None]
    base_width = len(base.expandtabs(tab))
    lost = _first_line_lost_its_indent(present, base_width, columns)
    margin = min([base_width] * lost + [line.width for line in present[lost:]], default=0)
    inner = [line.width - margin for line in present]
    if lost:
        inner[0] = base_width - margin
    step = _step(present[lost:])
    if step and step != columns and all(width % step == 0 for width in inner):
        inner = [width // step * columns for width in inner]
    moved = iter(
        [_indent(base, width, indentation) + line.body for line, width in zip(present, inner, strict=True)]
    )
    return "\n".join("" if line is None else next(moved) for line in lines)


def _lines(code: str, tab: int, language: Language) -> list[_Line | None]:
    """Parse each line; ``None`` for a blank one."""
    lines: list[_Line | None] = []
    state = ScanState()
    for text in code.split("\n"):
        if text.strip():
            width = len(indent_of(text).expandtabs(tab))
            statement = not state.due and state.region is None
            opens = language.opener.search(code_of(text, language, state).rstrip()) is not None
            lines.append(_Line(text.lstrip(" \t"), width, statement, opens))
        else:
            lines.append(None)
        state = scan(text + "\n", language, state)
    return lines


def _first_line_lost_its_indent(lines: Sequence[_Line], base_width: int, columns: int) -> int:
    """1 if only the first line lost its indentation and the others kept that of the file; else 0."""
    following = [line.width for line in lines[1:] if line.statement]
    if not lines or lines[0].width or not base_width or not following:
        return 0
    if lines[0].opens:
        return int(following[0] > base_width and following[0] != columns)
    return int(min(following) >= base_width)


def _step(lines: Sequence[_Line]) -> int:
    """Indentation step of the answer after an opening line, in columns; 0 if it never indents."""
    steps = [
        after.width - before.width
        for before, after in pairwise(lines)
        if before.opens and after.width > before.width
    ]
    return min(steps, default=0)


def _indent(base: str, width: int, indentation: Indentation) -> str:
    """``base`` plus ``width`` columns."""
    tab = indentation.tab_columns
    if indentation.packed:
        tabs, spaces = divmod(len(base.expandtabs(tab)) + width, tab)
        return "\t" * tabs + " " * spaces
    if indentation.unit != "\t":
        return base + " " * width
    tabs, spaces = divmod(width, tab)
    return base + "\t" * tabs + " " * spaces

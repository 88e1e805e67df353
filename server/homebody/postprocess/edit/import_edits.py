"""Add imports to those of a file: names join a statement of the same module, others go below the last one.

Order and groups are left to the formatter of the file.
"""

from collections import defaultdict
from collections.abc import Sequence

from homebody.postprocess.edit.answer_imports import FUTURE, NewImport
from homebody.postprocess.lines import with_line_ends
from homebody.syntax.compare import blocks_for_types
from homebody.syntax.import_block import Statement, place_of_first_import
from homebody.syntax.indentation import indent_of
from homebody.syntax.language import language_of
from homebody.syntax.tree import Tree
from homebody.syntax.whole_file import WholeFile
from homebody.text import Document, Span, TextEdit


def import_edits(file: WholeFile, offset: int, new: Sequence[NewImport]) -> list[TextEdit]:
    """Return the insertions that import ``new`` for code at ``offset``, above it."""
    document, tree = file.document, file.tree
    statements = _around(file, offset)
    insertions: defaultdict[int, str] = defaultdict(str)
    first: list[str] = []
    for each in new:
        same = next((other for other in statements if _joins(each, other)), None)
        if each.for_types:
            continue
        if same is not None:
            insertions[same.entries[-1].span.end] += _listed(document, same, each.names)
        elif not statements:
            first.append(_statement(document, each))
        elif each.module == FUTURE:
            gap = "\n" if statements[0].modules == (FUTURE,) else "\n\n"
            insertions[document.line_start(statements[0].span.start)] += f"{each.text}{gap}"
        else:
            last = statements[-1]
            indent = indent_of(document.line_text(document.line_of(last.span.start)))
            insertions[_line_end(document, last.span)] += f"\n{indent}{_statement(document, each, last)}"
    if types := [each.text for each in new if each.for_types]:
        unit = language_of(document.language_id, document.uri).unit
        body = "".join(f"\n{unit}{text}" for text in types)
        if blocks := blocks_for_types(document, tree):
            insertions[blocks[0].end] += body
        elif statements:
            insertions[_line_end(document, statements[-1].holder)] += f"\n\nif TYPE_CHECKING:{body}"
        else:
            first.append(f"\nif TYPE_CHECKING:{body}" if first else f"if TYPE_CHECKING:{body}")
    if first:
        end, text = _first(document, tree, "\n".join(first))
        insertions[end] += text
    return [
        TextEdit(Span(at, at), with_line_ends(text, document.newline))
        for at, text in sorted(insertions.items())
    ]


def _around(file: WholeFile, offset: int) -> list[Statement]:
    """Import statements of the innermost module around ``offset`` that has any, above ``offset``.

    Without those under a condition, and, if others are above the first function or class, only those.
    """
    scopes = file.definitions
    above = [each for each in file.statements if each.holder.end <= offset]
    modules = [each.span for each in scopes if each.kind == "module"]
    around = sorted((span for span in modules if span.start <= offset < span.end), reverse=True)
    inside = ([each for each in above if span.covers(each.span)] for span in around)
    outside = [each for each in above if not any(span.covers(each.span) for span in modules)]
    chosen = next(filter(None, inside), outside)
    depth = min((each.depth for each in chosen), default=0)
    chosen = [each for each in chosen if each.depth == depth]
    code = min((each.span.start for each in scopes if each.is_function or each.is_class), default=offset)
    return [each for each in chosen if each.span.end <= code] or chosen


def _joins(new: NewImport, other: Statement) -> bool:
    """Whether the names of ``new`` can be listed at the end of ``other``."""
    if not new.names or other.modules != (new.module,) or not other.entries:
        return False
    return other.entries[-1].name not in {"", "*"} and _kind(new.text) == _kind(other.text)


def _kind(text: str) -> tuple[str, ...]:
    """Words that begin a statement, up to what it imports: ``import type`` is not ``import``."""
    words = text.replace("{", " { ").split()
    return (words[0], "type") if words[:2] == ["import", "type"] else (words[0],)


def _listed(document: Document, statement: Statement, names: Sequence[str]) -> str:
    """Names for the end of a list, each on a line of its own if the last one is."""
    last = statement.entries[-1].span
    line = document.line_start(last.start)
    is_alone = not document.text[line : last.start].strip()
    gap = f",\n{document.text[line : last.start]}" if is_alone else ", "
    return "".join(f"{gap}{name}" for name in names)


def _statement(document: Document, new: NewImport, beside: Statement | None = None) -> str:
    """Text of a statement; Go needs no keyword in a group."""
    in_group = beside is not None and beside.holder != beside.span and "(" in document.slice(beside.holder)
    return f"import {new.text}" if document.language_id == "go" and not in_group else new.text


def _line_end(document: Document, span: Span) -> int:
    return document.line_span(document.line_of(max(span.start, span.end - 1))).end


def _first(document: Document, tree: Tree, text: str) -> tuple[int, str]:
    """Place and text of the first imports of a file."""
    end = place_of_first_import(document, tree)
    if end:
        rest = document.text[end:]
        gap = "" if not rest.strip() or rest.startswith(("\n\n", "\r\n\r\n")) else "\n"
        return end, f"\n\n{text}{gap}"
    return 0, f"{text}\n\n\n" if document.language_id == "python" else f"{text}\n\n"

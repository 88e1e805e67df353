"""Narrow an answer that repeats more of the file than was asked for.

In: a document, the span that was to be rewritten, an answer. Out: the answer, or the part of it that is
the rewritten definition: small models often repeat the class around a method, or the whole file.
Pure.
"""

from homebody.postprocess.edit.edited import CODE_KINDS
from homebody.syntax.decorations import with_decorations
from homebody.syntax.scope import Definition, definitions
from homebody.syntax.tree import Tree, parse
from homebody.text import Document, Span

_MAX_ABOVE = 40
"""Number of lines above the code that are compared with the answer's first lines."""


def narrowed(document: Document, tree: Tree, span: Span, code: str, definition: Definition | None) -> str:
    """Return the part of an answer's ``code`` that rewrites ``definition``, or all of it.

    The code is only narrowed if the target is exactly this definition, and if all other code of the answer
    is in the file, outside ``span``: definitions by name, other lines as they are.
    """
    if definition is None or not _is_whole(document, tree, definition, span):
        return code
    written = Document.create(document.uri, document.language_id, 0, code)
    written_tree = parse(written)
    found = [one for one in definitions(written, written_tree) if one.kind in CODE_KINDS and one.name]
    own = [one for one in found if one.name == definition.name and one.is_function == definition.is_function]
    if len(own) != 1:
        return code
    outer = with_decorations(written, written_tree, own[0].span)
    if outer == Span(0, len(code.strip())):
        return code
    outside = {
        one.name
        for one in definitions(document, tree)
        if not (span.start <= one.span.start and one.span.end <= span.end)
    }
    others = [one for one in found if not (outer.start <= one.span.start and one.span.end <= outer.end)]
    if any(one.name not in outside for one in others):
        return code
    if not others and not _repeats_file(document, span, written, outer):
        return code
    first = written.line_starts[written.line_of(outer.start)]
    return written.text[first : outer.end]


def _repeats_file(document: Document, span: Span, written: Document, own: Span) -> bool:
    """Whether every line around ``own`` is in the file, outside ``span``."""
    text = document.text
    known = {line.strip() for part in (text[: span.start], text[span.end :]) for line in part.splitlines()}
    first, last = written.lines_of(own)
    around = [*range(first), *range(last + 1, written.line_count)]
    return all(written.line_text(line).strip() in known | {""} for line in around)


def without_lines_above(document: Document, span: Span, new: str) -> str:
    """Return ``new`` without lines at its beginning that repeat those right above ``span``.

    A model often includes a function's attributes and doc comments; in some grammars they are not part
    of the function.
    """
    lines = new.splitlines(keepends=True)
    first = document.line_of(span.start)
    above = [document.line_text(line).strip() for line in range(max(0, first - _MAX_ABOVE), first)]
    own = [line.strip() for line in document.slice(span).splitlines()]
    for count in range(min(len(above), len(lines) - 1), 0, -1):
        repeated = [line.strip() for line in lines[:count]]
        if repeated == above[-count:] and any(repeated) and repeated != own[:count]:
            return "".join(lines[count:])
    return new


def _is_whole(document: Document, tree: Tree, definition: Definition, span: Span) -> bool:
    """Whether ``span`` covers exactly the lines of ``definition``, with its decorations."""
    whole = with_decorations(document, tree, definition.span)
    return document.slice(span).strip() == document.slice(whole).strip()

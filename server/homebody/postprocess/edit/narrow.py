"""Narrow an answer that repeats more of the file than was asked for.

In: a document, the span that was to be rewritten, an answer. Out: the answer, or the part of it that is
the rewritten definition: small models often repeat the class around a method, or the whole file.
Pure.
"""

import re

from homebody.postprocess.edit.edited import CODE_KINDS
from homebody.syntax.decorations import with_decorations
from homebody.syntax.scope import Definition, definitions
from homebody.syntax.tree import Tree, parse
from homebody.syntax.whole_file import WholeFile
from homebody.text import Document, Span
from homebody.workspace.uri import file_name

_EXAMPLE = re.compile(
    r"(?:#|//|--|/\*+)\s*(?:an?\s+)?(?:example|usage|sample|demo|test it|testing)\b|if __name__ ==",
    re.IGNORECASE,
)
"""First line of an example that a model puts below the code."""

_FRAME = re.compile(
    r"#!.*|<\?php|\?>|package [\w.]+;?|[\"']use strict[\"'];?|# -\*- coding.*|using namespace std;"
)
"""Lines that a model puts around a part of a file as if it were the whole."""

_MAX_ABOVE = 40
"""Number of lines above the code that are compared with the answer's first lines."""


def narrowed(file: WholeFile, span: Span, code: str, definition: Definition | None) -> str:
    """Return the part of an answer's ``code`` that rewrites ``definition``, or all of it.

    The code is only narrowed if the target is exactly this definition, and if all other code of the answer
    is in the file, outside ``span``: definitions by name, other lines as they are. A class around a method
    may have any name. An example of how to use the code is always left out.
    """
    document = file.document
    if definition is None or not _is_whole(document, file.tree, definition, span):
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
    end = _start_of_example(document, span, written, outer)
    around = [one for one in found if one.span.covers(outer) and one.span != outer]
    others = [one for one in found if one.span.start < end and not outer.covers(one.span)]
    # The file is read only if the answer defines something else.
    everything = file.definitions if others else ()
    outside = {one.name for one in everything if not span.covers(one.span)}
    if definition.container:
        outside.update(one.name for one in around)
    if any(one.name not in outside for one in others):
        return code[:end].rstrip()
    if not others and not _repeats_file(document, span, written, outer, end):
        return code[:end].rstrip()
    first = written.line_start(outer.start)
    return written.text[first : outer.end]


def _start_of_example(document: Document, span: Span, written: Document, own: Span) -> int:
    """Offset of an example below ``own``, such as a call or a main block; the end of the text without one."""
    end = len(written.text)
    line = written.line_of(own.end) + 1
    while line < written.line_count and not written.line_text(line).strip():
        line += 1
    if line >= written.line_count or not _EXAMPLE.match(text := written.line_text(line)):
        return end
    return end if text.strip() in _lines(document.slice(span)) else written.line_starts[line]


def _repeats_file(document: Document, span: Span, written: Document, own: Span, end: int) -> bool:
    """Whether every line around ``own`` up to ``end`` is in the file, outside ``span``, or frames a file."""
    known = _lines(document.text[: span.start]) | _lines(document.text[span.end :]) | {""}
    name = file_name(document.uri)
    first, last = written.lines_of(own)
    around = [*range(first), *range(last + 1, written.lines_of(Span(0, end))[1] + 1)]
    lines = [written.line_text(line).strip() for line in around]
    return all(line in known or _FRAME.fullmatch(line) or _names_file(line, name) for line in lines)


def _names_file(line: str, name: str) -> bool:
    """Whether a line is a comment that says which file this is."""
    return line.startswith(("#", "//", "--", "/*", "<!--")) and bool(name) and name in line


def _lines(text: str) -> set[str]:
    return {line.strip() for line in text.splitlines()}


def without_lines_above(document: Document, span: Span, new: str) -> str:
    """Return ``new`` without lines at its beginning that repeat those right above ``span``.

    A model often includes a function's attributes and doc comments; in some grammars they are not part
    of the function.
    """
    return "".join(new.splitlines(keepends=True)[lines_repeated_above(document, span, new) :])


def lines_repeated_above(document: Document, span: Span, new: str) -> int:
    """Number of lines at the beginning of ``new`` that repeat those right above ``span``."""
    lines = new.splitlines()
    first = document.line_of(span.start)
    above = [document.line_text(line).strip() for line in range(max(0, first - _MAX_ABOVE), first)]
    own = [line.strip() for line in document.slice(span).splitlines()]
    for count in range(min(len(above), len(lines) - 1), 0, -1):
        repeated = [line.strip() for line in lines[:count]]
        if repeated == above[-count:] and any(repeated) and repeated != own[:count]:
            return count
    return 0


def _is_whole(document: Document, tree: Tree, definition: Definition, span: Span) -> bool:
    """Whether ``span`` covers exactly the lines of ``definition``, with its decorations."""
    whole = with_decorations(document, tree, definition.span)
    return document.slice(span).strip() == document.slice(whole).strip()

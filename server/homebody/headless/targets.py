"""Finds the parts of a file to rewrite, one model request for each.

In: a document, the lines or symbol patterns that were named, and the scope of the action.
Out: ``Target``s in the order of the text, which do not overlap.
Knows spans and definitions; knows nothing of files or models.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from homebody.headless.unparsed import hidden_functions
from homebody.syntax.nodes import first_error
from homebody.syntax.scope import Definition, definitions
from homebody.syntax.tree import parse
from homebody.text import Document, Span, TextEdit


@dataclass(frozen=True, slots=True)
class Target:
    """One part to rewrite. ``name`` is the symbol's, or empty for lines and whole files."""

    name: str
    span: Span


def whole_file(document: Document) -> Target:
    """Return the target that is the whole text."""
    return Target("", document.whole)


def every_function(document: Document) -> list[Target]:
    """Return each function and method, without those inside another one."""
    return _outermost([one for one in _symbols(document) if one.is_function])


def matching(document: Document, patterns: Sequence[str]) -> list[Target]:
    """Return the symbols that match a pattern, without those inside another match.

    A pattern with a dot is compared with the dotted name (``Class.method``, ``Order.*``), one without a dot
    also with the last part (``test_*``).
    """
    return _outermost([one for one in _symbols(document) if _matches(one.name, one.container, patterns)])


def left_out(document: Document, patterns: Sequence[str]) -> str:
    """Return a sentence about functions that are no targets because their part of the file does not parse.

    ``patterns`` as for ``matching``; none: every function. Empty if there is no such function.
    """
    tree = parse(document)
    found = [
        one
        for one in hidden_functions(document, tree)
        if not patterns or _matches(one.name, one.container, patterns)
    ]
    at = first_error(tree, document.whole)
    if not found or at is None:
        return ""
    what = "1 function was" if len(found) == 1 else f"{len(found)} functions were"
    line = document.line_of(at) + 1
    return f"{what} left out, because line {line} of the file has a syntax error: correct it first."


def symbol_names(document: Document) -> list[str]:
    """Return the dotted names of all symbols that a pattern can match."""
    return [qualified(one) for one in _symbols(document)]


def qualified(one: Definition) -> str:
    """Return the dotted name: ``Order.total``."""
    return _dotted(one.name, one.container)


def moved(span: Span, edits: Sequence[TextEdit]) -> Span:
    """Return the position of ``span`` after ``edits``, which refer to the text before them."""
    start, end = span.start, span.end
    for edit in edits:
        grown = len(edit.new_text) - len(edit.span)
        if edit.span.end <= span.start:
            start += grown
        if edit.span.end <= span.end:
            end += grown
    return Span(start, max(start, end))


def _symbols(document: Document) -> list[Definition]:
    found = definitions(document, parse(document))
    return [one for one in found if one.name and (one.is_function or one.is_class or one.kind == "macro")]


def _matches(name: str, container: str, patterns: Sequence[str]) -> bool:
    full = _dotted(name, container)
    return any(
        fnmatchcase(full, pattern) or ("." not in pattern and fnmatchcase(name, pattern))
        for pattern in patterns
    )


def _dotted(name: str, container: str) -> str:
    return f"{container}.{name}" if container else name


def _outermost(found: Sequence[Definition]) -> list[Target]:
    targets: list[Target] = []
    for one in found:
        if not targets or one.span.start >= targets[-1].span.end:
            targets.append(Target(qualified(one), one.span))
    return targets

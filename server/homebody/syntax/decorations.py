"""Find the decorators, annotations and attributes before a definition."""

import re

from homebody.syntax import nodes
from homebody.syntax.tree import Tree
from homebody.text import Document, Span

_BRACKETS = re.compile(r"[()\[\]]")
# The part of a decoration before its brackets, by what opens it. Java's ``@interface`` is not a decoration.
_DECORATIONS = {
    "@": re.compile(r"@(?!interface\b)[\w.:]+"),
    "#[": re.compile(r"#(?=\[)"),
    "[": re.compile(r"(?=\[)"),
}

_MAX_LINES = 200


def with_decorations(document: Document, tree: Tree, span: Span) -> Span:
    """``span`` with the decorations directly above it that are nodes of their own.

    In Rust, and of a method in TypeScript, decorations are siblings of what they belong to. Comments between
    two of them, or between them and ``span``, are included.
    """
    if tree.handle is None or not tree.fits(document):
        return span
    line = document.line_of(span.start)
    above = Span(document.line_starts[max(0, line - _MAX_LINES)], span.start)
    decorations = {
        node for match in nodes.matches(tree, "decorations", above) for node in match["decoration"]
    }
    if not decorations:
        return span
    comments = {node for match in nodes.matches(tree, "places", above) for node in match.get("comment", ())}
    start = at = span.start
    for node in sorted(decorations | comments, reverse=True):
        # What lies inside of another, or behind ``at``, is skipped.
        if node.end > at or document.text[node.end : at].strip():
            continue
        at = node.start
        if node in decorations:
            start = at
    return Span(start, span.end)


def behind_decorations(text: str, start: int, end: int, opener: str) -> int:
    """Offset after leading ``@decorators(…)``, ``#[attributes]`` or ``[Attributes]``."""
    decoration = _DECORATIONS.get(opener)
    at = start
    while decoration is not None and (match := decoration.match(text, at, end)) is not None:
        at = match.end()
        if text[at : at + 1] in {"(", "["}:
            at = _behind_brackets(text, at, end)
        while at < end and text[at].isspace():
            at += 1
        if at >= end:
            return start
    return at


def _behind_brackets(text: str, start: int, end: int) -> int:
    depth = 0
    for bracket in _BRACKETS.finditer(text, start, end):
        depth += 1 if bracket.group() in "([" else -1
        if depth == 0:
            return bracket.end()
    return end

"""Widen a span to the decorators, annotations and attributes before it, or to whole statements."""

import re
from typing import TYPE_CHECKING

from homebody.syntax import nodes
from homebody.syntax.language import Group
from homebody.syntax.tree import Tree
from homebody.text import Document, Span

if TYPE_CHECKING:
    import tree_sitter

_BRACKETS = re.compile(r"[()\[\]]")
# The part of a decoration before its brackets. Java's ``@interface`` is not a decoration.
_DECORATION = re.compile(r"@(?!interface\b)[\w.:]+|#?(?=\[)")

_MAX_ABOVE = 10_000
"""Blanks above a definition in which its decorations are searched."""


def with_decorations(document: Document, tree: Tree, span: Span) -> Span:
    """``span`` with the decorations directly above it that are nodes of their own.

    In Rust, and of a method in TypeScript, decorations are siblings of what they belong to. Comments between
    two of them, or between them and ``span``, are included.
    """
    if tree.handle is None or not tree.fits(document):
        return span
    start = at = span.start
    while above := document.text[max(0, at - _MAX_ABOVE) : at].rstrip():
        end = at - min(at, _MAX_ABOVE) + len(above)
        near = Span(end - 1, end)
        decorations = _ending(tree, "decorations", "decoration", near, at)
        at = min(decorations or _ending(tree, "places", "comment", near, at), default=at)
        if at >= end:
            break
        if decorations:
            start = at
    return Span(start, span.end)


def _ending(tree: Tree, group: Group, capture: str, near: Span, at: int) -> list[int]:
    """Starts of the nodes that end at ``near`` or in the blanks between it and ``at``."""
    spans = (span for match in nodes.matches(tree, group, near) for span in match.get(capture, ()))
    return [span.start for span in spans if near.end <= span.end <= at]


def behind_decorations(text: str, start: int, end: int) -> int:
    """Offset after leading ``@decorators(…)``, ``#[attributes]`` or ``[Attributes]``."""
    at = start
    while (match := _DECORATION.match(text, at, end)) is not None:
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


_ROUNDS = 20
# A span that begins or ends at one of these is widened to the whole parent node.
_EDGES = frozenset(
    {"(", "[", "{", ")", "]", "}", "jsx_opening_element", "jsx_closing_element", "start_tag", "end_tag"}
)


def snapped(document: Document, tree: Tree, span: Span) -> Span:
    """Widen ``span`` to whole lines that contain only whole statements, elements and members.

    Decorators and attributes belong to the definition below them. Without a tree, widen it to whole lines
    only.
    """
    span = document.whole_lines(document.stripped(span))
    if tree.handle is None or not tree.fits(document):
        return span
    for _ in range(_ROUNDS):
        wider = _covering(tree, document.stripped(span))
        wider = _with_decorated(document, tree, with_decorations(document, tree, wider))
        # HTML's elements without an end tag end where the next one begins.
        wider = document.whole_lines(document.stripped(wider))
        wider = Span(min(span.start, wider.start), max(span.end, wider.end))
        if wider == span:
            break
        span = wider
    return span


def top_level_start(document: Document, tree: Tree, offset: int) -> int:
    """Return the start of the line on which the top-level statement around ``offset`` begins.

    Its decorators and attributes belong to it.
    """
    inside = [step.span for step in nodes.path(tree, offset)[1:2] if offset < step.span.end]
    statement = next(iter(inside), Span(offset, offset))
    return document.line_start(with_decorations(document, tree, statement).start)


def _with_decorated(document: Document, tree: Tree, span: Span) -> Span:
    """``span`` with the definition that follows, if it ends with a decoration of that definition."""
    inside = document.stripped(span)
    decorations = (
        decoration
        for match in nodes.matches(tree, "decorations", inside)
        for decoration in match["decoration"]
    )
    if not any(decoration.end == inside.end for decoration in decorations):
        return span
    rest = document.text[inside.end :]
    start = inside.end + len(rest) - len(rest.lstrip())
    ends = [step.span.end for step in nodes.path(tree, start) if step.span.start == start]
    return Span(span.start, max([span.end, *ends]))


def _covering(tree: Tree, span: Span) -> Span:
    """Span of the touched children of the deepest node around ``span`` that is a block or a list."""
    handle = tree.handle
    if handle is None:
        return span
    blocks = tree.block_kinds
    node = handle.root_node
    best = _children_touched(tree, node, span) or span
    while True:
        inner = next(
            (child for child in node.children if tree.span(child).covers(span) and child.child_count),
            None,
        )
        if inner is None:
            return best
        node = inner
        if node.type in blocks or _is_list(node):
            best = _children_touched(tree, node, span) or best


def _is_list(node: "tree_sitter.Node") -> bool:
    """Whether ``node`` is a list of separate elements, such as arguments, items or markup."""
    first = node.children[0].type if node.child_count else ""
    return node.type.endswith("element") or first in {"(", "[", "{"}


def _children_touched(tree: Tree, node: "tree_sitter.Node", span: Span) -> Span | None:
    """Span from the first to the last child that ``span`` touches; ``None`` if it touches none.

    If the first or the last is a bracket or a tag, the span of the whole node.
    """
    touched = [
        (child, whole)
        for child in node.children
        if (whole := tree.span(child)).start < max(span.end, span.start + 1) and whole.end > span.start
    ]
    if not touched:
        return None
    if touched[0][0].type in _EDGES or touched[-1][0].type in _EDGES:
        return tree.span(node)
    return Span(touched[0][1].start, touched[-1][1].end)

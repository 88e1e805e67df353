"""Run a language's queries on a tree and return the matches as code-point spans.

The only module besides ``language`` and ``tree`` that touches tree-sitter's nodes; it returns
spans, never nodes.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from homebody.syntax.language import Group, query
from homebody.syntax.tree import Tree, walk
from homebody.text import Span

if TYPE_CHECKING:
    import tree_sitter

Match: TypeAlias = Mapping[str, Sequence[Span]]

# Maximum depth of nodes; no hand-written program is nested more deeply.
_MAX_DEPTH = 1_000
# Maximum bytes (two per code point) of a node whose descendants a query includes.
_SMALL = 4_000
# A larger count has no more information: text in another language has one error per token.
_MOST_ERRORS = 10_000


class Step(NamedTuple):
    """One node on the path from the root."""

    span: Span
    is_block: bool
    is_named: bool
    is_error: bool
    has_error: bool


def matches(tree: Tree, group: Group, within: Span | None = None) -> Iterator[Match]:
    """Matches of a group of patterns that touch ``within`` (the whole text without it)."""
    for cursor, node in _cursors(tree, group, within):
        for _pattern, captures in cursor.matches(node):
            match = {name: [tree.span(node) for node in captured] for name, captured in captures.items()}
            if group == "scopes" and "name" not in captures and "body" not in captures:
                _add_fields(tree, captures, match)
            yield match


def captured(tree: Tree, group: Group, within: Span | None = None) -> defaultdict[str, set[Span]]:
    """Spans by the names of their captures, for patterns whose captures do not depend on each other."""
    spans: defaultdict[str, set[Span]] = defaultdict(set)
    for cursor, node in _cursors(tree, group, within):
        for name, nodes in cursor.captures(node).items():
            spans[name].update(map(tree.span, nodes))
    return spans


def _cursors(
    tree: Tree, group: Group, within: Span | None
) -> "Iterator[tuple[tree_sitter.QueryCursor, tree_sitter.Node]]":
    from tree_sitter import QueryCursor

    patterns = query(tree.language, group) if tree.language is not None else None
    if tree.handle is None or patterns is None:
        return
    whole, alone = QueryCursor(patterns), QueryCursor(patterns)
    alone.set_max_start_depth(0)
    if within is not None:
        whole.set_byte_range(*tree.byte_range(within))
        alone.set_byte_range(*tree.byte_range(within))
    for node, is_whole in _searched(tree, tree.handle, within):
        yield whole if is_whole else alone, node


def path(tree: Tree, offset: int) -> list[Step]:
    """Nodes that contain ``offset``, the root first; a node that ends there counts if none begins there.

    Found with a cursor: walking up by ``parent`` starts at the root each time, and
    ``first_child_for_byte`` of tree-sitter 0.26.1 crashes after the last child.
    """
    if tree.handle is None:
        return []
    blocks = tree.block_kinds
    steps: list[Step] = []
    byte = tree.units.to_byte(offset)
    cursor = tree.handle.walk()
    while len(steps) < _MAX_DEPTH and (node := cursor.node) is not None:
        start, end = node.byte_range
        if start > byte or end < byte:
            break
        is_block = node.type in blocks or not steps
        steps.append(Step(tree.span(node), is_block, node.is_named, node.is_error, node.has_error))
        if cursor.goto_first_child_for_byte(byte) is None and not cursor.goto_last_child():
            break
    return steps


def first_error(tree: Tree, within: Span) -> int | None:
    """Offset of the first error (or missing token) that touches ``within``; ``None`` without one."""
    if tree.handle is None or not tree.handle.root_node.has_error:
        return None
    first, last = tree.byte_range(within)
    cursor = tree.handle.walk()

    def enter(node: "tree_sitter.Node") -> bool:
        return node.has_error and node.end_byte >= first and _enter(cursor, first)

    for node, _ in walk(cursor, enter):
        if node.start_byte > last:
            break
        if (node.is_error or node.is_missing) and node.end_byte >= first:
            return tree.units.to_offset(node.start_byte)
    return None


def top_level(tree: Tree, span: Span) -> tuple[Span, list[str]]:
    """``span`` with the whole top-level nodes that it touches, and their kinds; they have no errors.

    Nothing is added, and there are no kinds, if one has an error.
    """
    kinds: list[str] = []
    if tree.handle is None:
        return span, kinds
    first, last = tree.byte_range(span)
    cursor = tree.handle.walk()
    start, end = first, last
    is_node = _enter(cursor, first)
    while is_node and (node := cursor.node) is not None and node.start_byte <= last:
        if node.end_byte >= first:
            if node.has_error:
                return span, []
            start, end = min(start, node.start_byte), max(end, node.end_byte)
            kinds.append(node.type)
        is_node = cursor.goto_next_sibling()
    return Span(tree.units.to_offset(start), tree.units.to_offset(end)), kinds


def count_errors(tree: Tree) -> int:
    """Count error nodes and missing tokens, at most 10,000; 0 without a tree."""
    handle = tree.handle
    if handle is None or not handle.root_node.has_error:
        return 0
    cursor = handle.walk()

    def enter(node: "tree_sitter.Node") -> bool:
        # Nodes inside an error belong to it; nodes without an error are skipped.
        is_error = node.is_error or node.is_missing
        return node.has_error and not is_error and cursor.goto_first_child()

    errors = (node for node, _ in walk(cursor, enter) if node.is_error or node.is_missing)
    return sum(1 for _ in islice(errors, _MOST_ERRORS))


def _searched(
    tree: Tree, handle: "tree_sitter.Tree", within: Span | None
) -> "Iterator[tuple[tree_sitter.Node, bool]]":
    """Nodes that touch ``within`` on which to run queries, and whether to include their descendants.

    For each of many unnamed siblings, a query reads all later ones: 10,000 unclosed brackets are 10,000
    children of one error node and took 40 ms; 40,000 took 640 ms. So queries only run over small nodes;
    larger ones are walked here, at a constant cost per sibling.
    """
    first, last = tree.byte_range(within) if within else (-1, tree.units.to_byte(tree.length) + 1)
    cursor = handle.walk()

    def enter(node: "tree_sitter.Node") -> bool:
        return node.end_byte - node.start_byte > _SMALL and node.end_byte >= first and _enter(cursor, first)

    for node, _ in walk(cursor, enter):
        start, end = node.byte_range
        if start >= last:
            return  # all later nodes begin there or later
        is_large = end - start > _SMALL
        if end >= first and (is_large or node.is_named or node.child_count):
            yield node, not is_large


def _enter(cursor: "tree_sitter.TreeCursor", byte: int) -> bool:
    """Go to the node's first child that reaches ``byte``, or to one not far before it."""
    # Nothing is found at a line end or a hidden node: start further before it and move forward.
    back = 2
    while byte > 0:
        if cursor.goto_first_child_for_byte(byte) is not None:
            return True
        byte -= back
        back *= 2
    return cursor.goto_first_child()


def _add_fields(
    tree: Tree, captures: "dict[str, list[tree_sitter.Node]]", match: dict[str, list[Span]]
) -> None:
    """Give a definition whose pattern names neither its name nor its body the fields of its node."""
    for capture, captured in captures.items():
        if capture.startswith("definition."):
            for field in ("name", "body"):
                child = captured[0].child_by_field_name(field)
                if child is not None:
                    match[field] = [tree.span(child)]

"""What a language's queries find in a tree, as code-point spans.

In: a tree and a range. Out: matches, each a table from capture name to spans.
The only module besides ``language``, ``tree`` and ``check`` that touches tree-sitter's nodes; no node
leaves it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from homebody.syntax.language import outline_query, place_query
from homebody.syntax.tree import Tree
from homebody.text import Span

if TYPE_CHECKING:
    import tree_sitter

Match: TypeAlias = Mapping[str, Sequence[Span]]

# A chain of nodes deeper than this is no program that a person wrote.
_MAX_DEPTH = 1_000


def outline(tree: Tree, within: Span | None = None) -> Iterator[Match]:
    """Definitions, scopes and imports that touch ``within`` (the whole text without it)."""
    query = tree.language and outline_query(tree.language)
    return _matches(tree, query, within) if query else iter(())


def places(tree: Tree, within: Span | None = None) -> Iterator[Match]:
    """Comments, strings, code inside strings and blocks that touch ``within``."""
    query = tree.language and place_query(tree.language)
    return _matches(tree, query, within) if query else iter(())


def path(tree: Tree, offset: int) -> Sequence[tuple[str, Span]]:
    """(kind, span) of the nodes that hold ``offset``, the root first.

    A node whose end is ``offset`` counts where nothing else begins there.
    """
    if tree.handle is None:
        return ()
    found: list[tuple[str, Span]] = []
    byte = tree.units.to_byte(offset)
    cursor = tree.handle.walk()
    while len(found) < _MAX_DEPTH:
        node = cursor.node
        if node is None or not node.start_byte <= byte <= node.end_byte:
            break
        found.append((node.type, _span(tree, node)))
        if cursor.goto_first_child_for_byte(byte) is None and not cursor.goto_last_child():
            break
    return found


def child_at(tree: Tree, parent: Span, offset: int) -> Span | None:
    """Span of the child that holds ``offset`` of the node whose span is ``parent``.

    The child that ends at ``offset`` where none begins there; ``None`` between two children.
    """
    if tree.handle is None:
        return None
    first, last, byte = (tree.units.to_byte(at) for at in (parent.start, parent.end, offset))
    node = tree.handle.root_node.descendant_for_byte_range(first, last)
    if node is None or (node.start_byte, node.end_byte) != (first, last):
        return None
    child = node.first_named_child_for_byte(byte)
    if child is None or child.start_byte > byte:
        child = node.first_named_child_for_byte(max(first, byte - 2))
    if child is None or not child.start_byte <= byte <= child.end_byte:
        return None
    return _span(tree, child)


def _matches(tree: Tree, query: "tree_sitter.Query", within: Span | None) -> Iterator[Match]:
    from tree_sitter import QueryCursor

    if tree.handle is None:
        return
    cursor = QueryCursor(query)
    if within is not None:
        cursor.set_byte_range(tree.units.to_byte(within.start), tree.units.to_byte(within.end))
    for _pattern, captures in cursor.matches(tree.handle.root_node):
        yield {name: [_span(tree, node) for node in nodes] for name, nodes in captures.items()}


def _span(tree: Tree, node: "tree_sitter.Node") -> Span:
    start, end = node.byte_range
    return Span(tree.units.to_offset(start), tree.units.to_offset(end))

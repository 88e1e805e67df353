"""What a language's queries find in a tree, as code-point spans.

In: a tree and a range. Out: matches, each a table from capture name to spans.
The only module besides ``language``, ``tree`` and ``check`` that touches tree-sitter's nodes; no node
leaves it.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from homebody.syntax.language import block_kinds, import_query, place_query, scope_query
from homebody.syntax.tree import Tree
from homebody.text import Document, Span

if TYPE_CHECKING:
    import tree_sitter

Match: TypeAlias = Mapping[str, Sequence[Span]]

# A chain of nodes deeper than this is no program that a person wrote.
_MAX_DEPTH = 1_000


class Step(NamedTuple):
    """One node on the way from the root down."""

    span: Span
    is_block: bool
    is_named: bool
    is_error: bool
    has_error: bool


def scopes(tree: Tree, within: Span | None = None) -> Iterator[Match]:
    """Definitions, scopes and wrappers that touch ``within`` (the whole text without it)."""
    return _matches(tree, tree.language and scope_query(tree.language), within)


def imports(tree: Tree) -> Iterator[Match]:
    """All imports."""
    return _matches(tree, tree.language and import_query(tree.language), None)


def places(tree: Tree, within: Span) -> Iterator[Match]:
    """Comments, strings and code inside strings that touch ``within``."""
    return _matches(tree, tree.language and place_query(tree.language), within)


def path(tree: Tree, offset: int) -> list[Step]:
    """Nodes that hold ``offset``, the root first; one that ends there where no other begins there.

    Found with a cursor: walking up by ``parent`` starts at the root each time, and
    ``first_child_for_byte`` of tree-sitter 0.26.1 crashes behind the last child.
    """
    if tree.handle is None:
        return []
    blocks = block_kinds(tree.language) if tree.language else frozenset[str]()
    found: list[Step] = []
    byte = tree.units.to_byte(offset)
    cursor = tree.handle.walk()
    while len(found) < _MAX_DEPTH and (node := cursor.node) is not None:
        start, end = node.byte_range
        if start > byte or end < byte:
            break
        is_block = node.type in blocks or not found
        found.append(Step(_span(tree, node), is_block, node.is_named, node.is_error, node.has_error))
        if cursor.goto_first_child_for_byte(byte) is None and not cursor.goto_last_child():
            break
    return found


def line_depths(document: Document, tree: Tree) -> list[int]:
    """How many nodes a cut before each line would tear apart; nodes on the same lines count once."""
    steps = [0] * (document.line_count + 1)
    if tree.handle is not None:
        for first, last in _tall_nodes(document, tree, tree.handle.walk()):
            steps[first + 1] += 1
            steps[last + 1] -= 1
    return list(accumulate(steps[:-1]))


def _tall_nodes(
    document: Document, tree: Tree, cursor: "tree_sitter.TreeCursor"
) -> Iterator[tuple[int, int]]:
    """First and last line of each node that runs over lines, the root and repetitions left out."""
    around = [(0, document.line_count - 1)]
    entered = cursor.goto_first_child()
    while entered or _leave(cursor, around):
        entered = False
        node = cursor.node
        if node is None:
            return
        span = _span(tree, node)
        lines = document.line_of(span.start), document.line_of(max(span.start, span.end - 1))
        if lines[0] < lines[1]:
            if lines != around[-1]:
                yield lines
            if len(around) < _MAX_DEPTH and cursor.goto_first_child():
                around.append(lines)
                entered = True


def _leave(cursor: "tree_sitter.TreeCursor", around: list[tuple[int, int]]) -> bool:
    """Go to the next node that is not inside of this one."""
    while not cursor.goto_next_sibling():
        if not cursor.goto_parent() or not around:
            return False
        around.pop()
    return True


def _matches(tree: Tree, query: "tree_sitter.Query | None", within: Span | None) -> Iterator[Match]:
    from tree_sitter import QueryCursor

    if tree.handle is None or query is None:
        return
    cursor = QueryCursor(query)
    if within is not None:
        cursor.set_byte_range(tree.units.to_byte(within.start), tree.units.to_byte(within.end))
    for _pattern, captures in cursor.matches(tree.handle.root_node):
        match = {name: [_span(tree, node) for node in found] for name, found in captures.items()}
        if "name" not in captures and "body" not in captures:
            _add_fields(tree, captures, match)
        yield match


def _add_fields(
    tree: Tree, captures: "dict[str, list[tree_sitter.Node]]", match: dict[str, list[Span]]
) -> None:
    """Give a definition whose pattern names neither its name nor its body the fields of its node."""
    for capture, found in captures.items():
        if capture.startswith("definition."):
            for field in ("name", "body"):
                child = found[0].child_by_field_name(field)
                if child is not None:
                    match[field] = [_span(tree, child)]


def _span(tree: Tree, node: "tree_sitter.Node") -> Span:
    start, end = node.byte_range
    return Span(tree.units.to_offset(start), tree.units.to_offset(end))

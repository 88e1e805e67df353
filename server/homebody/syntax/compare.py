"""Return the tokens of a text, to compare two versions of it.

In: a document and its tree. Out: tokens without the parts that may differ.
Used to check edits. Walks the whole tree, so it is never used on the keystroke path.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from homebody.syntax import nodes
from homebody.syntax.language import block_kinds
from homebody.syntax.tree import Tree
from homebody.text import Document, Span

if TYPE_CHECKING:
    import tree_sitter

Part: TypeAlias = Literal["comments", "documentation", "annotations", "imports"]

_MAX_DEPTH = 1_000

# A type that may be left out: (kind of its parent, field). What introduces it goes with it.
_TYPE_FIELDS = frozenset({"type", "return_type"})
_TYPED = frozenset(
    {
        "typed_parameter",
        "typed_default_parameter",
        "assignment",
        "function_definition",
        "simple_parameter",
        "property_promotion_parameter",
        "variadic_parameter",
        "method_declaration",
        "anonymous_function",
        "arrow_function",
        "property_declaration",
    }
)
_TYPE_NODES = frozenset({"type_annotation", "asserts_annotation", "type_predicate_annotation"})
# Nodes that count as one token although the grammar divides them: PHP's ``$name``.
_WHOLE = frozenset({"variable_name"})
_TYPE_SIGNS = frozenset({":", "->"})


class Token(NamedTuple):
    """A leaf of the tree, or the beginning or end of a block (``text`` is then empty)."""

    kind: str
    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Compared:
    """Tokens of a text without the excluded parts, and the texts of its imports."""

    tokens: tuple[Token, ...]
    imports: frozenset[str]


def compared(document: Document, tree: Tree, without: frozenset[Part] = frozenset()) -> Compared | None:
    """Return the tokens of ``document`` in order, without white space.

    Blocks are marked, so that the same tokens with different nesting compare unequal. ``imports`` are
    collected if they are excluded from the tokens. ``None`` without an exact tree.
    """
    if tree.handle is None or not tree.exact:
        return None
    imported = {match["import"][0] for match in nodes.imports(tree)} if "imports" in without else set[Span]()
    found = _walk(document, tree, tree.handle.walk(), without, imported)
    return Compared(tuple(found), frozenset(" ".join(document.slice(span).split()) for span in imported))


def _walk(
    document: Document,
    tree: Tree,
    cursor: "tree_sitter.TreeCursor",
    without: frozenset[Part],
    imported: set[Span],
) -> Iterator[Token]:
    blocks = block_kinds(tree.language) if tree.language else frozenset[str]()
    open_blocks: list[tuple[int, str]] = []
    parents: list[str] = [""]
    depth = 0
    while (node := cursor.node) is not None:
        is_left_out = _is_left_out(tree, node, cursor.field_name or "", parents[-1], without, imported)
        is_leaf = node.child_count == 0 or node.type in _WHOLE
        if not is_left_out and is_leaf:
            span = _span(tree, node)
            if span or node.is_missing:
                yield Token(node.type, document.slice(span), span.start)
        if not is_left_out and not is_leaf and depth < _MAX_DEPTH and cursor.goto_first_child():
            if node.type in blocks:
                open_blocks.append((depth, node.type))
                yield Token(f"{node.type}(", "", _span(tree, node).start)
            parents.append(node.type)
            depth += 1
            continue
        while not cursor.goto_next_sibling():
            if depth == 0 or not cursor.goto_parent():
                return
            parents.pop()
            depth -= 1
            if open_blocks and open_blocks[-1][0] == depth:
                yield Token(f"){open_blocks.pop()[1]}", "", 0)


def _is_left_out(  # noqa: PLR0917 - private; the facts of one node
    tree: Tree,
    node: "tree_sitter.Node",
    field: str,
    parent: str,
    without: frozenset[Part],
    imported: set[Span],
) -> bool:
    if "comments" in without and "comment" in node.type:
        return True
    if "documentation" in without and _is_documentation(node, parent):
        return True
    if "annotations" in without and _is_annotation(node, field, parent):
        return True
    return bool(imported) and node.is_named and _span(tree, node) in imported


def _is_documentation(node: "tree_sitter.Node", parent: str) -> bool:
    """Whether it is a string that is a statement of its own, as Python's docstrings are."""
    if node.type != "expression_statement" or parent not in {"block", "module"} or node.child_count != 1:
        return False
    return node.children[0].type in {"string", "concatenated_string"}


def _is_annotation(node: "tree_sitter.Node", field: str, parent: str) -> bool:
    if node.type in _TYPE_NODES:
        return True
    if parent not in _TYPED:
        return False
    if field in _TYPE_FIELDS:
        return True
    if node.type not in _TYPE_SIGNS:
        return False
    following = node.next_sibling
    above = node.parent
    return (
        following is not None
        and above is not None
        and any(above.child_by_field_name(name) == following for name in _TYPE_FIELDS)
    )


def _span(tree: Tree, node: "tree_sitter.Node") -> Span:
    start, end = node.byte_range
    return Span(tree.units.to_offset(start), tree.units.to_offset(end))

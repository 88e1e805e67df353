"""The parts of a definition's head: its type parameters, its result, what it throws or extends.

Used to check edits. Modifiers and decorations are not among them: ``nodes.decorations`` and the signature's
words have those.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from homebody.syntax.scope import Definition
from homebody.syntax.tree import Tree, leave
from homebody.text import Document

if TYPE_CHECKING:
    import tree_sitter

_MAX_DEPTH = 1_000
_NOT_PARTS = re.compile(
    r"comment|modifier|decorat|(?<!type_)annotation|attribute|storage_class|initializer_list|\A(?:value_)?parameter\Z"
)
_RESULTS = frozenset({"result", "receiver"})
"""Fields of Go whose nodes are parameter lists too."""


class HeadPart(NamedTuple):
    """One part; ``kind`` is the same for the same part of another version."""

    kind: str
    text: str


def name_offset(document: Document, definition: Definition) -> int | None:
    """Offset of the definition's name; ``None`` if it has none in its header."""
    if not definition.name:
        return None
    header = document.slice(definition.header)
    match = re.search(rf"(?<!\w){re.escape(definition.name)}(?!\w)", header)
    return None if match is None else definition.header.start + match.start()


def head_parts(document: Document, tree: Tree, definition: Definition) -> tuple[HeadPart, ...]:
    """Return the parts in order; ``()`` without an exact tree."""
    name = name_offset(document, definition)
    if name is None or tree.handle is None or not tree.exact:
        return ()
    end = definition.body.start if definition.body is not None else definition.span.end
    parts: list[HeadPart] = []
    for node, field in _outermost(tree, definition, name, end):
        span = tree.span(node)
        text = document.slice(span)
        if not node.is_named or field == "body" or _NOT_PARTS.search(node.type):
            continue
        if not _is_parameters(field, node.type, text):
            side = "before" if span.start < name else "behind"
            parts.append(HeadPart(f"{field or node.type} {side}", text))
    return tuple(parts)


def _is_parameters(field: str | None, kind: str, text: str) -> bool:
    return text.startswith("(") and "parameter" in kind and field not in _RESULTS


def _outermost(
    tree: Tree, definition: Definition, name: int, end: int
) -> "Iterator[tuple[tree_sitter.Node, str | None]]":
    """Nodes of the head, with their fields, that hold neither the name nor a part of the body."""
    if tree.handle is None:
        return
    first, at, last = (tree.units.to_byte(one) for one in (definition.span.start, name, end))
    cursor = tree.handle.walk()
    depth = 0
    while (node := cursor.node) is not None:
        start, stop = node.byte_range
        holds = start <= at < stop or (start < last < stop)
        if first <= start and stop <= last and not holds:
            yield node, cursor.field_name
        elif stop > first and start < last and node.child_count and depth < _MAX_DEPTH:
            # Most nodes are before the definition.
            if start >= first or cursor.goto_first_child_for_byte(first) is None:
                cursor.goto_first_child()
            depth += 1
            continue
        if start > last:
            return
        levels = leave(cursor)
        if levels is None:
            return
        depth -= levels

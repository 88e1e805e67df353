"""Check whether text parses, to reject an edit that breaks a file that parsed before.

In: text and its language, or its tree. Out: the number of syntax errors.
Parsing the whole text takes up to about 100 ms for the largest file; never on the keystroke path.
"""

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from homebody.syntax.parsing import parse_text
from homebody.syntax.row import Language
from homebody.syntax.tree import Tree
from homebody.syntax.units import Units
from homebody.text import Span

if TYPE_CHECKING:
    import tree_sitter

# A larger count has no more information: text in another language has one error per token.
_MAX_ERRORS = 10_000


def count_errors(text: str, language: Language | None) -> int:
    """Count error nodes and missing tokens, at most 10,000.

    0 if the language is unknown or the text is too large or unsafe to parse.
    """
    return _count(parse_text(text, language, Units.of(text)))


def count_tree_errors(tree: Tree) -> int:
    """Count those of a text that was parsed already; 0 without a tree."""
    return _count(tree.handle)


def first_error(tree: Tree, *, within: Span) -> int | None:
    """Return the offset of the first error in ``within``, or else in the text; ``None`` without any."""
    if tree.handle is None:
        return None
    offsets = [tree.units.to_offset(node.start_byte) for node in islice(_errors(tree.handle), _MAX_ERRORS)]
    inside = (offset for offset in offsets if within.start <= offset <= within.end)
    return next(inside, offsets[0] if offsets else None)


def _count(handle: "tree_sitter.Tree | None") -> int:
    if handle is None or not handle.root_node.has_error:
        return 0
    return sum(1 for _ in islice(_errors(handle), _MAX_ERRORS))


def _errors(handle: "tree_sitter.Tree") -> "Iterator[tree_sitter.Node]":
    """Error nodes and missing tokens, in order."""
    cursor = handle.walk()
    while (node := cursor.node) is not None:
        wrong = node.is_error or node.is_missing
        if wrong:
            yield node
        # Nodes inside an error belong to it; nodes without an error are skipped.
        if node.has_error and not wrong and cursor.goto_first_child():
            continue
        if not _next(cursor):
            return


def _next(cursor: "tree_sitter.TreeCursor") -> bool:
    """Move to the next node, skipping this node's descendants."""
    while not cursor.goto_next_sibling():
        if not cursor.goto_parent():
            return False
    return True

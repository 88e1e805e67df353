"""Count syntax errors, to reject an edit that breaks a file that parsed before.

Parsing the whole text takes up to about 100 ms for the largest file; never on the keystroke path.
"""

from itertools import islice
from typing import TYPE_CHECKING

from homebody.syntax.parsing import Units, parse_text
from homebody.syntax.row import Language
from homebody.syntax.tree import Tree, walk

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


def _count(handle: "tree_sitter.Tree | None") -> int:
    if handle is None or not handle.root_node.has_error:
        return 0
    cursor = handle.walk()

    def enter(node: "tree_sitter.Node") -> bool:
        # Nodes inside an error belong to it; nodes without an error are skipped.
        is_error = node.is_error or node.is_missing
        return node.has_error and not is_error and cursor.goto_first_child()

    errors = (node for node, _ in walk(cursor, enter) if node.is_error or node.is_missing)
    return sum(1 for _ in islice(errors, _MAX_ERRORS))

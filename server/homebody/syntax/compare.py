"""Return the tokens of a text, to compare two versions of it.

Used to check edits. Walks the whole tree, so it is never used on the keystroke path.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from msgspec import Struct

from homebody.syntax import nodes
from homebody.syntax.opaque import text_without
from homebody.syntax.tree import Tree, leave
from homebody.text import Document, Span

if TYPE_CHECKING:
    import tree_sitter

ExcludedPart: TypeAlias = Literal["comments", "documentation", "annotations", "imports"]

EFFECTS = frozenset(
    {
        *("raise", "throw", "assert", "await", "co_await", "yield", "co_yield", "defer", "go", "lock"),
        *("synchronized", "global", "nonlocal", "except*", "with", "using"),
    }
)
"""Keywords, of all languages, that raise, wait, yield or close."""

_MAX_DEPTH = 1_000

# Names that are true for type checkers only; an import under such a condition is part of the annotations.
_TYPE_CHECKING = re.compile(r"(?:\w+\.)*TYPE_CHECKING")
_TYPE_VARIABLE = re.compile(r"(?:\w+\.)*(?:TypeVar|TypeVarTuple|ParamSpec|NewType)")
# Nodes that count as one token although the grammar divides them: PHP's ``$name``.
_WHOLE = frozenset({"variable_name"})
_TYPE_MARKS = frozenset({"<", ">", "!", "</", "/>"})
_WITH_MARKS = (
    "type_arg",
    "type_param",
    "template_",
    "macro_inv",
    "jsx_",
    "start_tag",
    "end_tag",
    "self_closing",
)


class Token(Struct, frozen=True, gc=False):
    """A leaf of the tree, or the beginning or end of a block (``text`` is then empty).

    ``is_string`` is true for a part of a string, ``is_mark`` for the brackets around type arguments and
    tags, and the ``!`` of a macro: they are no operators. ``parent`` is the kind of the node around it.
    """

    kind: str
    text: str
    start: int
    is_string: bool = False
    is_mark: bool = False
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """Tokens of a text without the excluded parts, and what was excluded.

    Attributes
    ----------
    tokens
        The tokens, without white space.
    imports
        Texts of excluded imports, and of statements that only declare a type variable.
    annotated
        For each type that was excluded, the number of tokens before it (of ``same_tokens``), and whether it
        is the mark of an optional parameter.

    """

    tokens: tuple[Token, ...]
    imports: frozenset[str]
    annotated: frozenset[tuple[int, bool]] = frozenset()


def compared(
    document: Document,
    tree: Tree,
    without: frozenset[ExcludedPart] = frozenset(),
    *,
    within: Span | None = None,
) -> Compared | None:
    """Return the tokens of ``document`` in order, without white space.

    Blocks are marked, so that the same tokens with different nesting compare unequal. ``imports`` are
    collected if they are excluded from the tokens. ``None`` without an exact tree.

    Parameters
    ----------
    within
        Only nodes that touch this span are read.

    """
    if tree.handle is None or not tree.exact:
        return None
    imported: set[Span] = set()
    if "imports" in without:
        imported = {match["import"][0] for match in nodes.matches(tree, "imports", within)}
    types: set[Span] = set()
    left_out = set(imported)
    if "annotations" in without:
        matches = list(nodes.matches(tree, "annotations", within))
        imported |= _type_variables(document, matches)
        types = {span for match in matches for span in match.get("annotation", ())}
        left_out |= imported | _annotations(document, matches, imported)
    walk = _Walk(without, left_out, within or document.whole)
    tokens = tuple(_walk(document, tree, tree.handle, walk))
    texts = frozenset(" ".join(document.slice(span).split()) for span in imported)
    starts = [token.start for token in tokens if token.text.strip() or token.is_string]
    annotated = {(bisect_left(starts, span.start), document.slice(span) == "?") for span in types}
    return Compared(tokens, texts, frozenset(annotated))


def same_tokens(tokens: Sequence[Token]) -> list[tuple[str, str]]:
    """Kind and text of each token, without tokens that the grammar adds (empty blocks, line ends)."""
    return [
        (token.kind if not token.text else "", token.text)
        for token in tokens
        if token.text.strip() or not token.text or token.is_string
    ]


def first_difference(before: Sequence[tuple[str, str]], after: Sequence[tuple[str, str]]) -> int:
    """Index of the first token (of ``same_tokens``) that differs."""
    pairs = zip(before, after, strict=False)
    return next((n for n, (old, new) in enumerate(pairs) if old != new), min(len(before), len(after)))


def _annotations(document: Document, matches: Sequence[nodes.Match], imported: set[Span]) -> set[Span]:
    """Spans of optional types, and of imports for types."""
    spans: set[Span] = set()
    for match in matches:
        spans.update(match.get("annotation", ()))
        if "conditional" in match and _only_for_types(document, match, imported):
            spans.update(match["conditional.whole"])
    return spans


def _type_variables(document: Document, matches: Sequence[nodes.Match]) -> set[Span]:
    """Statements such as ``T = TypeVar("T")``."""
    return {
        match["typevar"][0]
        for match in matches
        if "typevar" in match and _TYPE_VARIABLE.fullmatch(document.slice(match["typevar.call"][0]))
    }


def _only_for_types(document: Document, match: nodes.Match, imported: set[Span]) -> bool:
    """Whether an ``if`` statement holds nothing but imports that only a type checker executes."""
    if not _TYPE_CHECKING.fullmatch(document.slice(match["condition"][0])):
        return False
    block = match["conditional"][0]
    inside = [span for span in imported if block.covers(span)]
    return bool(inside) and not text_without(document, block, sorted(inside)).strip()


@dataclass(frozen=True, slots=True)
class _Walk:
    """What a walk through a tree leaves out or does not enter, and the span that it stays in."""

    without: frozenset[ExcludedPart]
    left_out: set[Span]
    within: Span


def _walk(document: Document, tree: Tree, handle: "tree_sitter.Tree", walk: _Walk) -> Iterator[Token]:
    kinds = _Kinds(walk.without, tree.block_kinds)
    first, last = tree.byte_range(walk.within)
    cursor, to_offset, text = handle.walk(), tree.units.to_offset, document.text
    open_blocks: list[tuple[int, str]] = []
    parents: list[_Kind] = [kinds[""]]
    depth = at = 0
    covered = to_offset(first)
    while (node := cursor.node) is not None and node.start_byte <= last:
        start, end = node.byte_range
        kind, parent = kinds[node.type], parents[-1]
        is_left_out = end < first or kind.is_left_out or _is_left_out(tree, node, kind, parent.name, walk)
        is_leaf = kind.is_whole or node.child_count == 0
        if is_left_out or is_leaf:
            begin, stop = to_offset(start), to_offset(end)
            # Some grammars have text between nodes for tokens: the digits of CSS.
            if covered < begin and (hidden := text[covered:begin].strip()):
                yield Token("", hidden, covered, parent.is_string)
            covered = max(covered, stop)
            if not is_left_out and (end > start or node.is_missing):
                at = begin
                # TypeScript's type ``string`` is a keyword.
                is_string = parent.is_string or (kind.is_string and node.is_named)
                is_mark = parent.has_marks and text[at:stop] in _TYPE_MARKS
                yield Token(kind.name, text[at:stop], at, is_string, is_mark, parent.name)
        elif depth < _MAX_DEPTH and cursor.goto_first_child():
            if kind.is_block:
                open_blocks.append((depth, kind.name))
                yield Token(f"{kind.name}(", "", to_offset(start))
            parents.append(kind)
            depth += 1
            continue
        levels = 0 if cursor.goto_next_sibling() else leave(cursor)
        for _ in range(depth if levels is None else levels):
            parents.pop()
            depth -= 1
            if open_blocks and open_blocks[-1][0] == depth:
                yield Token(f"){open_blocks.pop()[1]}", "", at)
        if levels is None:
            return


def _is_left_out(tree: Tree, node: "tree_sitter.Node", kind: "_Kind", parent: str, walk: _Walk) -> bool:
    return bool(walk.left_out and tree.span(node) in walk.left_out) or (
        kind.may_be_documentation and _is_documentation(node, parent)
    )


class _Kind(NamedTuple):
    """What the name of a node's kind says about its nodes."""

    name: str
    is_left_out: bool
    may_be_documentation: bool
    is_string: bool
    is_block: bool
    is_whole: bool
    has_marks: bool


class _Kinds(dict[str, _Kind]):
    """Kinds by name, each examined once: a file has a hundred kinds, and a hundred thousand nodes."""

    def __init__(self, without: frozenset[ExcludedPart], blocks: frozenset[str]) -> None:
        super().__init__()
        self._without = without
        self._blocks = blocks

    def __missing__(self, name: str) -> _Kind:
        self[name] = kind = _Kind(
            name,
            is_left_out="comments" in self._without and "comment" in name,
            may_be_documentation="documentation" in self._without and name == "expression_statement",
            is_string="string" in name or "attribute_value" in name,
            is_block=name in self._blocks,
            is_whole=name in _WHOLE,
            has_marks=name.startswith(_WITH_MARKS),
        )
        return kind


def _is_documentation(node: "tree_sitter.Node", parent: str) -> bool:
    """Whether an expression statement is a string alone, as Python's docstrings are."""
    if parent not in {"block", "module"} or node.child_count != 1:
        return False
    return node.children[0].type in {"string", "concatenated_string"}

"""A document before and after an edit: the input of the checks and the notes.

Parses the new version again, so large files must not be handled on the event loop.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from homebody.syntax.compare import Compared, ExcludedPart, Token, compared
from homebody.syntax.decorations import with_decorations
from homebody.syntax.names import Name, names
from homebody.syntax.opaque import comments_in, text_without
from homebody.syntax.scope import CLASS_KINDS, FUNCTION_KINDS, Definition, definitions
from homebody.syntax.tree import Tree, reparsed
from homebody.text import Document, Span, TextEdit, apply_edits, smallest_edit

CODE_KINDS = FUNCTION_KINDS | CLASS_KINDS | {"module", "type", "macro"}
"""Kinds of definitions that other code may use; Markdown headings and CSS rules are not among them."""

_LARGE = 20_000
"""Characters of a span of which only the statements that change are compared."""


@dataclass(frozen=True)
class Side:
    """One version of a document, and what the checks need of the span that an edit is about."""

    document: Document
    tree: Tree
    span: Span

    @property
    def code(self) -> str:
        """Text of the span."""
        return self.document.slice(self.span)

    @cached_property
    def own(self) -> tuple[Definition, ...]:
        """Definitions of code that lie in the span, without those inside of functions."""
        functions: list[Definition] = []
        own: list[Definition] = []
        for one in definitions(self.document, self.tree, self.span):
            functions = [other for other in functions if other.span.end > one.span.start]
            is_local = any(
                other.header.start < one.span.start and one.span.end <= other.span.end for other in functions
            )
            if one.kind in CODE_KINDS and one.name and self.span.covers(one.span) and not is_local:
                own.append(one)
            if one.is_function and self.span.covers(one.span):
                functions.append(one)
        return tuple(own)

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        """Tokens in the span, without comments and the marks of blocks; none without an exact tree."""
        return tuple(token for token in self.all_tokens if token.text)

    @cached_property
    def all_tokens(self) -> tuple[Token, ...]:
        """The same with the marks of blocks."""
        own = self.compared(frozenset({"comments"}))
        return own.tokens if own is not None else ()

    def compared(self, without: frozenset[ExcludedPart]) -> Compared | None:
        """Tokens in the span without some parts; ``None`` without an exact tree."""
        touched = compared(self.document, self.tree, without, within=self.span)
        if touched is None:
            return None
        own = [one for one in touched.tokens if self.span.start <= one.start < self.span.end]
        return replace(touched, tokens=tuple(own))

    @cached_property
    def names(self) -> tuple[Name, ...]:
        """Variables and functions that are named in the span."""
        return names(self.document, self.tree, self.span)

    @cached_property
    def local(self) -> frozenset[str]:
        """Variables that only the code in the span can use."""
        return frozenset(name.text for name in self.names if name.binds and name.scope is not None)

    @cached_property
    def used(self) -> frozenset[str]:
        """Names that are used in the span, and not only bound."""
        return frozenset(name.text for name in self.names if not name.binds)

    def head(self, one: Definition) -> str:
        """Text of a definition from its first decoration to its body, on one line and without comments."""
        span = Span(self._head_start(one), one.header.end)
        comments = comments_in(self.document, self.tree, span)
        return " ".join(text_without(self.document, span, comments).split()).rstrip("{:= ")

    def in_head(self, offset: int) -> bool:
        """Whether ``offset`` is in the head of a definition, which is compared as a whole."""
        at = bisect_right(self._heads, offset, key=lambda span: span.start) - 1
        return at >= 0 and offset < self._heads[at].end

    @cached_property
    def _heads(self) -> list[Span]:
        return sorted(Span(self._head_start(one), one.header.end) for one in self.own)

    def _head_start(self, one: Definition) -> int:
        return with_decorations(self.document, self.tree, one.span).start


@dataclass(frozen=True, slots=True)
class Edited:
    """Both versions; their spans are what the edits are in."""

    before: Side
    after: Side


def edited(
    document: Document, tree: Tree, span: Span, edits: Sequence[TextEdit], above: Sequence[TextEdit] = ()
) -> Edited:
    """Apply ``edits``, which lie in ``span`` or at its ends, and those ``above`` it, and parse the result."""
    text = apply_edits(document.text, [*edits, *above])
    change = smallest_edit(document.text, text)
    new = document.edited(change, document.version)
    new_tree = reparsed(tree, document, change, new)
    first = min([span.start, *(edit.span.start for edit in edits)])
    last = max([span.end, *(edit.span.end for edit in edits)])
    if edits and last - first > _LARGE:
        changed = Span(min(edit.span.start for edit in edits), max(edit.span.end for edit in edits))
        first, last = max(first, (top := _top_level(document, tree, changed)).start), min(last, top.end)
    shift = sum(len(edit.new_text) - len(edit.span) for edit in above if edit.span.end <= first)
    after = Span(first + shift, last + len(text) - len(document.text))
    return Edited(Side(document, tree, Span(first, last)), Side(new, new_tree, after))


def _top_level(document: Document, tree: Tree, span: Span) -> Span:
    """``span`` with the whole top-level statements that it touches."""
    children = tree.handle.root_node.children if tree.handle is not None else []
    touched = [
        whole
        for child in children
        if (whole := tree.span(child)).start <= span.end and whole.end >= span.start
    ]
    start = min([span.start, *(whole.start for whole in touched)])
    end = max([span.end, *(whole.end for whole in touched)])
    return document.whole_lines(Span(start, end))

"""A document before and after an edit, parsed once: the input of every check of an edit.

Pure. Parses the whole document, so large files must not be handled on the event loop.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from homebody.syntax.compare import Compared, ExcludedPart, Token, compared
from homebody.syntax.decorations import with_decorations
from homebody.syntax.import_block import Statement, import_statements
from homebody.syntax.names import Name, names
from homebody.syntax.opaque import comments_in, string_parts_in, text_without
from homebody.syntax.scope import CLASS_KINDS, FUNCTION_KINDS, Definition, definitions
from homebody.syntax.tree import Tree, parse
from homebody.text import Document, Span, TextEdit, apply_edits

CODE_KINDS = FUNCTION_KINDS | CLASS_KINDS | {"module", "type", "macro"}
"""Kinds of definitions that other code may use; Markdown headings and CSS rules are not among them."""

_HEAD_TOKEN = re.compile(r"\w+|[^\w\s]")
_END = 1 << 60


@dataclass(frozen=True)
class Side:
    """One version of a document, and what several checks need of the span that an edit is about."""

    document: Document
    tree: Tree
    span: Span

    @property
    def code(self) -> str:
        """Text of the span."""
        return self.document.slice(self.span)

    @cached_property
    def own(self) -> tuple[Definition, ...]:
        """Definitions of code in the span, without those inside of functions."""
        touched = [one for one in definitions(self.document, self.tree, self.span) if one.kind in CODE_KINDS]
        return _not_local([one for one in touched if one.name], self.span)

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        """Tokens in the span, without comments and the marks of blocks; none without an exact tree."""
        return _tokens(self.document, self.tree, self.span)

    @cached_property
    def local(self) -> frozenset[str]:
        """Variables that only the code in the span can use."""
        found = names(self.document, self.tree, self.span)
        return frozenset(name.text for name in found if name.binds and name.scope is not None)

    def head(self, one: Definition) -> list[str]:
        """Tokens of a definition from its first decoration to its body."""
        start = with_decorations(self.document, self.tree, one.span).start
        spans = comments_in(self.document, self.tree, Span(start, one.header.end))
        return _HEAD_TOKEN.findall(text_without(self.document, Span(start, one.header.end), spans))

    def in_head(self, token: Token) -> bool:
        """Whether a token is in the head of a definition, which is compared as a whole."""
        at = bisect_right(self._heads, (token.start, _END)) - 1
        return at >= 0 and token.start < self._heads[at][1]

    @cached_property
    def _heads(self) -> list[tuple[int, int]]:
        starts = ((with_decorations(self.document, self.tree, one.span).start, one) for one in self.own)
        return sorted((start, one.header.end) for start, one in starts)


@dataclass(frozen=True)
class Edited:
    """Both versions of the document; what several checks need of them is computed once.

    Attributes
    ----------
    old, old_tree, old_span
        The document, its tree, and the span that the edits belong to.
    new, new_tree, new_span
        The same values after the edits.

    """

    old: Document
    old_tree: Tree
    old_span: Span
    new: Document
    new_tree: Tree
    new_span: Span

    @cached_property
    def before(self) -> Side:
        """The old version."""
        return Side(self.old, self.old_tree, self.old_span)

    @cached_property
    def after(self) -> Side:
        """The new version."""
        return Side(self.new, self.new_tree, self.new_span)

    @property
    def old_code(self) -> str:
        """Text that was to be rewritten."""
        return self.old.slice(self.old_span)

    @property
    def new_code(self) -> str:
        """The rewritten text."""
        return self.new.slice(self.new_span)

    @cached_property
    def old_definitions(self) -> tuple[Definition, ...]:
        """Definitions of code in the old version."""
        return _code(definitions(self.old, self.old_tree))

    @cached_property
    def new_definitions(self) -> tuple[Definition, ...]:
        """Definitions of code in the new version."""
        return _code(self.all_new_definitions)

    @cached_property
    def all_new_definitions(self) -> tuple[Definition, ...]:
        """Those in the new version and its variables: a function may become the value of a variable."""
        return definitions(self.new, self.new_tree)

    @cached_property
    def old_own(self) -> tuple[Definition, ...]:
        """Definitions in the old span that code outside of them may refer to."""
        return _not_local(self.old_definitions, self.old_span)

    @cached_property
    def new_own(self) -> tuple[Definition, ...]:
        """Definitions in the new span that code outside of them may refer to."""
        return _not_local(self.new_definitions, self.new_span)

    @cached_property
    def old_tokens(self) -> tuple[Token, ...]:
        """Tokens in the old span, without comments and the marks of blocks; none without an exact tree."""
        return _tokens(self.old, self.old_tree, self.old_span)

    @cached_property
    def new_tokens(self) -> tuple[Token, ...]:
        """Tokens in the new span, without comments and the marks of blocks; none without an exact tree."""
        return _tokens(self.new, self.new_tree, self.new_span)

    def compared(self, without: frozenset[ExcludedPart]) -> tuple[Compared, Compared] | None:
        """Tokens of both versions without some parts; functions and classes outside are one token each.

        ``None`` without exact trees.
        """
        old = compared(self.old, self.old_tree, without, closed=_outside(self.old_definitions, self.old_span))
        new = compared(self.new, self.new_tree, without, closed=_outside(self.new_definitions, self.new_span))
        return None if old is None or new is None else (old, new)

    @cached_property
    def old_names(self) -> tuple[Name, ...]:
        """Variables and functions that are named in the old span."""
        return names(self.old, self.old_tree, self.old_span)

    @cached_property
    def new_names(self) -> tuple[Name, ...]:
        """Variables and functions that are named in the new span."""
        return names(self.new, self.new_tree, self.new_span)

    @cached_property
    def old_imports(self) -> tuple[Statement, ...]:
        """Imports of the old version."""
        return import_statements(self.old, self.old_tree)

    @cached_property
    def new_imports(self) -> tuple[Statement, ...]:
        """Imports of the new version."""
        return import_statements(self.new, self.new_tree)


def edited(
    document: Document,
    tree: Tree,
    span: Span,
    edits: Sequence[TextEdit],
    above: Sequence[TextEdit] = (),
) -> Edited:
    """Apply ``edits``, which lie in ``span`` or at its ends, and those ``above`` it, and parse the result."""
    text = apply_edits(document.text, [*edits, *above])
    new = Document.create(document.uri, document.language_id, document.version, text)
    first = min([span.start, *(edit.span.start for edit in edits)])
    last = max([span.end, *(edit.span.end for edit in edits)])
    shift = sum(len(edit.new_text) - len(edit.span) for edit in above if edit.span.end <= first)
    end = last + len(text) - len(document.text)
    return Edited(document, tree, Span(first, last), new, parse(new), Span(first + shift, end))


def within(found: Sequence[Definition], span: Span) -> list[Definition]:
    """Definitions that lie in ``span``."""
    return [one for one in found if span.covers(one.span)]


def docstrings(document: Document, tree: Tree, found: Sequence[Definition]) -> list[Sequence[str]]:
    """Return the strings that bodies begin with (docstrings), in parts around embedded code."""
    strings: list[Sequence[str]] = []
    for one in found:
        body = one.body or Span(0, 0)
        first = next(iter(string_parts_in(document, tree, body)), None)
        if first is not None and document.slice(body).lstrip().startswith(first[0]):
            strings.append(first)
    return strings


def _not_local(found: Sequence[Definition], span: Span) -> tuple[Definition, ...]:
    """Definitions in ``span`` that are not inside of a function; ``found`` is in order of their start."""
    functions = [one for one in found if one.is_function]
    around: list[Definition] = []
    kept: list[Definition] = []
    at = 0
    for one in found:
        while at < len(functions) and functions[at].span.start <= one.span.start:
            around.append(functions[at])
            at += 1
        around = [other for other in around if other.span.end > one.span.start]
        if span.covers(one.span) and not any(_is_inside(one, other) for other in around):
            kept.append(one)
    return tuple(kept)


def _outside(found: Sequence[Definition], span: Span) -> list[Span]:
    """Spans of the outermost functions and classes that do not touch ``span``: they hold no new imports."""
    outside: list[Span] = []
    for one in found:
        is_apart = one.span.end < span.start or span.end < one.span.start
        is_outermost = not outside or outside[-1].end <= one.span.start
        if is_apart and is_outermost and (one.is_function or one.is_class):
            outside.append(one.span)
    return outside


def _is_inside(one: Definition, function: Definition) -> bool:
    return (
        function is not one and one.span.end <= function.span.end and function.header.start < one.span.start
    )


def _tokens(document: Document, tree: Tree, span: Span) -> tuple[Token, ...]:
    found = compared(document, tree, frozenset({"comments"}), within=span)
    tokens = found.tokens if found is not None else ()
    return tuple(one for one in tokens if one.text and span.start <= one.start < span.end)


def _code(found: Sequence[Definition]) -> tuple[Definition, ...]:
    return tuple(one for one in found if one.kind in CODE_KINDS and one.name)

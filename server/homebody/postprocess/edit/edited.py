"""A document before and after an edit: the input of the checks and the notes.

Parses the new version, so large code must not be handled on the event loop.
"""

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from operator import attrgetter

from homebody.syntax.compare import Compared, ExcludedPart, Token, compared
from homebody.syntax.import_block import WholeFile
from homebody.syntax.names import Name, names
from homebody.syntax.nodes import captured, count_errors, top_level
from homebody.syntax.opaque import text_without, texts_in
from homebody.syntax.scope import CLASS_KINDS, FUNCTION_KINDS, Definition, definitions, scopes_at
from homebody.syntax.tree import Tree, parse, reparsed
from homebody.text import Document, Span, TextEdit, apply_edits, smallest_edit

CODE_KINDS = FUNCTION_KINDS | CLASS_KINDS | {"module", "type", "macro"}
"""Kinds of definitions that other code may use; Markdown headings and CSS rules are not among them."""

_PLAIN_TOKENS = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|\w+|[^\w\s]")

_LARGE = 20_000
"""Characters of a file or a span of which only the statements around the edits are compared."""


_start = attrgetter("start")


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
        own: list[Definition] = []
        function = Span(0, 0)
        for each in definitions(self.document, self.tree, self.span):
            if self.span.covers(each.span):
                is_local = function.start < each.span.start < function.end
                if each.name and each.kind in CODE_KINDS and not is_local:
                    own.append(each)
                if each.is_function and not is_local:
                    function = Span(each.header.start, each.span.end)
        return tuple(own)

    @cached_property
    def tokens(self) -> Sequence[Token]:
        """Tokens in the span, without comments; without an exact tree, words and marks."""
        if not self.tree.exact:
            return [Token("", text, 0, text[0] in "\"'") for text in _PLAIN_TOKENS.findall(self.code)]
        return [token for token in self.all_tokens if token.text]

    @cached_property
    def all_tokens(self) -> tuple[Token, ...]:
        """The same with the marks of blocks; none without an exact tree."""
        own = self.compared(frozenset({"comments"}))
        return own.tokens if own is not None else ()

    def compared(self, without: frozenset[ExcludedPart]) -> Compared | None:
        """Tokens in the span without some parts; ``None`` without an exact tree."""
        touched = compared(self.document, self.tree, without, within=self.span)
        if touched is None:
            return None
        own = (bisect_left(touched.tokens, at, key=_start) for at in (self.span.start, self.span.end))
        return replace(touched, tokens=touched.tokens[slice(*own)])

    @cached_property
    def texts(self) -> tuple[Sequence[tuple[Span, Sequence[str]]], Sequence[Span]]:
        """Strings in the span, each with its parts around code embedded in it, and comments."""
        return texts_in(self.document, self.tree, self.span)

    def without_comments(self, span: Span) -> str:
        """Text of a part of the span without the comments in it."""
        comments = self.texts[1]
        first, end = (bisect_left(comments, Span(offset, 0)) for offset in (span.start, span.end))
        return text_without(self.document, span, comments[first:end])

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

    @cached_property
    def heads(self) -> Mapping[Span, str]:
        """Text of each of ``own`` from its first decoration to its body, on one line without comments."""
        spans = zip(self.own, self.head_spans, strict=True)
        texts = ((each.span, " ".join(self.without_comments(head).split())) for each, head in spans)
        return {span: text.rstrip("{:= ") for span, text in texts}

    @cached_property
    def head_spans(self) -> Sequence[Span]:
        """Spans of these texts, in order; in some grammars, decorations are siblings of the definition."""
        decorations = sorted(captured(self.tree, "decorations", self.span)["decoration"])
        spans: list[Span] = []
        for each in self.own:
            start, at = each.span.start, bisect_left(decorations, each.span)
            while at and decorations[at - 1].end <= start:
                if self.without_comments(Span(decorations[at - 1].end, start)).strip():
                    break
                at -= 1
                start = decorations[at].start
            spans.append(Span(start, each.header.end))
        return spans


@dataclass(frozen=True)
class Edited:
    """A document and its edits, with both versions of the code around them.

    The edits are in ``span`` of ``file``, the whole document before. Of a large one, ``before`` and ``after``
    are documents of only the statements around the edits.
    """

    file: WholeFile
    span: Span
    before: Side
    after: Side


def edited(file: WholeFile, span: Span, edits: Sequence[TextEdit]) -> Edited:
    """Apply ``edits``, which lie in ``span`` or at its ends, and parse the result."""
    document, tree = file.document, file.tree
    span = Span(
        min([span.start, *(edit.span.start for edit in edits)]),
        max([span.end, *(edit.span.end for edit in edits)]),
    )
    text = apply_edits(document.text, edits)
    change = smallest_edit(
        document.slice(span), text[span.start : span.end + len(text) - len(document.text)], span.start
    )
    is_large = len(document.text) > _LARGE
    if is_large and len(span) > _LARGE:
        around = document.whole_lines(top_level(tree, change.span)[0])
        span = Span(max(span.start, around.start), min(span.end, around.end))
    sides = _sides_of_part(document, tree, span, change) if is_large else None
    return Edited(file, span, *(sides or _sides(document, tree, span, change)))


def _sides_of_part(document: Document, tree: Tree, span: Span, change: TextEdit) -> tuple[Side, Side] | None:
    """Both versions of the lines of ``span`` alone, between the first and last lines of what is around them.

    ``None`` if they are many, or parse otherwise there.
    """
    inside = document.stripped(span)
    lines = Span(document.line_start(span.start), max(document.whole_lines(span).end, span.end))
    tag = "<?php\n" if tree.language is not None and tree.language.name == "php" else ""
    if not tree.exact or len(lines) > _LARGE or not document.text.startswith(tag.strip()):
        return None
    head, tail = tag * bool(lines.start), ""
    for scope in scopes_at(document, tree, inside.start):
        if scope.body is not None and scope.body.covers(inside):
            in_braces = document.text.startswith("{", scope.body.start)
            head += document.text[scope.header.start : scope.body.start + in_braces].rstrip() + "\n"
            tail = f"\n{document.text[scope.body.end - in_braces : scope.span.end]}{tail}"
    part = document.with_text(head + document.slice(lines) + tail)
    part_tree = parse(part)
    if count_errors(part_tree):
        return None
    shift = len(head) - lines.start
    moved = [Span(each.start + shift, each.end + shift) for each in (span, change.span)]
    return _sides(part, part_tree, moved[0], TextEdit(moved[1], change.new_text))


def _sides(document: Document, tree: Tree, span: Span, change: TextEdit) -> tuple[Side, Side]:
    new = document.edited(change, document.version)
    after = Span(span.start, span.end + len(new.text) - len(document.text))
    return Side(document, tree, span), Side(new, reparsed(tree, document, change, new), after)

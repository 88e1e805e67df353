"""A document before and after an edit, parsed once: the input of every check of an edit.

In: a document, its tree, the span that was to be rewritten, edits. Out: both versions with their trees.
Pure. Parses the whole document, so large files must not be handled on the event loop.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from homebody.syntax.opaque import string_parts_in
from homebody.syntax.scope import CLASS_KINDS, FUNCTION_KINDS, Definition, definitions
from homebody.syntax.tree import Tree, parse
from homebody.text import Document, Span, TextEdit, apply_edits

CODE_KINDS = FUNCTION_KINDS | CLASS_KINDS | {"module", "type", "macro"}
"""Kinds of definitions that other code may use; Markdown headings and CSS rules are not among them."""


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
        return _code(definitions(self.new, self.new_tree))


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
    return [one for one in found if span.start <= one.span.start and one.span.end <= span.end]


def docstrings(document: Document, tree: Tree, found: Sequence[Definition]) -> list[Sequence[str]]:
    """Return the strings that bodies begin with (docstrings), in parts around embedded code."""
    strings: list[Sequence[str]] = []
    for one in found:
        body = one.body or Span(0, 0)
        first = next(iter(string_parts_in(document, tree, body)), None)
        if first is not None and document.slice(body).lstrip().startswith(first[0]):
            strings.append(first)
    return strings


def is_local(one: Definition, everything: Sequence[Definition]) -> bool:
    """Whether it is defined inside a function, so that code outside cannot refer to it."""
    return any(
        other.is_function
        and other is not one
        and other.span.start <= one.span.start
        and one.span.end <= other.span.end
        and other.header.start < one.span.start
        for other in everything
    )


def _code(found: Sequence[Definition]) -> tuple[Definition, ...]:
    return tuple(one for one in found if one.kind in CODE_KINDS and one.name)

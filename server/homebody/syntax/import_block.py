"""Find the import statements of a text, and the place where its first one belongs.

Used to check and make edits, never on the keystroke path.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from homebody.syntax import nodes
from homebody.syntax.opaque import text_without
from homebody.syntax.scope import Import, ImportedName, imports, scopes_at
from homebody.syntax.tree import Tree
from homebody.text import Document, Span

if TYPE_CHECKING:
    pass
from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property

from homebody.syntax.names import Name, names
from homebody.syntax.scope import Definition, definitions

_HOLDER = re.compile(r"import\(?\)?")
"""What is left of Go's ``import ( … )`` without the lines in it."""

_HEAD = frozenset(
    {
        *("package_clause", "package_declaration", "package_header", "php_tag", "declare_statement"),
        *("hash_bang_line", "shebang", "inner_attribute_item", "file_annotation", "preproc_call"),
        *("namespace_definition", "extern_crate_declaration"),
    }
)
"""Kinds of nodes that stand above imports."""

_DIRECTIVE = re.compile(r"[\"']use \w+[\"'];?")
_DOCSTRING = re.compile(r"(?i:r|u)?[\"']")


@dataclass(frozen=True, slots=True)
class Statement:
    """One import statement.

    Attributes
    ----------
    span, text
        The whole statement and its text; in Go, one line of a group.
    modules
        What it imports from, in order; several in Python's ``import a, b``.
    entries
        The names that it lists.
    holder
        The statement around it if that holds nothing but imports (Go's group); else ``span``.
    depth
        Number of nodes around it: imports under a condition are deeper than others.

    """

    span: Span
    text: str
    modules: tuple[str, ...]
    entries: tuple[ImportedName, ...]
    holder: Span
    depth: int


def import_statements(document: Document, tree: Tree) -> tuple[Statement, ...]:
    """Return the imports outside of functions and classes, in order; ``()`` without an exact tree."""
    if tree.handle is None or not tree.exact:
        return ()
    parts_by_span: dict[Span, list[Import]] = {}
    for statement in imports(document, tree):
        around = scopes_at(document, tree, statement.span.start)
        if not any(scope.is_function or scope.is_class for scope in around):
            parts_by_span.setdefault(statement.span, []).append(statement)
    return tuple(_statement(document, tree, parts, list(parts_by_span)) for parts in parts_by_span.values())


def place_of_first_import(document: Document, tree: Tree) -> int:
    """Return the end of the line below which the first import belongs; 0 for the start of the text.

    Below a docstring, a package clause, a comment that is about the whole file, or the magic command of a
    notebook's cell (``%%time``), which must be on the first line.
    """
    if document.text.startswith("%%"):
        return document.line_span(0).end
    end = comment = 0
    children = tree.handle.root_node.children if tree.handle is not None else []
    is_first = True
    for child in children:
        span = tree.span(child)
        if comment and document.line_of(span.start) > document.line_of(comment - 1) + 1:
            end = comment
        comment = 0
        if "comment" in child.type:
            comment = span.end
            continue
        text = document.slice(span).strip()
        is_head = child.type in _HEAD and child.child_by_field_name("body") is None
        is_string = child.type == "expression_statement" and child.named_child_count == 1
        is_string = is_string and child.named_children[0].type == "string"
        is_docstring = is_first and is_string and _DOCSTRING.match(text)
        if not (is_head or is_docstring or _DIRECTIVE.fullmatch(text)):
            break
        end = span.end
        is_first = is_first and is_head
    return document.line_span(document.line_of(end - 1)).end if end else 0


def _statement(
    document: Document, tree: Tree, parts: Sequence[Import], everything: Sequence[Span]
) -> Statement:
    span = parts[0].span
    steps = nodes.path(tree, span.start)
    holder, depth = span, sum(step.span != span for step in steps if step.span.covers(span))
    for number, step in enumerate(steps[1:], 1):
        if step.span != span and step.span.covers(span) and _holds_imports(document, step.span, everything):
            holder, depth = step.span, number
            break
    names = {name.span: name for part in parts for name in part.names}
    entries = tuple(names[place] for place in sorted(names))
    modules = tuple(part.module for part in parts)
    return Statement(span, document.slice(span).strip(), modules, entries, holder, depth)


def _holds_imports(document: Document, span: Span, everything: Sequence[Span]) -> bool:
    if not document.text.startswith("import", span.start):
        return False
    return _HOLDER.fullmatch("".join(text_without(document, span, everything).split())) is not None


@dataclass(frozen=True)
class WholeFile:
    """One version of a document with its tree."""

    document: Document
    tree: Tree

    @cached_property
    def definitions(self) -> tuple[Definition, ...]:
        """All definitions, in order."""
        return definitions(self.document, self.tree)

    @cached_property
    def by_name(self) -> Mapping[str, Sequence[Definition]]:
        """Definitions by their names."""
        named: defaultdict[str, list[Definition]] = defaultdict(list)
        for each in self.definitions:
            named[each.name].append(each)
        return named

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        """What is imported, by module."""
        return imports(self.document, self.tree)

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """Import statements outside of functions and classes."""
        return import_statements(self.document, self.tree)

    @cached_property
    def bound(self) -> tuple[Name, ...]:
        """Names that are bound."""
        return tuple(name for name in names(self.document, self.tree) if name.binds)

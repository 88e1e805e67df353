"""Find the variables and functions named in a text, and where they are bound.

In: a document, its tree, a span. Out: names in order, with code-point offsets. Pure.
Uses the grammars' field names in the tables below; members, labels, keyword arguments and types are not
included. Used to check edits, never on the keystroke path.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from homebody.syntax import nodes
from homebody.syntax.tree import Tree
from homebody.text import Document, Span

if TYPE_CHECKING:
    import tree_sitter

_MAX_DEPTH = 1_000

# Node types that may be the name of a variable.
_NAME_KINDS = frozenset(
    {
        "identifier",
        "variable_name",
        "shorthand_property_identifier",
        "shorthand_property_identifier_pattern",
        "shorthand_field_identifier",
        "simple_identifier",
    }
)
# Fields whose identifiers are members, labels or types, not variables.
_FIXED_FIELDS = frozenset(
    {"attribute", "property", "field", "key", "method", "type", "label", "scope", "module_name"}
)
_FIXED = frozenset(
    {
        ("keyword_argument", "name"),
        ("method_invocation", "name"),
        ("member_access_expression", "name"),
        ("member_call_expression", "name"),
        ("scoped_identifier", "name"),
        ("named_argument", "name"),
        ("argument", "name"),
        ("enum_variant", "name"),
        ("attribute_item", ""),
    }
)
# (type of the parent node, field) under which names are bound; an empty field matches any field.
_BINDINGS = frozenset(
    {
        ("assignment", "left"),
        ("augmented_assignment", "left"),
        ("named_expression", "name"),
        ("for_statement", "left"),
        ("for_in_clause", "left"),
        ("for_in_statement", "left"),
        ("as_pattern_target", ""),
        ("aliased_import", "alias"),
        ("function_definition", "name"),
        ("class_definition", "name"),
        ("function_definition", "parameters"),
        ("lambda", "parameters"),
        ("function_declaration", "name"),
        ("function_declaration", "parameters"),
        ("generator_function_declaration", "name"),
        ("generator_function_declaration", "parameters"),
        ("class_declaration", "name"),
        ("function_expression", "parameters"),
        ("function_expression", "name"),
        ("method_definition", "parameters"),
        ("arrow_function", "parameters"),
        ("arrow_function", "parameter"),
        ("variable_declarator", "name"),
        ("catch_clause", "parameter"),
        ("catch_clause", "name"),
        ("short_var_declaration", "left"),
        ("range_clause", "left"),
        ("var_spec", "name"),
        ("const_spec", "name"),
        ("type_switch_statement", "alias"),
        ("parameter_declaration", "name"),
        ("variadic_parameter_declaration", "name"),
        ("formal_parameter", "name"),
        ("lambda_expression", "parameters"),
        ("enhanced_for_statement", "name"),
        ("catch_formal_parameter", "name"),
        ("resource", "name"),
        ("function_item", "name"),
        ("function_item", "parameters"),
        ("closure_expression", "parameters"),
        ("let_declaration", "pattern"),
        ("let_condition", "pattern"),
        ("for_expression", "pattern"),
        ("match_arm", "pattern"),
        ("method", "parameters"),
        ("block", "parameters"),
        ("do_block", "parameters"),
        ("for", "pattern"),
        ("exception_variable", ""),
        ("init_declarator", "declarator"),
        ("declaration", "declarator"),
        ("parameter_declaration", "declarator"),
        ("optional_parameter_declaration", "declarator"),
        ("for_range_loop", "declarator"),
        ("function_declarator", "declarator"),
    }
)
# Always bound: in PHP, every variable in a function is local.
_ALWAYS_BIND = frozenset({"shorthand_property_identifier_pattern", "variable_name"})
_SHORTHANDS = frozenset({"shorthand_field_initializer"})
# Fields and node types inside a binding whose names are used, not bound: values, types, indexes.
_USED_FIELDS = frozenset(
    {"value", "default_value", "type", "right", "body", "subscript", "object", "size", "index"}
)
_USED_KINDS = frozenset(
    {
        "attribute",
        "subscript",
        "member_expression",
        "subscript_expression",
        "call",
        "field_expression",
        "selector_expression",
        "index_expression",
        "field_access",
        "element_reference",
    }
)


@dataclass(frozen=True, slots=True)
class Name:
    """An identifier that refers to a variable or a function.

    ``binds`` is true if a value is bound to it here; ``is_shorthand`` is true if it also names a member
    (``{x}`` for ``{x: x}``), so that renaming it would change the member.
    """

    text: str
    start: int
    binds: bool
    is_shorthand: bool = False


def names(document: Document, tree: Tree, within: Span | None = None) -> tuple[Name, ...]:
    """Return the variables and functions that are named in ``within``, in order; ``()`` without a tree."""
    if tree.handle is None:
        return ()
    within = within or Span(0, len(document.text))
    imported = [match["import"][0] for match in nodes.imports(tree, within)]
    found = tuple(_names(document, tree, within, imported))
    elsewhere = {document.slice(span) for span in _declared_elsewhere(tree, within)}
    return tuple(replace(name, binds=False) if name.text in elsewhere else name for name in found)


def _declared_elsewhere(tree: Tree, within: Span) -> Iterator[Span]:
    """Names in Python's ``global`` and ``nonlocal`` statements."""
    if tree.handle is None or tree.language is None or tree.language.name != "python":
        return
    first, last = tree.units.to_byte(within.start), tree.units.to_byte(within.end)
    todo = [tree.handle.root_node]
    while todo:
        node = todo.pop()
        if node.type in {"global_statement", "nonlocal_statement"}:
            yield from (_span(tree, child) for child in node.named_children)
        todo += [child for child in node.named_children if child.end_byte > first and child.start_byte < last]


class _Step(NamedTuple):
    kind: str
    field: str


def _names(document: Document, tree: Tree, within: Span, imported: list[Span]) -> Iterator[Name]:
    handle = tree.handle
    if handle is None:
        return
    cursor = handle.walk()
    path: list[_Step] = []
    while (node := cursor.node) is not None:
        span = _span(tree, node)
        is_name = node.type in _NAME_KINDS and (node.child_count == 0 or node.type == "variable_name")
        reaches = span.end > within.start and span.start < within.end
        step = _Step(node.type, cursor.field_name or "")
        if is_name and reaches and within.start <= span.start and not _is_fixed(path, step.field):
            text = document.slice(span)
            in_import = any(one.start <= span.start < one.end for one in imported)
            is_shorthand = "shorthand" in node.type or bool(path and path[-1].kind in _SHORTHANDS)
            yield Name(text, span.start, in_import or _binds(path, step), is_shorthand)
        elif reaches and not is_name and len(path) < _MAX_DEPTH and cursor.goto_first_child():
            path.append(step)
            continue
        while not cursor.goto_next_sibling():
            if not path or not cursor.goto_parent():
                return
            path.pop()


def _is_fixed(path: list[_Step], field: str) -> bool:
    parent = path[-1].kind if path else ""
    return field in _FIXED_FIELDS or (parent, field) in _FIXED


def _binds(path: list[_Step], leaf: _Step) -> bool:
    """Whether the nearest ancestor that binds or uses the name ``leaf`` is one that binds it."""
    if leaf.kind in _ALWAYS_BIND:
        return True
    steps = [*path, leaf]
    for above in range(len(steps) - 1, 0, -1):
        kind, field = steps[above - 1].kind, steps[above].field
        if (kind, field) in _BINDINGS or (kind, "") in _BINDINGS:
            return True
        if (field in _USED_FIELDS and kind != "pair_pattern") or kind in _USED_KINDS:
            return False
    return False


def _span(tree: Tree, node: "tree_sitter.Node") -> Span:
    start, end = node.byte_range
    return Span(tree.units.to_offset(start), tree.units.to_offset(end))

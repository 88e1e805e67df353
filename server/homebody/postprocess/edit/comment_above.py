"""Keep the comment above a function with that function when an answer has other code before it.

The comment is not part of the span, so that new code before the function would come between them. Pure.
"""

from homebody.syntax.decorations import with_decorations
from homebody.syntax.opaque import comments_start
from homebody.syntax.scope import Definition, definitions
from homebody.syntax.tree import Tree, parse
from homebody.text import Document, Span


def with_comment_above(
    document: Document, tree: Tree, span: Span, definition: Definition | None, new: str
) -> tuple[Span, str]:
    """Return ``span`` with the comment directly above it, and ``new`` with a comment above the same function.

    A doc comment of ``new`` replaces the document's; another comment of the document always stays. Both are
    returned unchanged if there is no comment, or if the function is the first thing in ``new``.
    """
    start = comments_start(document, tree, Span(0, span.start))
    if definition is None or start == span.start:
        return span, new
    written = Document.create(document.uri, document.language_id, 0, new)
    written_tree = parse(written)
    own = next(
        (
            one
            for one in definitions(written, written_tree)
            if (one.name, one.is_function) == _key(definition)
        ),
        None,
    )
    if own is None:
        return span, new
    first = with_decorations(written, written_tree, own.span).start
    line = written.line_start(first)
    comment = comments_start(written, written_tree, Span(0, line))
    if not new[:line].strip():
        return span, new
    is_replaced = comment < line and _is_doc(tree, document.text[start:]) and _is_doc(tree, new[comment:])
    kept = "" if is_replaced else document.text[start : span.start]
    return Span(start, span.end), new[:comment] + kept + new[comment:]


def _is_doc(tree: Tree, text: str) -> bool:
    """Whether ``text`` begins with a comment that is always documentation in its language."""
    style = tree.language.doc if tree.language is not None else None
    return style is not None and style.own and text.lstrip().startswith(style.begin or style.line.strip())


def _key(definition: Definition) -> tuple[str, bool]:
    return definition.name, definition.is_function

"""Finds the code that an action works on: whole lines, and the definition around them."""

from homebody.errors import UsageError
from homebody.prompt.front_matter import PromptFile
from homebody.syntax import nodes
from homebody.syntax.indentation import indent_of, indentation_around
from homebody.syntax.language import language_of
from homebody.syntax.opaque import ScanState, code_of
from homebody.syntax.scope import Definition, scope_around
from homebody.syntax.tree import Tree
from homebody.syntax.widen import snapped, with_decorations
from homebody.text import Document, Span

_MAX_COMMENT_LINES = 60


def find_target(
    document: Document, tree: Tree, span: Span, prompt: PromptFile
) -> tuple[Span, Definition | None]:
    """Return the lines that ``prompt`` works on, and the definition around them. Raises ``UsageError``.

    The file; the comment at the cursor; the function around it; or the selection, extended to complete
    statements.
    """
    if not document.text.strip():
        message = "The file is empty: there is nothing to rewrite."
        raise UsageError(message)
    around = definition_around(document, tree, span)
    if prompt.scope == "file":
        return document.whole, None
    if prompt.scope == "comment":
        return _comment(document, tree, span), around
    if prompt.scope == "function" or not document.slice(span).strip():
        if around is None:
            raise UsageError(_why_no_function(document, tree, span, prompt))
        return document.whole_lines(with_decorations(document, tree, around.span)), around
    return snapped(document, tree, span), around


def is_blank(document: Document, span: Span) -> bool:
    """Whether there is nothing at ``span``: it is a place on a blank line, or in a file without text."""
    line = document.line_text(document.line_of(span.start))
    return not document.slice(span).strip() and (not line.strip() or not document.text.strip())


def indent_at(document: Document, tree: Tree, offset: int) -> str:
    """Indentation of new code on a blank line.

    Its own blanks; below a line that opens a block, one step more than that line; in a class that of its
    members, and in a function that of the line above.
    """
    own = document.line_text(document.line_of(offset))
    above = next(
        (line for n in range(document.line_of(offset), -1, -1) if (line := document.line_text(n)).strip()), ""
    )
    if own or not above:
        return own
    language = language_of(document.language_id, document.uri)
    if language.opener.search(code_of(above, language, ScanState()).rstrip()):
        return indent_of(above) + indentation_around(document, Span(offset, offset)).unit
    scope = scope_around(document, tree, Span(offset, offset))
    if scope is None:
        return ""
    if scope.is_class and scope.body is not None:
        members = document.text[scope.body.start : scope.body.end].lstrip("{ \t\r\n")
        return indent_of(document.line_text(document.line_of(scope.body.end - len(members))))
    return indent_of(above)


def _why_no_function(document: Document, tree: Tree, span: Span, prompt: PromptFile) -> str:
    path = nodes.path(tree, span.start)
    is_broken = any(step.is_error for step in path[:1]) or any(step.has_error for step in path[1:])
    if is_broken and (at := nodes.first_error(tree, document.whole)) is not None:
        line = document.line_of(at) + 1
        return f"No function was found here, because line {line} has a syntax error: correct it first."
    other = "" if prompt.scope == "function" else ", or select the code"
    return f"There is no function or class here: put the cursor inside one{other}."


def definition_around(document: Document, tree: Tree, span: Span) -> Definition | None:
    """Return the function or class around the selected code, otherwise the one around its beginning."""
    span = document.stripped(span)
    return scope_around(document, tree, span) or scope_around(document, tree, Span(span.start, span.start))


def comment_lines(document: Document, tree: Tree, span: Span) -> tuple[int, int] | None:
    """Return the first and last line of the comment at ``span``; ``None`` if there is none."""
    first = document.line_of(span.start)
    if not _is_comment(document, tree, first):
        return None
    last = first
    while first > 0 and last - first < _MAX_COMMENT_LINES and _is_comment(document, tree, first - 1):
        first -= 1
    bottom = document.line_count - 1
    while last < bottom and last - first < _MAX_COMMENT_LINES and _is_comment(document, tree, last + 1):
        last += 1
    return first, last


def _comment(document: Document, tree: Tree, span: Span) -> Span:
    lines = comment_lines(document, tree, span)
    if lines is None:
        message = "There is no comment here: put the cursor on the comment that says what to write."
        raise UsageError(message)
    return Span(document.line_starts[lines[0]], document.line_span(lines[1]).end)


def _is_comment(document: Document, tree: Tree, line: int) -> bool:
    """Whether a line consists only of a comment, or of a part of one."""
    text = document.line_text(line).strip()
    language = tree.language
    if language is None:
        return text.startswith(("#", "//", "--"))
    if language.line_comment and text.startswith(language.line_comment):
        return not (line == 0 and text.startswith("#!"))
    if language.block_comment is None:
        return False
    opener, closer = language.block_comment
    return text == "*" or text.startswith((opener, "* ")) or text.endswith(closer)

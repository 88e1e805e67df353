"""Functions that the tree lacks, because they are in a part of the file that does not parse.

For messages: a header is recognised by its text and indentation alone, so their number is an estimate.
"""

import re
from typing import NamedTuple

from homebody.syntax import lines, nodes
from homebody.syntax.indentation import indent_of
from homebody.syntax.row import Language
from homebody.syntax.scanner import code_of
from homebody.syntax.scope import definitions, scopes_at
from homebody.syntax.tree import Tree
from homebody.text import Document, Span

_FUNCTION = re.compile(r"\b(?:def|function|func|fun|fn)\b")


class Hidden(NamedTuple):
    """One function: its name and the names of what is around it, such as ``Order``."""

    name: str
    container: str


def hidden_functions(document: Document, tree: Tree) -> tuple[Hidden, ...]:
    """Return the functions in order, without those inside another one; ``()`` if the whole text parses."""
    language = tree.language
    if language is None or nodes.first_error(tree, document.whole) is None:
        return ()
    known = {document.line_of(one.header.start) for one in definitions(document, tree)}
    found: list[Hidden] = []
    for line in range(document.line_count):
        start = document.line_starts[line] + len(indent_of(document.line_text(line)))
        if line in known or not _begins_function(document, line, language):
            continue
        if not _is_broken(tree, start) or _is_text(tree, start):
            continue
        around = scopes_at(document, tree, start)
        if not any(scope.is_function for scope in around):
            text = document.line_text(line)
            _, name = lines.keyword_header(text) or lines.call_header(text) or ("", "")
            found.append(Hidden(name, ".".join(scope.name for scope in around if scope.name)))
    return tuple(found)


def _begins_function(document: Document, line: int, language: Language) -> bool:
    """Whether the line begins a function by a keyword, or by its form and a brace behind it."""
    text = code_of(document.line_text(line), language)
    if language.header.match(text):
        return _FUNCTION.search(text) is not None
    has_form = language.signature.match(text) or language.member.match(text)
    below = document.line_text(line + 1) if line + 1 < document.line_count else ""
    return has_form is not None and (text.endswith("{") or below.strip() == "{")


def _is_broken(tree: Tree, offset: int) -> bool:
    """Whether a statement or block around ``offset`` has a syntax error."""
    around = nodes.path(tree, offset)
    return any(step.is_error for step in around[:1]) or any(step.has_error for step in around[1:])


def _is_text(tree: Tree, offset: int) -> bool:
    """Whether ``offset`` is in a string or a comment."""
    return any(
        span.start <= offset < span.end
        for match in nodes.matches(tree, "places", Span(offset, offset + 1))
        for capture, spans in match.items()
        if capture != "code"
        for span in spans
    )

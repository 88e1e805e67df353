"""Split documents into chunks, and render definitions by their outlines, for prompts of other files.

Chunks joined in order equal the document exactly; a chunk exceeds the limit only if it is a single line; cuts
are between lines only, never inside a character or a line end. Pure.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from homebody.syntax import indentation
from homebody.syntax.indentation import indent_of
from homebody.syntax.row import Language
from homebody.syntax.scope import Definition, header_text, scopes_at
from homebody.syntax.tree import Tree
from homebody.text import Document, Span

# Cost of a cut, in levels of nesting:
_UNFILLED = 4.0  # times the fraction by which the chunk falls short of three quarters full
_ENOUGH = 0.75
_NO_BLANK_LINE = 0.5  # no blank line before the cut
_COMMENT_CUT_OFF = 1.5  # the line before the cut is a comment on or a decorator of the next line
# Maximum nesting level that is counted.
_MAX_DEPTH = 12.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A piece of text that may go into a prompt.

    Lines count from 0, both inclusive; ``text`` may begin with the headers of the enclosing scopes.
    ``why`` is a short reason shown to the user.
    """

    uri: str
    first_line: int
    last_line: int
    text: str
    why: str


def chunk_spans(
    document: Document, tree: Tree, max_tokens: int, count: Callable[[str], int]
) -> Iterator[Span]:
    """Split ``document`` at syntactic boundaries into whole lines of at most ``max_tokens`` tokens.

    ``count`` is called once per line and about once per chunk.
    Boundaries come from the tree, or from indentation if the tree is blank: a chunk ends where the cut
    divides the fewest definitions and statements, and the chunk is reasonably full.
    """
    lines = [document.line_span_with_end(line) for line in range(document.line_count)]
    if not lines[-1]:
        lines.pop()
    costs = _cut_costs(document, tree)
    sums = [0, *accumulate(count(document.slice(line)) for line in lines)]
    first = 0
    while first < len(lines):
        limit = max_tokens
        while True:
            end = _next_cut(first, len(lines), limit, sums, costs)
            span = Span(lines[first].start, lines[end - 1].end)
            tokens = count(document.slice(span))
            if tokens <= max_tokens or end == first + 1:
                break
            # Joined lines may have more tokens than their sum: cut again, shorter.
            limit = min(limit * max_tokens // tokens, sums[end] - sums[first] - 1)
        yield span
        first = end


def pieces_of(
    document: Document, tree: Tree, span: Span, max_tokens: int, count: Callable[[str], int]
) -> Iterator[Span]:
    """Split ``span`` as ``chunk_spans`` splits its document; blank pieces are left out."""
    for chunk in chunk_spans(document, tree, max_tokens, count):
        start, end = max(span.start, chunk.start), min(span.end, chunk.end)
        if start < end and document.text[start:end].strip():
            yield Span(start, end)


def headers_around(document: Document, tree: Tree, chunk: Span) -> tuple[str, ...]:
    """Return the headers of the scopes that begin before a chunk and hold its first text, outermost first."""
    text = document.slice(chunk)
    start = chunk.start + len(text) - len(text.lstrip())
    return tuple(
        header_text(document, scope)
        for scope in scopes_at(document, tree, start)
        if scope.header.start < chunk.start and scope.signature
    )


def _next_cut(first: int, line_count: int, limit: int, sums: Sequence[int], costs: Sequence[float]) -> int:
    """Line before which to end the chunk that begins at ``first``, at the lowest cost."""
    end = first + 1
    while end < line_count and sums[end + 1] - sums[first] <= limit:
        end += 1
    if end == line_count:
        return end
    best, best_score = end, float("inf")
    for cut in range(end, first, -1):
        filled = (sums[cut] - sums[first]) / max(1, limit)
        unfilled = _UNFILLED * max(0.0, _ENOUGH - filled)
        if unfilled >= best_score:
            break
        if costs[cut] + unfilled < best_score:
            best, best_score = cut, costs[cut] + unfilled
    return best


def _cut_costs(document: Document, tree: Tree) -> list[float]:
    """Cost of a cut before each line, in levels of nesting, of which an indentation is two, as in a tree."""
    comment = (tree.language.line_comment if tree.language else None) or "#"
    costs: list[float] = []
    open_indents: list[int] = []
    before_blank, before_attached = True, False
    for line in range(document.line_count):
        blank, indent = indentation.is_blank(document, line), indentation.indent_at(document, line)
        while not blank and open_indents and open_indents[-1] >= indent:
            open_indents.pop()
        cost = min(2.0 * len(open_indents), _MAX_DEPTH) + _NO_BLANK_LINE * (not before_blank)
        costs.append(cost + _COMMENT_CUT_OFF * before_attached)
        opening = "" if blank else document.line_text(line).lstrip()
        before_attached = opening.startswith((comment, "@", "#[", "//", "/*", "*", "--"))
        before_blank = blank
        if not blank:
            open_indents.append(indent)
    return costs


# Kinds that are shown with their members.
_WITH_MEMBERS = frozenset({"class", "interface", "struct", "enum", "trait", "type", "table"})
_MAX_WHOLE_LINES = 14
_MAX_WHOLE = 1_200
# About the size of a chunk of another file; a larger one would leave no room for others.
_MAX_LINES = 24
_MAX_OUTLINE = 1_000
_MAX_DECORATORS = 200
_CLOSER = re.compile(r"\s*(?:[)}\]]+|end)[;,)]*\s*")
_OPENED = re.compile(r"([\[({])\s*\Z")
_CLOSES = {"(": ")", "[": "]", "{": "}"}


def shown(
    document: Document, language: Language | None, definition: Definition, members: Sequence[Definition]
) -> tuple[int, int, str]:
    """Return the first and the last line, and the text of ``definition`` for a prompt.

    Lines count from 0, both inclusive; for an outline, they are those of its header.

    For a type: its whole text if it is short, otherwise the signatures of its ``members``, or its first
    lines if it has none. For any other definition: its signature.
    """
    first, last = document.lines_of(definition.span)
    if (
        definition.kind in _WITH_MEMBERS
        and last - first < _MAX_WHOLE_LINES
        and len(definition.span) <= _MAX_WHOLE
    ):
        text = _indentation(document, definition.span.start) + document.slice(definition.span)
        return first, last, text
    end = document.lines_of(definition.header)[1]
    first = document.line_of(definition.header.start)
    if definition.kind in _WITH_MEMBERS and last > end:
        return first, end, _outline(document, language, definition, members)
    return first, end, _signature(document, definition)


def _outline(
    document: Document, language: Language | None, definition: Definition, members: Sequence[Definition]
) -> str:
    """Header, as many members' signatures as fit, and the closing line."""
    indented = language is not None and language.blocks == "indentation"
    header = document.slice(definition.header).rstrip()
    if indented:
        header = _decorators(document, definition) + header
    parts = [_member(document, member, indented=indented) for member in members]
    if not members:
        if indented:
            return f"{header} ..."
        # The opening bracket of a SQL table's body comes after the header.
        header = document.text[definition.header.start : _line_end(document, definition.header.end)].rstrip()
        parts = list(_lines_inside(document, definition))
    kept = parts[: _fitting(parts)]
    if len(kept) < len(parts):
        comment = "" if indented or language is None or not language.line_comment else language.line_comment
        indent = parts[0][: len(parts[0]) - len(parts[0].lstrip())]
        kept = [*kept, f"{indent}{comment} ..." if comment else f"{indent}..."]
    last = document.line_text(document.lines_of(definition.span)[1]).rstrip()
    closer = [last] if not indented and _CLOSER.fullmatch(last) else []
    return "\n".join([header, *kept, *closer])


def _fitting(parts: Sequence[str]) -> int:
    """Number of ``parts`` that fit within the limits."""
    lines = length = 0
    for number, part in enumerate(parts):
        lines += part.count("\n") + 1
        length += len(part) + 1
        if lines > _MAX_LINES or length > _MAX_OUTLINE:
            return number
    return len(parts)


def _member(document: Document, definition: Definition, *, indented: bool) -> str:
    """One member's signature, as in a stub."""
    text = _signature(document, definition)
    opened = _OPENED.search(text)
    if opened is not None:
        text += f"...{_CLOSES[opened[1]]}"
    if not indented:
        return text
    if text.endswith(":"):
        text += " ..."
    return _decorators(document, definition) + text


def _signature(document: Document, definition: Definition) -> str:
    return _indentation(document, definition.header.start) + definition.signature


def _decorators(document: Document, definition: Definition) -> str:
    """Lines of the definition before its header, unless they are long: ``@property`` matters."""
    start = document.line_start(definition.span.start)
    text = document.text[start : definition.header.start]
    return text if text.endswith("\n") and len(text) <= _MAX_DECORATORS else ""


def _lines_inside(document: Document, definition: Definition) -> Iterator[str]:
    """Lines of the body, without the one that closes it."""
    first = document.lines_of(definition.header)[1] + 1
    last = document.lines_of(definition.span)[1]
    for line in range(first, min(last + 1, first + _MAX_LINES + 1)):
        text = document.line_text(line).rstrip()
        if text.strip() and not (line == last and _CLOSER.fullmatch(text)):
            yield text


def _line_end(document: Document, offset: int) -> int:
    return document.line_span(document.line_of(max(0, offset - 1))).end


def _indentation(document: Document, offset: int) -> str:
    return indent_of(document.line_text(document.line_of(offset)))

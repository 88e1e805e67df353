"""Split documents into chunks that may go into a prompt.

Invariants: the chunks joined in order equal the document exactly; a chunk exceeds the limit only if it is a
single line; cuts are between lines only, never inside a character or a line end.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from homebody.syntax import indentation
from homebody.syntax.scope import header_text, scopes_at
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

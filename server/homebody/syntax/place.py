"""What is around an offset: strings, comments, brackets, statements and blocks.

In: a document, the tree that fits it, an offset. Out: frozen values.
Pure, synchronous, and cheap enough for every key: only nodes around the offset are looked at. Where
the tree is a keystroke behind, or sees an error there, the line is read with the rough lexer instead.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

from homebody.syntax import lexer, lines, nodes
from homebody.syntax.language import keywords
from homebody.syntax.languages import Language
from homebody.syntax.lexer import State
from homebody.syntax.tree import Tree
from homebody.text import Document, Span

# Brackets are followed from the block's beginning, at most this many code points back.
_MAX_SCAN = 4_000
_MAX_NAMES_SCAN = 64_000
_NEARBY_LINES = 40
_QUOTES = "\"'"
_NAME = re.compile(r"[^\W\d][\w$]*")
_CALLED = re.compile(r"([\w$]+[!?]?|[\])>])\s*\Z")
# Code that ends so goes on in the next line.
_UNFINISHED = re.compile(r"(?:[,\\=+*/%&|^.<(\[]|[^-]-)\Z")
_DEFAULT_OPENER = r"[:{]|\b(?:do|then|begin|else)"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an offset is.

    Attributes
    ----------
    in_string, in_comment
        Inside of one, its delimiters left out; code inside an interpolation is neither.
    brackets
        Open brackets of the statement around the offset, the outermost first.
    in_arguments
        The innermost open bracket belongs to a call or to a list of parameters.
    fresh_statement
        Only white space stands before it on its line, and a new statement (member, entry) may begin.
    after_opener
        The code before it ends with what opens a block: ``:`` after ``def``, ``{``, ``do``.

    """

    in_string: bool
    in_comment: bool
    brackets: str
    in_arguments: bool
    fresh_statement: bool
    after_opener: bool

    @property
    def in_brackets(self) -> bool:
        """Whether the innermost open bracket is round or square."""
        return self.brackets[-1:] in {"(", "["}


def place_at(document: Document, tree: Tree, offset: int) -> Place:
    """Say where ``offset`` is."""
    state = _state_at(document, tree, offset)
    line_start = document.line_starts[document.line_of(offset)]
    blank_before = not document.text[max(line_start, offset - _MAX_SCAN) : offset].strip()
    in_code = state.region == "code"
    brackets = "".join(bracket for bracket, _ in state.brackets)
    in_round = brackets[-1:] in {"(", "["}
    before = _code_before(document, tree.language, line_start if blank_before else offset)
    after_opener = in_code and not in_round and _opener(tree.language).search(before) is not None
    fresh = in_code and blank_before and not in_round
    if fresh and not after_opener:
        # Between braces a comma ends a member; elsewhere the statement goes on.
        ended = brackets.endswith("{") and before.endswith(",")
        fresh = ended or _UNFINISHED.search(before) is None
    return Place(
        state.region == "string",
        state.region == "comment",
        brackets,
        in_code and brackets[-1:] == "(" and _is_call(document.text, state.brackets[-1][1]),
        fresh,
        after_opener,
    )


def statement_at(document: Document, tree: Tree, offset: int) -> Span:
    """Span of the statement (member, entry) that holds ``offset``; its line's where none is known.

    In a line's indentation, the statement that the line's text belongs to.
    """
    offset = _at_text(document, offset)
    line = document.line_of(offset)
    if not tree.fits(document):
        return lines.indented_block(document, line)
    for at in (offset, offset - 1):
        steps = nodes.path(tree, at) if at >= 0 else []
        inner = max((index for index, step in enumerate(steps) if step.is_block), default=0)
        if any(step.is_error for step in steps):
            break
        if inner + 1 < len(steps) and steps[inner + 1].is_named:
            return steps[inner + 1].span
    return document.line_span(line)


def block_at(document: Document, tree: Tree, offset: int) -> Span:
    """Span of the innermost block that holds ``offset``; the whole text at the top level."""
    if tree.fits(document):
        blocks = [step.span for step in nodes.path(tree, offset) if step.is_block]
        return blocks[-1] if len(blocks) > 1 else Span(0, len(document.text))
    headers = lines.header_lines(document, offset)
    if headers:
        block = lines.indented_block(document, headers[-1])
        return Span(min(document.line_span_with_end(headers[-1]).end, block.end), block.end)
    return Span(0, len(document.text))


def unit_end(document: Document, tree: Tree, offset: int) -> int:
    """Offset at which the syntactic unit that is written at ``offset`` ends; never before it.

    At a fresh statement, where the lines end that are indented as far as ``offset``: the rest of its
    block. Otherwise where the statement ends.
    """
    if not place_at(document, tree, offset).fresh_statement:
        return max(offset, statement_at(document, tree, offset).end)
    return max(
        offset, lines.indented_end(document, document.line_of(offset), lines.depth_at(document, offset))
    )


def identifiers_near(document: Document, tree: Tree, offset: int, limit: int = 32) -> tuple[str, ...]:
    """Names in the forty lines around ``offset``, each once, the nearest first, no keywords.

    Text in strings and comments is left out as far as the tree knows it.
    """
    line = document.line_of(offset)
    start = document.line_starts[max(0, line - _NEARBY_LINES)]
    end = document.line_span(min(document.line_count - 1, line + _NEARBY_LINES)).end
    window = Span(max(start, offset - _MAX_SCAN), min(end, offset + _MAX_SCAN))
    opaque = _opaque(document, tree, window) if tree.fits(document) else ()
    reserved = keywords(tree.language) if tree.language else frozenset[str]()
    nearest: dict[str, int] = {}
    for found in _names(document.text, window, opaque):
        name = found.group()
        distance = max(found.start() - offset, offset - found.end(), 0)
        if len(name) > 1 and name not in reserved and distance < nearest.get(name, distance + 1):
            nearest[name] = distance
    return tuple(sorted(nearest, key=nearest.__getitem__)[:limit])


def identifiers_in(document: Document, tree: Tree, span: Span, limit: int = 64) -> tuple[str, ...]:
    """Names used in ``span``, each once, in order of their first use, without keywords.

    Text in strings and comments is skipped where the tree knows it. Looks at the first 64,000 code points.
    """
    window = Span(span.start, min(span.end, span.start + _MAX_NAMES_SCAN))
    opaque = _opaque(document, tree, window) if tree.fits(document) else ()
    reserved = keywords(tree.language) if tree.language else frozenset[str]()
    found = dict.fromkeys(match.group() for match in _names(document.text, window, opaque))
    return tuple(name for name in found if len(name) > 1 and name not in reserved)[:limit]


@dataclass(slots=True)
class _Around:
    """Spans of places by capture."""

    strings: list[Span] = field(default_factory=list[Span])
    comments: list[Span] = field(default_factory=list[Span])
    code: list[Span] = field(default_factory=list[Span])


def _state_at(document: Document, tree: Tree, offset: int) -> State:
    """Region and open brackets at ``offset``: from the tree as far as it can be trusted."""
    text, language = document.text, tree.language
    if not tree.fits(document):
        start = document.line_starts[max(0, document.line_of(offset) - _NEARBY_LINES)]
        return lexer.scan(text, Span(max(start, offset - _MAX_SCAN), offset), language, State())
    known_to = _known_to(document, tree, offset)
    around = _places(document, tree, Span(max(0, known_to - 1), min(len(text), known_to + 1)))
    state = _region_at(document, tree, around, known_to)
    blocks = [step.span for step in nodes.path(tree, known_to) if step.is_block]
    starts = [block.start for block in blocks if block.start < known_to < block.end]
    before = Span(max(known_to - _MAX_SCAN, 0, *starts[-1:]), known_to)
    brackets = lexer.open_brackets(text, before, _opaque(document, tree, before))
    return lexer.scan(text, Span(known_to, offset), language, State(state.region, state.closer, brackets))


def _known_to(document: Document, tree: Tree, offset: int) -> int:
    """Offset up to which the tree can be trusted: ``offset``, or the start of its line or an earlier one."""
    line = document.line_of(offset)
    start = document.line_starts[line]
    changed = tree.changed
    if changed is not None and changed.start <= document.line_span(line).end and changed.end >= start:
        first = document.line_starts[document.line_of(min(changed.start, offset))]
        return max(min(first, start), offset - _MAX_SCAN)
    head = document.text[max(start, offset - _MAX_SCAN) : offset]
    for at in {offset, offset - len(head) + len(head.rstrip())}:
        steps = nodes.path(tree, at)
        inner = max((index for index, step in enumerate(steps) if step.is_block), default=0)
        if any(step.has_error for step in steps[inner + 1 :]):
            return max(start, offset - _MAX_SCAN)
    return offset


def _region_at(document: Document, tree: Tree, around: _Around, offset: int) -> State:
    """Whether ``offset`` is in a string or a comment, by the smallest node that says so."""
    language = tree.language
    found = [
        (len(span), State("string", lexer.closer_of(document.text, span.start, language)))
        for span in around.strings
        if span.start < offset < span.end
    ]
    for span in around.comments:
        to_line_end = _is_line_comment(document, language, span)
        if span.start < offset < span.end or (to_line_end and offset == span.end):
            block = language.block_comment if language and not to_line_end else None
            found.append((len(span), State("comment", block[1] if block else "")))
    found += [(len(span), State()) for span in around.code if span.start < offset < span.end]
    return min(found, key=lambda item: item[0], default=(0, State()))[1]


def _is_line_comment(document: Document, language: Language | None, span: Span) -> bool:
    """Whether the comment reaches to its line's end and no further."""
    block = language.block_comment if language else None
    opened = block is not None and document.text.startswith(block[0], span.start)
    return not opened and document.text[span.end - 1 : span.end] not in {"\n", "\r"}


def _places(document: Document, tree: Tree, within: Span) -> _Around:
    around = _Around()
    for match in nodes.places(tree, within):
        around.strings += match.get("string", ())
        around.strings += [span for span in match.get("literal", ()) if document.text[span.start] in _QUOTES]
        around.comments += match.get("comment", ())
        around.code += match.get("code", ())
    return around


def _opaque(document: Document, tree: Tree, within: Span) -> Sequence[Span]:
    """Strings and comments in ``within``, ascending, without the code inside of them."""
    around = _places(document, tree, within)
    holes = sorted(around.code)
    opaque: list[Span] = []
    for span in sorted((*around.strings, *around.comments)):
        at = span.start
        for hole in holes:
            if span.start <= hole.start and hole.end <= span.end and hole.start >= at:
                opaque.append(Span(at, hole.start))
                at = hole.end
        opaque.append(Span(at, span.end))
    return sorted(opaque)


def _at_text(document: Document, offset: int) -> int:
    """``offset``, or the line's first character that is no white space where that is further on."""
    span = document.line_span(document.line_of(offset))
    head = document.text[span.start : min(span.end, span.start + _MAX_SCAN)]
    text = span.start + len(head) - len(head.lstrip())
    return max(offset, text) if text < span.end else offset


def _code_before(document: Document, language: Language | None, offset: int) -> str:
    """Last line of code before ``offset`` that is not blank, without a comment at its end."""
    comment = language.line_comment if language else None
    first = document.line_of(offset)
    for line in range(first, max(-1, first - _NEARBY_LINES), -1):
        span = document.line_span(line)
        end = min(offset, span.end)
        text = document.text[max(span.start, end - _MAX_SCAN) : end]
        if comment and comment in text:
            state = lexer.scan(text, Span(0, len(text)), language, State())
            if state.region == "comment":
                text = text[: _comment_start(text, language)]
        text = text.rstrip()
        if text:
            return text
    return ""


def _comment_start(text: str, language: Language | None) -> int:
    """Where the line comment at the end of ``text`` begins."""
    comment = language.line_comment if language and language.line_comment else "\n"
    at = text.find(comment)
    while at >= 0:
        if lexer.scan(text, Span(0, at), language, State()).region == "code":
            return at
        at = text.find(comment, at + 1)
    return len(text)


def _is_call(text: str, bracket: int) -> bool:
    """Whether what stands before the bracket is called, not a keyword such as ``if``."""
    found = _CALLED.search(text[max(0, bracket - 100) : bracket])
    return found is not None and not lines.is_control(found.group(1))


@cache
def _opener(language: Language | None) -> re.Pattern[str]:
    return re.compile(rf"(?:{language.opener if language else _DEFAULT_OPENER})\s*\Z")


def _names(text: str, window: Span, opaque: Sequence[Span]) -> Iterable[re.Match[str]]:
    at = window.start
    for hole in (*opaque, Span(window.end, window.end)):
        yield from _NAME.finditer(text, at, max(at, min(hole.start, window.end)))
        at = max(at, hole.end)

"""Find strings and comments with the syntax tree.

Pure, and fast enough for every keystroke: reads only the nodes in a window of 200 lines.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import cache

from homebody.syntax import nodes, scanner
from homebody.syntax.language import language_of
from homebody.syntax.regions import Region
from homebody.syntax.row import Language
from homebody.syntax.scanner import ScanState
from homebody.syntax.tree import Tree
from homebody.text import Document, Span

_WINDOW_LINES = 200
_WINDOW_CHARS = 20_000
# Maximum code points of the cursor's line to scan after the last offset at which the tree is valid.
_MAX_SCAN = 2_000
# Letters before a string's quotes: Python has up to two, C++ up to three.
_MAX_PREFIX = 3
_QUOTES = ('"', "'", "`")


def state_at(document: Document, tree: Tree, offset: int) -> ScanState | None:
    """Return the string or comment around ``offset``, and the brackets of what was scanned of its line.

    ``None`` if the tree is not reliable there.

    The tree is not reliable if it does not fit the document, if the lines above contain a syntax error, or
    if they were edited since the parse. If only the cursor's line has an error or was edited, the tree is
    used up to the start of that line, and the line itself is scanned.
    """
    known_to = _known_to(document, tree, offset)
    if known_to is None or offset - known_to > _MAX_SCAN:
        return None
    language = language_of(document.language_id, document.uri)
    around = _places(document, tree, Span(max(0, known_to - 1), min(len(document.text), known_to + 1)))
    regions: list[tuple[int, Region | None]] = [
        (len(span), _string_region(document.text, span.start, language))
        for span in around["string"]
        if span.start < known_to < span.end
    ]
    for span in around["comment"]:
        region = _comment_region(document.text, span.start, language)
        to_line_end = region is not None and not region.multiline
        if span.start < known_to < span.end or (to_line_end and known_to == span.end):
            regions.append((len(span), region))
    regions += [(len(span), None) for span in around["code"] if span.start < known_to < span.end]
    inside = min(regions, key=lambda item: item[0], default=(0, None))[1]
    return scanner.scan(document.text[known_to:offset], language, ScanState(region=inside))


def opaque_spans(document: Document, tree: Tree, within: Span) -> Sequence[Span]:
    """Return the strings and comments in ``within`` in ascending order, excluding code embedded in them."""
    around = _places(document, tree, within)
    holes = sorted(around["code"])
    spans = sorted((*around["string"], *around["comment"]))
    return sorted(part for span in spans for part in _without_holes(span, holes))


def comments_in(document: Document, tree: Tree, within: Span) -> Sequence[Span]:
    """Return the comments in ``within`` in ascending order."""
    return sorted(span for span in _places(document, tree, within)["comment"] if within.covers(span))


def comments_start(document: Document, tree: Tree, within: Span) -> int:
    """Start of the first line of the comments that end ``within``; its end if there are none.

    They have lines of their own, and no blank line follows them or is between them: they are about the code
    below.
    """
    start = within.end
    near = Span(max(within.start, _window_start(document, within.end)), within.end)
    for comment in reversed(comments_in(document, tree, near)):
        between = document.text[comment.end : start]
        line = document.line_start(comment.start)
        if between.strip() or between.count("\n") > 1 or document.text[line : comment.start].strip():
            break
        start = max(within.start, line)
    return start


def text_without(document: Document, within: Span, spans: Sequence[Span]) -> str:
    """Text of ``within`` without ``spans``, which are in ascending order and may overlap."""
    text, at = "", within.start
    for hole in spans:
        if hole.start >= at and hole.end <= within.end:
            text += document.text[at : hole.start]
            at = hole.end
    return text + document.text[at : within.end]


def texts_in(
    document: Document, tree: Tree, within: Span
) -> tuple[Sequence[tuple[Span, Sequence[str]]], Sequence[Span]]:
    """Return the strings in ``within``, each with its parts around code embedded in it, and the comments."""
    around = _places(document, tree, within)
    holes = sorted(around["code"])
    texts: list[tuple[Span, Sequence[str]]] = []
    outer: list[Span] = []
    for span in sorted(around["string"], key=lambda span: (span.start, -span.end)):
        # HTML's values are strings inside of their quotes.
        if within.covers(span) and not any(part.covers(span) for part in outer):
            outer = _without_holes(span, holes)
            texts.append((span, [document.slice(part) for part in outer]))
    return texts, sorted(span for span in around["comment"] if within.covers(span))


def _without_holes(span: Span, holes: Sequence[Span]) -> list[Span]:
    """Parts of ``span`` around those of ``holes``, which are sorted, that lie in it."""
    parts: list[Span] = []
    at = span.start
    for number in range(bisect_left(holes, span), len(holes)):
        hole = holes[number]
        if hole.start >= span.end:
            break
        if span.covers(hole) and hole.start >= at:
            parts.append(Span(at, hole.start))
            at = hole.end
    return [*parts, Span(at, span.end)]


def _window_start(document: Document, offset: int) -> int:
    line = document.line_of(offset)
    return max(document.line_starts[max(0, line - _WINDOW_LINES)], offset - _WINDOW_CHARS)


def _known_to(document: Document, tree: Tree, offset: int) -> int | None:
    """Offset up to which the tree is reliable: ``offset`` or its line's start; ``None`` if not even that."""
    if not tree.fits(document):
        return None
    line = document.line_of(offset)
    start, line_end = document.line_starts[line], document.line_span(line).end
    above = _window_start(document, start)
    wrong = nodes.first_error(tree, Span(above, min(line_end, offset + _MAX_SCAN)))
    changed = tree.changed
    if (wrong is not None and wrong < start) or (changed and above <= changed.end and changed.start < start):
        return None
    is_new = changed is not None and changed.start <= line_end and changed.end >= start
    return start if is_new or wrong is not None else offset


def _places(document: Document, tree: Tree, within: Span) -> Mapping[str, set[Span]]:
    """Strings, comments, and code embedded in strings, by these names."""
    spans = nodes.captured(tree, "places", within)
    # A literal that the parser missed is empty, also at the document's end.
    spans["string"] |= {span for span in spans["literal"] if document.text.startswith(_QUOTES, span.start)}
    return spans


def _string_region(text: str, start: int, language: Language) -> Region:
    """Region of the string that begins at ``start``; letters before the quotes are skipped."""
    at = start
    while at < start + _MAX_PREFIX and text[at : at + 1].isalpha():
        at += 1
    for begin in (start, at):
        for region in language.regions:
            if not region.comment and scanner.begins(region, text, begin):
                return region
    return _plain(text[at : at + 1])


def _comment_region(text: str, start: int, language: Language) -> Region | None:
    """Region of the comment that begins at ``start``."""
    comments = [region for region in language.regions if region.comment]
    begun = (region for region in comments if text.startswith(region.mark, start))
    return next(begun, comments[0] if comments else None)


@cache
def _plain(quote: str) -> Region:
    """Region for a string missing from the language's table: its quote ends it, or nothing does."""
    return Region("", quote if quote in _QUOTES else "\0", multiline=True)

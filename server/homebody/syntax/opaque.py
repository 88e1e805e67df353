"""Find strings, comments and brackets: by scanning text that is not parsed, and with the syntax tree.

A completion and the line being typed are scanned, without recognizing interpolation; that cannot fail, and
runs in linear time. With the tree, only the nodes in a window of 200 lines are read: fast enough for every
keystroke. Pure.
"""

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from homebody.syntax import nodes
from homebody.syntax.language import language_of
from homebody.syntax.regions import Region
from homebody.syntax.row import Language
from homebody.syntax.tree import Tree
from homebody.text import Document, Span

_CLOSER_OF = {"(": ")", "[": "]", "{": "}"}
_BLANK = re.compile(r"\s*+\Z")


@dataclass(frozen=True, slots=True)
class ScanState:
    """The scanner's state at one offset.

    Attributes
    ----------
    due
        Closing brackets of the open brackets, the innermost last.
    surplus
        Closing brackets without an opening one, in order.
    unpaired
        The same for closing brackets that the language writes without an opening one (Bash's ``a)``).
    region
        The open string or comment; ``None`` in code.

    """

    due: str = ""
    surplus: str = ""
    region: Region | None = None
    unpaired: str = ""

    @property
    def in_string(self) -> bool:
        """Whether a string is open."""
        return self.region is not None and not self.region.comment

    @property
    def in_comment(self) -> bool:
        """Whether a comment is open."""
        return self.region is not None and self.region.comment


_CODE = ScanState()


def scan(text: str, language: Language, state: ScanState | None = None) -> ScanState:
    """Scan ``text``, starting in ``state`` (by default: code, nothing open), and return the final state.

    A text may be scanned in pieces if it is split at line ends.
    """
    state = state or _CODE
    if state.region is None and _token(language).search(text) is None:
        return state
    return _scan(text, language, state)[0]


def first_surplus(text: str, language: Language, state: ScanState) -> int | None:
    """Return the offset of the first unmatched closing bracket; ``None`` if there is none."""
    return _scan(text, language, state)[1]


def end_of_region(text: str, region: Region) -> int | None:
    """Return the offset at which ``text``, which begins inside a region, ends it; ``None`` if it does not."""
    after = _end_of(region, text, 0)
    return None if after < 0 else after - len(region.end)


def code_of(line: str, language: Language, state: ScanState | None = None) -> str:
    """Return ``line`` without a final comment and trailing blanks; empty if it is all comment."""
    region = state.region if state else None
    at = 0
    while at < len(line):
        if region is not None:
            end = _end_of(region, line, at)
            if end < 0:
                break
            at, region = end, None
            continue
        match = _token(language).search(line, at)
        if match is None:
            break
        if match.lastgroup != "bracket":
            region = language.regions[int(str(match.lastgroup)[1:])]
            if region.comment and _reaches_end(region, line, match.end()):
                return line[: match.start()].rstrip()
        at = match.end()
    return line.rstrip()


def opens_block(line: str, language: Language) -> bool:
    """Whether a block follows the code of ``line``."""
    return language.opener.search(code_of(line, language)) is not None


def begins(region: Region, text: str, at: int) -> bool:
    """Whether ``region`` begins at this offset of ``text``."""
    return _begin_token(region).match(text, at) is not None


def _reaches_end(region: Region, line: str, at: int) -> bool:
    """Whether only blanks follow the comment whose text begins at ``at``."""
    end = line.find(region.end, at)
    return end < 0 or _BLANK.match(line, end + len(region.end)) is not None


def _scan(text: str, language: Language, state: ScanState) -> tuple[ScanState, int | None]:
    """Return the state at the end, and the offset of the first unmatched closing bracket.

    A closing bracket also closes any brackets left open inside its pair.
    """
    due, surplus, region = list(state.due), list(state.surplus), state.region
    unpaired = list(state.unpaired)
    # Count the missing closing brackets by kind: searching ``due`` each time would be quadratic.
    counts = {closer: due.count(closer) for closer in _CLOSER_OF.values()}
    search = _token(language).search
    offsets: list[int] = []
    at, end = 0, len(text)
    while at < end:
        if region is not None:
            at = _end_of(region, text, at)
            if at < 0:
                break
            region = None
        match = search(text, at)
        if match is None:
            break
        at, token = match.end(), match.group()
        if match.lastgroup != "bracket":
            region = language.regions[int(str(match.lastgroup)[1:])]
        elif token in _CLOSER_OF:
            due.append(_CLOSER_OF[token])
            counts[_CLOSER_OF[token]] += 1
        elif counts[token]:
            while (closed := due.pop()) != token:
                counts[closed] -= 1
            counts[token] -= 1
        elif token in language.unpaired:
            unpaired.append(token)
        else:
            surplus.append(token)
            offsets.append(match.start())
    return ScanState("".join(due), "".join(surplus), region, "".join(unpaired)), next(iter(offsets), None)


def _end_of(region: Region, text: str, at: int) -> int:
    """Offset after the region's end; -1 if it does not end in ``text``."""
    for match in _end_token(region).finditer(text, at):
        if match.lastgroup:
            return match.end()
    return -1


@cache
def _token(language: Language) -> re.Pattern[str]:
    """Pattern for the tokens that the scanner handles in code."""
    kinds = "|".join(f"(?P<r{index}>{region.begin})" for index, region in enumerate(language.regions))
    return re.compile((kinds + "|" if kinds else "") + r"(?P<bracket>[()\[\]{}])")


@cache
def _begin_token(region: Region) -> re.Pattern[str]:
    return re.compile(region.begin)


@cache
def _end_token(region: Region) -> re.Pattern[str]:
    """Pattern for the tokens that the scanner handles inside a region."""
    end = re.escape(region.end) + ("" if region.multiline else r"|\n|\r")
    return re.compile((f"{region.skip}|" if region.skip else "") + f"(?P<end>{end})")


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
    return scan(document.text[known_to:offset], language, ScanState(region=inside))


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
            if not region.comment and begins(region, text, begin):
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

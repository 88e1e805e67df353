"""Turns places that an answer's prose names into Markdown links, or into ranges of the text.

Links that the model wrote become text. Pure; does not read files.
"""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from homebody.postprocess.edit.code_blocks import closes_fence
from homebody.postprocess.noise import FENCE

_Kind: TypeAlias = Literal["prose", "code", "unclear"]

_BLANKS = " \t"
_MOST_INDENT = 3
"""Maximum indentation of a fence, in columns; with more it may be indented code."""

# In this order: code between backticks; an address; a path with a line number; text that would become a link.
_PROSE = re.compile(
    r"(?P<ticks>(?<![`\\])`+(?!`))(?P<code>.+?)(?<!`)(?P=ticks)(?!`)"
    r"|(?P<tick>`+)"
    r"|(?P<address>\b[a-zA-Z][a-zA-Z0-9+.-]{1,30}://[^\s<>()\[\]`\\]{1,2000}|\bwww\.[^\s<>()\[\]`\\]{1,2000})"
    r"|(?P<path>(?<![\w./\\-])[\w./\\-]{1,300}\.\w{1,8}(?::\d{1,7}(?:-\d{1,7})?)?(?![\w/\\-]))"
    r"|(?P<link>\](?=[(\[:])|<(?=[a-zA-Z][a-zA-Z0-9+.-]{1,30}:|[\w.+-]{1,100}@))"
)
_LINK = re.compile(r"\](?=[(\[:])|<(?=[a-zA-Z][a-zA-Z0-9+.-]{1,30}:|[\w.+-]{1,100}@)")

_TICKS = re.compile("`+")
_BETWEEN_WORDS = re.compile(r"[ \t]|[^\x00-\x7f\w]")
"""Characters that are in no name: blanks, and the punctuation of languages that write without blanks."""


@dataclass(frozen=True, slots=True)
class Link:
    """Text between two offsets that names a place: ``uri`` may end with a line, ``#L12``."""

    start: int
    end: int
    uri: str


@dataclass(frozen=True, slots=True)
class LinkedPart:
    """Text as people read it, the same as safe Markdown, and its target."""

    plain: str
    markdown: str
    uri: str | None = None


def with_links(markdown: str, find: Callable[[str], str | None], own: Collection[str] = ()) -> str:
    """Convert the names that ``find`` knows to links, outside of code blocks.

    Parameters
    ----------
    find
        Returns the URI of a name (``app.py``, ``src/app.py:12``, ``area``, ``Stock.area()``), if it has one.
    own
        Links in ``markdown`` that were not written by the model; they are not changed.

    """
    return "".join(part.markdown for part in _Reader(find, own).read(markdown))


def found_links(
    markdown: str, find: Callable[[str], str | None], own: Collection[str] = ()
) -> tuple[str, list[Link]]:
    """Return the text without Markdown's links, and the ranges of names that refer to places.

    For clients that show plain text. ``find`` and ``own`` are those of ``with_links``; links in ``own`` are
    replaced by their label.
    """
    text: list[str] = []
    links: list[Link] = []
    at = 0
    for part in _Reader(find, own).read(markdown):
        if part.uri is not None:
            links.append(Link(at, at + len(part.plain), part.uri))
        text.append(part.plain)
        at += len(part.plain)
    return "".join(text), links


class LinkReader:
    """Reads an answer while it arrives.

    Text that could still become part of a name or of a code block's fence is held back: in prose the last
    word and code without its closing backtick, in code the last line.
    """

    def __init__(self, find: Callable[[str], str | None]) -> None:
        self._reader = _Reader(find, ())
        self._line = ""
        self._done = 0

    def feed(self, text: str) -> Iterator[LinkedPart]:
        """Add a piece; yield the parts that are certain now."""
        read = len(self._line)
        text = self._line + text
        # The second half of a line break may be in the next piece.
        held = "\r" if text.endswith("\r") else ""
        text = text.removesuffix("\r").replace("\r\n", "\n").replace("\r", "\n")
        *lines, self._line = text.split("\n")
        for line in lines:
            yield from self._reader.read_line(line, self._done)
            yield LinkedPart("\n", "\n")
            self._done = read = 0
        for part in self._reader.certain(self._line, self._done, read):
            self._done += len(part.plain)
            yield part
        self._line += held

    def end(self) -> Iterator[LinkedPart]:
        """Yield the rest: nothing follows."""
        *lines, last = self._line.replace("\r", "\n").split("\n")
        self._line = ""
        for line in lines:
            yield from self._reader.read_line(line, self._done)
            yield LinkedPart("\n", "\n")
            self._done = 0
        yield from self._reader.read_line(last, self._done)
        self._done = 0


class _Reader:
    """Reads the prose of one answer, line by line."""

    def __init__(self, find: Callable[[str], str | None], own: Collection[str]) -> None:
        self._find = find
        self._own = re.compile("|".join(map(re.escape, own))) if own else None
        self._lines = _Lines()
        # After an unpaired backtick, text between backticks may not be code: the first one may be closed in a
        # later line of the paragraph.
        self._is_open = False

    def read(self, markdown: str) -> Iterator[LinkedPart]:
        """Yield the parts of the text in order; together they are all of it."""
        between = ""
        for line in markdown.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
            if between:
                yield LinkedPart(between, between)
            between = "\n"
            yield from self.read_line(line)

    def read_line(self, line: str, start: int = 0) -> Iterator[LinkedPart]:
        """Yield the parts of the next line from ``start``, the end of those that were ``certain``."""
        kind = self._lines.kind_of_next(line)
        if kind == "code" or not line.strip(_BLANKS):
            self._is_open = False
        if kind == "prose":
            yield from self._prose_line(line, start)
        else:
            yield LinkedPart(line[start:], line[start:] if kind == "code" else _without_links(line, start))

    def certain(self, line: str, start: int, read: int) -> Iterator[LinkedPart]:
        """Yield the parts from ``start`` that stay the same whatever is added to the line.

        The line up to ``read`` was there at the call before.
        """
        words = line.strip(_BLANKS)
        if not self._lines.is_in_prose or not words or words.startswith(("``", "~")) or words == "`":
            return
        if not _may_be_certain(line, start, read):
            return
        end = max((match.end() for match in _BETWEEN_WORDS.finditer(line, start)), default=start)
        for match in _PROSE.finditer(line, start):
            if match.end() > end or match.end() == len(line) or match.lastgroup == "tick":
                end = min(end, match.start())
                break
            if match.start() > start:
                yield LinkedPart(line[start : match.start()], line[start : match.start()])
            yield self._replaced(match)
            start = match.end()
        if end > start:
            yield LinkedPart(line[start:end], line[start:end])

    def _prose_line(self, line: str, start: int) -> Iterator[LinkedPart]:
        for match in self._own.finditer(line, start) if self._own else ():
            yield from self._prose(line, start, match.start())
            label, _, uri = match[0][1:-1].rpartition("](")
            yield LinkedPart(label, match[0], uri)
            start = match.end()
        yield from self._prose(line, start, len(line))

    def _prose(self, line: str, start: int, end: int) -> Iterator[LinkedPart]:
        for match in _PROSE.finditer(line, start, end):
            before = line[start : match.start()]
            yield LinkedPart(before, before)
            yield self._replaced(match)
            start = match.end()
        yield LinkedPart(line[start:end], line[start:end])

    def _replaced(self, match: re.Match[str]) -> LinkedPart:
        whole, kind = match[0], match.lastgroup
        if kind == "tick":
            self._is_open = True
            return LinkedPart(whole, whole)
        if kind == "address":
            # Inside code, no renderer creates a link. Two backticks in a row would be another delimiter.
            beside = match.string[max(0, match.start() - 1) : match.start()] + match.string[match.end() :][:1]
            return LinkedPart(whole, whole if "`" in beside else f"`{whole}`")
        if kind == "link":
            return LinkedPart(whole, _as_text(match))
        uri = self._find((match["code"] or whole).strip())
        if uri is not None and not self._is_open:
            return LinkedPart(whole, f"[{whole}]({uri})", uri)
        # In a table, a bar ends the cell and with it the code.
        is_code = not self._is_open and "|" not in whole
        return LinkedPart(whole, whole if is_code else _without_links(whole))


def _may_be_certain(line: str, start: int, read: int) -> bool:
    """Whether the text after ``read`` can make a part certain that was not certain before.

    Text that is held back is not searched again with each piece: the time is that of the text, and not of
    its square.
    """
    if _BETWEEN_WORDS.search(line, max(start, read)) is None:
        return False
    ticks = _TICKS.match(line, start)
    if ticks is None:
        return True
    is_escaped = start > 0 and line[start - 1] == "\\"
    return not is_escaped and line.find(ticks[0], ticks.end()) >= 0


class _Lines:
    """Tells the kind of each line.

    Code is text that every Markdown parser treats as code: a fence indented by at most three columns, up to
    its closing fence at the same column. After the first fence that lists or indented code make ambiguous,
    everything is ``unclear``.
    """

    def __init__(self) -> None:
        self._fence = ""
        self._indent = 0
        self._is_unclear = False

    @property
    def is_in_prose(self) -> bool:
        """Whether the next line is prose, unless it opens a code block."""
        return not self._fence and not self._is_unclear

    def kind_of_next(self, line: str) -> _Kind:
        """Return the kind of the next line."""
        before = _indent(line)
        if self._is_unclear:
            return "unclear"
        if self._fence:
            is_closing = closes_fence(line, self._fence)
            is_exact = before == self._indent and line.strip(_BLANKS).strip(self._fence[0]) == ""
            is_left = before < self._indent and bool(line.strip(_BLANKS))
            self._is_unclear = is_left or (is_closing and not is_exact)
            self._fence = "" if is_closing else self._fence
            return "unclear" if self._is_unclear else "code"
        opened = FENCE.match(line)
        # With a bar, it may be the head of a table.
        is_odd = before > _MOST_INDENT or "|" in line
        self._is_unclear = line.strip(_BLANKS).startswith("~~~") if opened is None else is_odd
        if opened is not None:
            self._fence, self._indent = opened["fence"], before
        return "prose" if opened is None and not self._is_unclear else "unclear"


def _indent(line: str) -> int:
    """Columns before the text; a tab counts as more than three."""
    blanks = line[: len(line) - len(line.lstrip(_BLANKS))]
    return len(blanks.replace("\t", " " * (_MOST_INDENT + 1)))


def _without_links(text: str, start: int = 0) -> str:
    """Return ``text`` from ``start``, with what would become a link escaped."""
    parts: list[str] = []
    for match in _LINK.finditer(text, start):
        parts += text[start : match.start()], _as_text(match)
        start = match.end()
    return "".join([*parts, text[start:]])


def _as_text(link: re.Match[str]) -> str:
    """Escape text that would become a link, ``](`` or ``<scheme:``, unless it is escaped already."""
    if link[0] != "<":
        return f"{link[0]}\\"
    first = link.start()
    while first and link.string[first - 1] == "\\":
        first -= 1
    is_escaped = (link.start() - first) % 2
    return link[0] if is_escaped else f"\\{link[0]}"

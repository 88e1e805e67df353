"""Turns places that an answer's prose names into Markdown links, or into ranges of the text.

In: Markdown of a model, and a function that finds the target of a name. Out: Markdown in which all links
have these targets, or the text and its links as offsets. Links that the model wrote become text. Pure; does
not read files.
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
    r"|(?P<address>\b[a-zA-Z][a-zA-Z0-9+.-]{1,30}://[^\s<>()\[\]`]{1,2000}|\bwww\.[^\s<>()\[\]`]{1,2000})"
    r"|(?P<path>(?<![\w./\\-])[\w./\\-]{1,300}\.\w{1,8}(?::\d{1,7}(?:-\d{1,7})?)?(?![\w/\\-]))"
    r"|(?P<link>\](?=[(\[:])|<(?=[a-zA-Z][a-zA-Z0-9+.-]{1,30}:|[\w.+-]{1,100}@))"
)
_LINK = re.compile(r"\](?=[(\[:])|<(?=[a-zA-Z][a-zA-Z0-9+.-]{1,30}:|[\w.+-]{1,100}@)")


@dataclass(frozen=True, slots=True)
class Link:
    """Text between two offsets that names a place: ``uri`` may end with a line, ``#L12``."""

    start: int
    end: int
    uri: str


@dataclass(frozen=True, slots=True)
class _Part:
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


class _Reader:
    """Reads the prose of one answer, line by line."""

    def __init__(self, find: Callable[[str], str | None], own: Collection[str]) -> None:
        self._find = find
        self._own = re.compile("|".join(map(re.escape, own))) if own else None
        # After an unpaired backtick, text between backticks may not be code: the first one may be closed in a
        # later line of the paragraph.
        self._is_open = False

    def read(self, markdown: str) -> Iterator[_Part]:
        """Yield the parts of the text in order; together they are all of it."""
        between = ""
        for line, kind in _lines(markdown.replace("\r\n", "\n").replace("\r", "\n")):
            if between:
                yield _Part(between, between)
            between = "\n"
            if kind == "code" or not line.strip(_BLANKS):
                self._is_open = False
            if kind == "prose":
                yield from self._line(line)
            else:
                yield _Part(line, _escaped(line, kind))

    def _line(self, line: str) -> Iterator[_Part]:
        at = 0
        for match in self._own.finditer(line) if self._own else ():
            yield from self._prose(line[at : match.start()])
            label, _, uri = match[0][1:-1].rpartition("](")
            yield _Part(label, match[0], uri)
            at = match.end()
        yield from self._prose(line[at:])

    def _prose(self, text: str) -> Iterator[_Part]:
        at = 0
        for match in _PROSE.finditer(text):
            before = text[at : match.start()]
            yield _Part(before, before)
            yield self._replaced(match)
            at = match.end()
        yield _Part(text[at:], text[at:])

    def _replaced(self, match: re.Match[str]) -> _Part:
        whole, kind = match[0], match.lastgroup
        if kind == "tick":
            self._is_open = True
            return _Part(whole, whole)
        if kind == "address":
            # Inside code, no renderer creates a link. Two backticks in a row would be another delimiter.
            beside = match.string[max(0, match.start() - 1) : match.start()] + match.string[match.end() :][:1]
            return _Part(whole, whole if "`" in beside else f"`{whole}`")
        if kind == "link":
            return _Part(whole, _as_text(match))
        uri = self._find((match["code"] or whole).strip())
        if uri is not None and not self._is_open:
            return _Part(whole, f"[{whole}]({uri})", uri)
        return _Part(whole, _LINK.sub(_as_text, whole) if self._is_open else whole)


def _lines(markdown: str) -> Iterator[tuple[str, _Kind]]:
    """Yield each line and its kind.

    Code is text that every Markdown parser treats as code: a fence indented by at most three columns, up to
    its closing fence at the same column. After the first fence that lists or indented code make ambiguous,
    everything is ``unclear``.
    """
    fence, indent = "", 0
    is_unclear = False
    for line in markdown.split("\n"):
        before = _indent(line)
        if is_unclear:
            yield line, "unclear"
        elif fence:
            is_closing = closes_fence(line, fence)
            is_exact = before == indent and line.strip(_BLANKS).strip(fence[0]) == ""
            is_left = before < indent and bool(line.strip(_BLANKS))
            is_unclear = is_left or (is_closing and not is_exact)
            yield line, "unclear" if is_unclear else "code"
            fence = "" if is_closing else fence
        else:
            opened = FENCE.match(line)
            is_unclear = line.strip(_BLANKS).startswith("~~~") if opened is None else before > _MOST_INDENT
            yield line, "prose" if opened is None and not is_unclear else "unclear"
            if opened is not None:
                fence, indent = opened["fence"], before


def _indent(line: str) -> int:
    """Columns before the text; a tab counts as more than three."""
    blanks = line[: len(line) - len(line.lstrip(_BLANKS))]
    return len(blanks.replace("\t", " " * (_MOST_INDENT + 1)))


def _escaped(line: str, kind: _Kind) -> str:
    return line if kind == "code" else _LINK.sub(_as_text, line)


def _as_text(link: re.Match[str]) -> str:
    """Escape text that would become a link: ``](`` or ``<scheme:``."""
    return f"\\{link[0]}" if link[0] == "<" else f"{link[0]}\\"

"""Turns places that the prose of a finished answer names into Markdown links, or into ranges of the text.

Links that the model wrote become text; code blocks stay as they are.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from homebody.postprocess.edit.code_blocks import lines_of_code

Find: TypeAlias = Callable[[str], str | None]
"""Returns the URI of a name (``app.py``, ``src/app.py:12``, ``area``, ``Stock.area()``), if it has one."""

# In this order: code between backticks; an address; a path with a line number; text that would become a link.
_PROSE = re.compile(
    r"(?P<ticks>(?<![`\\])`+(?!`))(?P<code>.+?)(?<!`)(?P=ticks)(?!`)"
    r"|(?P<tick>`+)"
    r"|(?P<address>\b[a-zA-Z][a-zA-Z0-9+.-]{1,30}://[^\s<>()\[\]`\\]{1,2000}|\bwww\.[^\s<>()\[\]`\\]{1,2000})"
    r"|(?P<path>(?<![\w./\\-])[\w./\\-]{1,300}\.\w{1,8}(?::\d{1,7}(?:-\d{1,7})?)?(?![\w/\\-]))"
    r"|(?P<link>\](?=[(\[:])|<(?=[a-zA-Z][a-zA-Z0-9+.-]{1,30}:|[\w.+-]{1,100}@))"
)
_LINK = re.compile(r"\](?=[(\[:])|<(?=[a-zA-Z][a-zA-Z0-9+.-]{1,30}:|[\w.+-]{1,100}@)")

_BEGUN = re.compile(r"(?:\]|<[\w.+-]{0,100})\Z")
"""Text that becomes a link if the right character follows."""

_LINE_END = re.compile(r"\r\n?|\n")


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


def with_links(markdown: str, find: Find) -> str:
    """Convert the names that ``find`` knows to links, outside of code blocks."""
    return "".join(part.markdown for part in _parts(markdown, find))


def found_links(markdown: str, find: Find) -> tuple[str, list[Link]]:
    """Return the text and the ranges of names that ``find`` knows, for clients that show plain text."""
    text: list[str] = []
    links: list[Link] = []
    at = 0
    for part in _parts(markdown, find):
        if part.uri is not None:
            links.append(Link(at, at + len(part.plain), part.uri))
        text.append(part.plain)
        at += len(part.plain)
    return "".join(text), links


class SafeStream:
    """Passes on an answer while it arrives, for clients that render it at once: the model's links are text.

    What may become a link waits for the next piece. Inside of backticks links are escaped too, since the
    closing backtick may never come.
    """

    def __init__(self) -> None:
        self._text = ""
        self._sent = 0

    def feed(self, piece: str, *, is_last: bool = False) -> str:
        """Add a piece; return the text that is certain now."""
        self._text += piece
        held = None if is_last else _BEGUN.search(self._text, self._sent)
        end = len(self._text) if held is None else held.start()
        links = [match for match in _LINK.finditer(self._text, self._sent) if match.start() < end]
        code = _lines_of_code(self._text) if links else set[int]()
        parts: list[str] = []
        for match in links:
            *above, line = _LINE_END.split(self._text[: match.start()])
            # A line that opens a block so far is prose if another backtick follows in it.
            is_code = len(above) in code and "```" not in line
            parts += self._text[self._sent : match.start()], match[0] if is_code else _as_text(match)
            self._sent = match.end()
        parts.append(self._text[self._sent : end])
        self._sent = end
        return "".join(parts)


def _parts(markdown: str, find: Find) -> Iterator[_Part]:
    """Yield the parts of the text in order; together they are all of it."""
    text = markdown.replace("\r\n", "\n").replace("\r", "\n")
    code = _lines_of_code(text)
    # After an unpaired backtick, text between backticks may not be code: the first one may be closed in a
    # later line of the paragraph.
    is_open = False
    for number, line in enumerate(text.split("\n")):
        if number:
            yield _Part("\n", "\n")
        if number in code or not line.strip(" \t"):
            is_open = False
            yield _Part(line, line)
            continue
        start = 0
        for match in _PROSE.finditer(line):
            yield _Part(line[start : match.start()], line[start : match.start()])
            is_open = is_open or match.lastgroup == "tick"
            yield _replaced(match, find, is_open=is_open)
            start = match.end()
        yield _Part(line[start:], line[start:])


def _lines_of_code(markdown: str) -> set[int]:
    """Return the lines that are code once definitions of links are text: those are paragraphs then."""
    return lines_of_code(markdown.replace("]:", "]\\:"))


def _replaced(match: re.Match[str], find: Find, *, is_open: bool) -> _Part:
    whole, kind = match[0], match.lastgroup
    if kind == "tick":
        return _Part(whole, whole)
    if kind == "address":
        # Inside code, no renderer creates a link. Two backticks in a row would be another delimiter.
        beside = match.string[max(0, match.start() - 1) : match.start()] + match.string[match.end() :][:1]
        return _Part(whole, whole if "`" in beside else f"`{whole}`")
    if kind == "link":
        return _Part(whole, _as_text(match))
    uri = find((match["code"] or whole).strip())
    if uri is not None and not is_open:
        return _Part(whole, f"[{whole}]({uri})", uri)
    # In a table, a bar ends the cell and with it the code.
    is_code = not is_open and "|" not in whole
    return _Part(whole, whole if is_code else _LINK.sub(_as_text, whole))


def _as_text(link: re.Match[str]) -> str:
    """Escape text that would become a link, ``](`` or ``<scheme:``, unless it is escaped already."""
    if link[0] != "<":
        return f"{link[0]}\\"
    before = link.string[: link.start()]
    is_escaped = (len(before) - len(before.rstrip("\\"))) % 2
    return link[0] if is_escaped else f"\\{link[0]}"

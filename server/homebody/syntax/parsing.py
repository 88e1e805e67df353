"""Parse a text within limits of time and memory.

The parser reads through a callable and calls back about every hundred steps; other threads can run then, and
a parse that takes too long is cancelled.
"""

import re
import time
from array import array
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from threading import Event, get_ident
from typing import TYPE_CHECKING, cast

from homebody.syntax.language import grammar, prepare
from homebody.syntax.row import Language
from homebody.text import TextEdit

if TYPE_CHECKING:
    import tree_sitter

MAX_CHARS = 5 << 18
"""Maximum length of a parsed text, in code points: the largest supported file (1 MiB), and room for
typing."""

_READ_CHARS = 4096
_HIGH_SURROGATE = 0xD8  # the upper six bits of the second byte of the first unit of a pair
# Processor time that a parse may take, in seconds. Real code needs 0.05 to 0.25 µs a code point, full
# of errors up to 1 µs.
_BASE_SECONDS = 0.3
_SECONDS_PER_CHAR = 1.5e-6
# Text on which a grammar tries every alternative takes up to 700 MB per second; a tree of the largest text is
# some 20 MB. So a parse that made the process grow by this many bytes is cancelled.
_MAX_GROWTH = 200 << 20
_SECONDS_BETWEEN_LOOKS = 0.03
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_NONE: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Units:
    """Code-point offsets to the parser's byte offsets and back, by the code points that take four bytes.

    Trees are parsed as UTF-16, where a code point is two bytes except outside the basic plane (mostly emoji).
    Only the offsets of those are stored, and most documents have none; UTF-8 would need a table for every
    document that is not ASCII.

    Attributes
    ----------
    astral
        Offsets of the code points above U+FFFF, ascending.

    """

    astral: Sequence[int] = _NONE

    @classmethod
    def of(cls, text: str) -> "Units":
        """Scan ``text``: immediate for ASCII, otherwise 0.5 ms per MiB, or 5 ms if it has any."""
        if text.isascii() or len(encode(text)) == 2 * len(text):
            return cls()
        return cls(_astral(text))

    def edited(self, edit: TextEdit) -> "Units":
        """Return the units of the text after ``edit``; only the new text is scanned."""
        added = _NONE if edit.new_text.isascii() else _astral(edit.new_text)
        if not self.astral and not added:
            return self
        start = edit.span.start
        shift = len(edit.new_text) - len(edit.span)
        before = self.astral[: bisect_left(self.astral, start)]
        after = self.astral[bisect_left(self.astral, edit.span.end) :]
        moved = (offset + shift for offset in after)
        return Units(array("q", (*before, *(offset + start for offset in added), *moved)))

    def to_byte(self, offset: int) -> int:
        """Byte at which the code point at ``offset`` begins."""
        return 2 * (offset + bisect_left(self.astral, offset))

    def to_offset(self, byte: int) -> int:
        """Code-point offset of the code point that begins at ``byte``."""
        unit = byte // 2
        if not self.astral:
            return unit
        astral = self.astral
        return unit - bisect_left(range(len(astral)), unit, key=lambda index: astral[index] + index)


def is_parsable(text: str, language: Language | None) -> bool:
    """Whether the text can be parsed: the language has a grammar and the text is short enough."""
    return language is not None and bool(language.grammar) and len(text) <= MAX_CHARS


def parse_text(
    text: str,
    language: Language | None,
    units: Units,
    old: "tree_sitter.Tree | None" = None,
    give_up: Event | None = None,
) -> "tree_sitter.Tree | None":
    """Parse ``text``, reusing ``old`` if given, which must be adjusted to the edits since its parse.

    ``None`` for an unknown language, for text longer than ``MAX_CHARS`` or not safe to parse, and if the
    parse took more than 0.3 s of processor time and 1.5 µs per code point, or 200 MB, or was cancelled.
    """
    from tree_sitter import Parser

    loaded = language and grammar(language)
    if language is None or loaded is None or not is_parsable(text, language):
        return None
    if language.unsafe and re.search(language.unsafe, text, re.MULTILINE):
        return None
    stop = _limit(len(text), give_up)
    read = _reader(text, units)
    parser = Parser(loaded)
    try:
        if old is None:
            return parser.parse(read, encoding="utf16le", progress_callback=stop)
        return parser.parse(read, old, encoding="utf16le", progress_callback=stop)
    except ValueError:
        return None


def parse_in_thread(
    text: str,
    language: Language,
    units: Units,
    old: "tree_sitter.Tree | None",
    give_up: Event,
) -> "tree_sitter.Tree | None":
    """Call ``parse_text``, and compile the queries that lookups in the tree will need."""
    prepare(language)
    return parse_text(text, language, units, old, give_up)


def encode(text: str) -> bytes:
    """Encode in the parser's encoding; a lone surrogate is kept."""
    return text.encode("utf-16-le", "surrogatepass")


def _astral(text: str) -> Sequence[int]:
    """Offsets of the code points above U+FFFF."""
    return array("q", (astral.start() for astral in _ASTRAL.finditer(text)))


def _limit(length: int, give_up: Event | None) -> Callable[[int, bool], bool]:
    """Return whether to end a parse: no processor time or memory is left, or a newer text has arrived.

    It is called about every hundred steps of the parser.
    """
    next_look = time.thread_time() + _SECONDS_BETWEEN_LOOKS
    deadline = next_look + _BASE_SECONDS + length * _SECONDS_PER_CHAR
    most = 0

    def is_reached(_byte: int, _has_error: bool) -> bool:  # noqa: FBT001 - called by tree-sitter
        nonlocal next_look, most
        if give_up is not None and give_up.is_set():
            return True
        if (now := time.thread_time()) < next_look:
            return False
        next_look = now + _SECONDS_BETWEEN_LOOKS
        from psutil import Process

        memory = Process().memory_info().rss
        most = most or memory + _MAX_GROWTH
        return now > deadline or memory > most

    return is_reached


def _reader(text: str, units: Units) -> Callable[[int, object], bytes]:
    """Return the text in pieces; other threads can run between them.

    tree-sitter 0.26 keeps a reference to every piece forever. Pieces are therefore reused buffers whose sizes
    add up to any length, so that memory does not grow.
    """
    buffers = _buffers(get_ident())

    def read(byte: int, _point: object) -> bytes:
        offset = units.to_offset(byte)
        piece = encode(text[offset : offset + _READ_CHARS])
        if not piece:
            return piece
        size = 1 << (min(len(piece), 2 * _READ_CHARS).bit_length() - 1)
        # A surrogate pair is never split.
        while size > 2 and piece[size - 1] & 0xFC == _HIGH_SURROGATE:
            size //= 2
        buffer = buffers[size]
        buffer[:] = piece[:size]
        return cast("bytes", buffer)

    return read


@cache
def _buffers(_thread: int) -> Mapping[int, bytearray]:
    """Buffers of one thread, by their size: each power of two up to the longest piece."""
    return {1 << n: bytearray(1 << n) for n in range(1, (2 * _READ_CHARS).bit_length())}

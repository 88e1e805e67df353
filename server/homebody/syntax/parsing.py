"""Parse a text within limits of time and memory.

The parser reads through a callable and calls back about every hundred steps; other threads can run then, and
a parse that takes too long is cancelled.
"""

import re
import time
from collections.abc import Callable, Mapping
from functools import cache
from threading import Event, get_ident
from typing import TYPE_CHECKING, cast

from homebody.syntax.language import grammar, prepare
from homebody.syntax.row import Language
from homebody.syntax.units import Units, encode

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
    if language.unsafe and _compiled(language.unsafe).search(text):
        return None
    stop = _Limit(len(text), give_up).is_reached
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


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.MULTILINE)


class _Limit:
    """Limits of one parse: processor time, memory, and the arrival of a newer text."""

    def __init__(self, length: int, give_up: Event | None) -> None:
        now = time.thread_time()
        self._deadline = now + _BASE_SECONDS + length * _SECONDS_PER_CHAR
        self._next_look = now + _SECONDS_BETWEEN_LOOKS
        self._memory = 0
        self._give_up = give_up

    def is_reached(self, _byte: int, _has_error: bool) -> bool:  # noqa: FBT001 - called by tree-sitter
        """Whether to end the parse here; called about every hundred steps of the parser."""
        if self._give_up is not None and self._give_up.is_set():
            return True
        now = time.thread_time()
        if now < self._next_look:
            return False
        self._next_look = now + _SECONDS_BETWEEN_LOOKS
        return now > self._deadline or self._has_grown()

    def _has_grown(self) -> bool:
        from psutil import Process

        memory = Process().memory_info().rss
        self._memory = self._memory or memory
        return memory - self._memory > _MAX_GROWTH


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

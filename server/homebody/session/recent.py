"""Recently edited and recently viewed code: a ring of short chunks, as candidates for snippets.

The idea is from llama.vim: code that the user has just looked at is likely to be needed next. A chunk is
stored as text when the cursor leaves it, so nothing is read from disk.
"""

from collections import deque
from dataclasses import dataclass

from homebody.syntax.chunk import Candidate
from homebody.text import Document, TextEdit

_RING = 16
_LINES = 32
_FAR = 64
"""Minimum number of lines between two positions in one document for a move to count as a jump."""


@dataclass(slots=True)
class _Cursor:
    document: Document
    line: int
    edited: bool


class RecentPlaces:
    """The last 16 places, each of at most 32 lines."""

    def __init__(self) -> None:
        self._ring: deque[Candidate] = deque(maxlen=_RING)
        self._here: _Cursor | None = None

    def edited(self, document: Document, edit: TextEdit) -> bool:
        """Record an edit; ``document`` is the version after it. Returns whether it is a jump."""
        offset = min(edit.span.start, len(document.text))
        return self._at(document, document.line_of(offset), edited=True)

    def viewed(self, document: Document, offset: int) -> bool:
        """Record the cursor's position. Returns whether it is a jump: to another document, or by 64 lines."""
        return self._at(document, document.line_of(offset), edited=False)

    def closed(self, uri: str) -> None:
        """Record that ``uri`` was closed; its chunks are kept."""
        if self._here is not None and self._here.document.uri == uri:
            self._leave(self._here)
            self._here = None

    def candidates(self) -> list[Candidate]:
        """Return the ring, newest first."""
        return list(reversed(self._ring))

    def _at(self, document: Document, line: int, *, edited: bool) -> bool:
        here = self._here
        near = here is not None and here.document.uri == document.uri and abs(here.line - line) < _FAR
        if here is not None and not near:
            self._leave(here)
        was_edited = near and here is not None and here.edited
        self._here = _Cursor(document, line, edited or was_edited)
        return not near

    def _leave(self, here: _Cursor) -> None:
        document = here.document
        first = max(0, min(here.line, document.line_count - 1) - _LINES // 2)
        last = min(document.line_count - 1, first + _LINES - 1)
        start = document.line_starts[first]
        text = document.text[start : document.line_span_with_end(last).end]
        if not text.strip():
            return
        why = "edited lately" if here.edited else "viewed recently"
        kept = [c for c in self._ring if c.uri != document.uri or c.last_line < first or last < c.first_line]
        self._ring = deque(kept, maxlen=_RING)
        self._ring.append(Candidate(uri=document.uri, first_line=first, last_line=last, text=text, why=why))

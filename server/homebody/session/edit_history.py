"""What the user changed in the last minutes, by document, and the places that they edited or looked at.

Keystrokes in the same lines are one change, from the lines as they were before the first of them; what
cancels out is no change. Where the user came back to lines after a change elsewhere, there is also a change
from the lines as they were then: a second pass over a list is like the first one.

Changes that no person typed add nothing: undo and redo, formatters, other programs, a branch switch. After
each of those, suggestions wait for the next real edit.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from homebody.next_edit.changes import ChangedLines, shared_count
from homebody.syntax.chunk import Candidate
from homebody.text import Document, TextEdit

_MOST_CHANGES = 10
_MOST_SECONDS = 300.0
_MOST_LINES = 50
"""A single edit of more lines is not typed."""

_NEAR_LINES = 8
"""Edits of one message that lie further apart are typed only if they insert the same text."""

_OTHER_DOCUMENT_SECONDS = 0.3
"""Nobody types in two documents within this time; a program changes many."""

_MOST_STATES = 100
"""Earlier texts of a document that are recognised after an undo."""


@dataclass(slots=True)
class _Lines:
    """Lines ``line`` to ``end`` of the newest version, and those that they replaced.

    ``visited`` are the lines as they were when the user came back to them.
    """

    line: int
    end: int
    old: tuple[str, ...]
    when: float
    visited: tuple[str, ...] | None = None


@dataclass(slots=True)
class _Document:
    newest: Document
    changes: list[_Lines] = field(default_factory=list[_Lines])
    texts: deque[int] = field(default_factory=lambda: deque[int](maxlen=_MOST_STATES))


class EditHistory:
    """The changes of one editor; ``clock`` returns seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._documents: dict[str, _Document] = {}
        self._newest = ""
        self._when = float("-inf")
        self._is_typed = False

    @property
    def seconds_since_edit(self) -> float:
        """Seconds since the last edit of any document."""
        return self._clock() - self._when

    def is_typed(self, document: Document) -> bool:
        """Whether the last edit was made by the user's typing, in this document, and led to this version."""
        known = self._documents.get(document.uri)
        is_newest = known is not None and known.newest is document
        return self._is_typed and self._newest == document.uri and is_newest

    def changes(self, uri: str) -> list[ChangedLines]:
        """Return the last changes of a document, the newest first."""
        return self._listed(uri, lambda lines: [lines.old])

    def visits(self, uri: str) -> list[ChangedLines]:
        """Return them with those since the user came back to lines, each before the whole change."""
        return self._listed(uri, lambda lines: [old for old in (lines.visited, lines.old) if old is not None])

    def _listed(self, uri: str, olds: Callable[[_Lines], list[tuple[str, ...]]]) -> list[ChangedLines]:
        oldest = self._clock() - _MOST_SECONDS
        known = self._documents.get(uri)
        listed = [
            ChangedLines(
                uri,
                lines.line,
                old,
                tuple(map(known.newest.line_text, range(lines.line, lines.end))),
                lines.when,
            )
            for lines in (known.changes if known else ())
            if known and lines.when >= oldest
            for old in olds(lines)
        ]
        typed = [change for change in listed if not change.is_only_white_space]
        return sorted(typed, key=lambda change: change.when, reverse=True)[:_MOST_CHANGES]

    def edited(self, before: Document, edits: Sequence[TextEdit], after: Document) -> None:
        """Record the edits of one message, each made in the text that the earlier ones left."""
        now, since = self._clock(), self.seconds_since_edit
        known = self._documents.get(after.uri)
        if known is None or known.newest is not before:
            known = self._documents[after.uri] = _Document(before)
            known.texts.append(hash(before.text))
        by_program = self._newest not in ("", after.uri) and since < _OTHER_DOCUMENT_SECONDS
        if by_program:
            # The first document of such a series was recorded as typed.
            for other in self._documents.values():
                other.changes = [lines for lines in other.changes if lines.when < self._when]
        is_typed = not by_program and _is_typed(before, edits)
        # Whether the text is an earlier one again. A single character is deleted or typed by a key; Neovim
        # deletes and inserts one when a completion menu opens.
        changed = sum(len(edit.span) + len(edit.new_text) for edit in edits)
        is_undone = changed > 1 and hash(after.text) in known.texts
        latest = max((lines.when for lines in known.changes), default=now)
        for edit in edits:
            following = known.newest.edited(edit, after.version)
            _follow(known, edit, following, now if is_typed or is_undone else None, latest)
            known.newest = following
        known.newest = after
        known.texts.append(hash(after.text))
        self._newest, self._when = after.uri, now
        # Editors send a closing bracket that is typed over one as a change.
        if after.text != before.text:
            self._is_typed = is_typed and not is_undone

    def closed(self, uri: str) -> None:
        """Forget a document."""
        self._documents.pop(uri, None)

    def files_changed(self, uris: Iterable[str]) -> None:
        """Forget everything if another branch was checked out."""
        if any(uri.endswith("/.git/HEAD") for uri in uris):
            self._documents.clear()
            self._is_typed = False


def _is_typed(before: Document, edits: Sequence[TextEdit]) -> bool:
    """Whether a person may have made the edits of one message: at one place, or the same at several."""
    first, last = len(before.text), 0
    for edit in edits:
        if edit.new_text.count("\n") > _MOST_LINES:
            return False
        at = min(edit.span.start, len(before.text))
        lines = before.line_of(min(edit.span.end, len(before.text))) - before.line_of(at)
        if lines > _MOST_LINES:
            return False
        first, last = min(first, at), max(last, at)
    if not edits or before.line_of(last) - before.line_of(first) <= _NEAR_LINES:
        return True
    return len({(edit.new_text, len(edit.span)) for edit in edits}) == 1


def _follow(known: _Document, edit: TextEdit, after: Document, when: float | None, latest: float) -> None:
    """Move the recorded changes, and add this one; without a time, those that it touches are dropped.

    ``latest`` is the time of the newest change before this message.
    """
    before = known.newest
    first, end, new_end = _changed_lines(before, edit, after)
    if first == end == new_end:
        return
    shift = new_end - end
    touched = [lines for lines in known.changes if _touch(lines.line, lines.end, first, end)]
    known.changes = [lines for lines in known.changes if lines not in touched]
    start = min([first, *(lines.line for lines in touched)])
    stop = max([end, *(lines.end for lines in touched)])
    for lines in known.changes:
        if lines.line >= end:
            lines.line += shift
            lines.end += shift
    if when is None:
        return
    old, visited, at = list[str](), list[str](), start
    for lines in sorted(touched, key=lambda lines: lines.line):
        between = list(map(before.line_text, range(at, lines.line)))
        old += [*between, *lines.old]
        visited += [*between, *(lines.old if lines.visited is None else lines.visited)]
        at = lines.end
    rest = list(map(before.line_text, range(at, stop)))
    old, visited = old + rest, visited + rest
    if touched and max(lines.when for lines in touched) < latest:
        visited = list(map(before.line_text, range(start, stop)))
    new = list(map(after.line_text, range(start, stop + shift)))
    if new != old:
        came_back = tuple(visited) if visited not in (old, new) else None
        known.changes.append(_Lines(start, stop + shift, tuple(old), when, came_back))


def _touch(first: int, end: int, other_first: int, other_end: int) -> bool:
    """Whether two ranges of lines have lines in common; an empty one counts only inside of the other."""
    if first == end and other_first == other_end:
        return first == other_first
    return first < other_end and other_first < end


def _changed_lines(before: Document, edit: TextEdit, after: Document) -> tuple[int, int, int]:
    """First line that an edit changes, the line after the last one before the edit, and after it."""
    first = before.line_of(edit.span.start)
    end = before.line_of(edit.span.end) + 1
    new_end = end + after.line_count - before.line_count
    old = [before.line_text(line) for line in range(first, end)]
    new = [after.line_text(line) for line in range(first, new_end)]
    top = shared_count(old, new)
    bottom = shared_count(old[top:][::-1], new[top:][::-1])
    return first + top, end - bottom, new_end - bottom


_MOST_PLACES = 17
_LINES = 32
_NEAR = 64
_EDITED = "edited lately"


@dataclass(frozen=True, slots=True)
class _Place:
    document: Document
    line: int
    why: str


class RecentPlaces:
    """The last 16 places, each of at most 32 lines; the last one is where the user is."""

    def __init__(self) -> None:
        self._places: deque[_Place] = deque(maxlen=_MOST_PLACES)

    def edited(self, document: Document, edit: TextEdit) -> None:
        """Record an edit; ``document`` is the version after it."""
        self._add(document, min(edit.span.start, len(document.text)), _EDITED)

    def viewed(self, document: Document, offset: int) -> None:
        """Record the cursor's position."""
        self._add(document, offset, "viewed recently")

    def candidates(self) -> list[Candidate]:
        """Return the earlier places, newest first."""
        chunks = map(_chunk_of, list(self._places)[-2::-1])
        return [chunk for chunk in chunks if chunk.text.strip()]

    def _add(self, document: Document, offset: int, why: str) -> None:
        """Add a place; an earlier one near it becomes a part of it."""
        line = document.line_of(offset)
        for place in [*self._places]:
            if place.document.uri == document.uri and abs(place.line - line) < _NEAR:
                self._places.remove(place)
                why = _EDITED if place.why == _EDITED else why
        self._places.append(_Place(document, line, why))


def _chunk_of(place: _Place) -> Candidate:
    document = place.document
    first = max(0, place.line - _LINES // 2)
    last = min(document.line_count - 1, first + _LINES - 1)
    text = document.text[document.line_starts[first] : document.line_span_with_end(last).end]
    return Candidate(uri=document.uri, first_line=first, last_line=last, text=text, why=place.why)

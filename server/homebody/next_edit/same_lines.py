"""The same lines again: lines that were replaced still stand elsewhere."""

from collections.abc import Sequence

from homebody.next_edit.changes import ChangedLines, NextEdit
from homebody.next_edit.lines import indentation, reindented, stripped, word_count
from homebody.next_edit.place import NEAR_LINES, Place
from homebody.next_edit.tokens import MOST_CHARS, likeness

_MIN_WORDS = 3

_MIN_WORDS_ONCE = 6
_MIN_CHARS_ONCE = 45
"""After the first time, the line has as many words, or as many characters."""

_MIN_LIKENESS = 0.5
_MOST_SITES_ONCE = 3


def same_lines(place: Place) -> NextEdit | None:
    """Replace the next lines that equal those which the newest change replaced."""
    newest, document = place.newest, place.document
    if not newest.old or max(map(len, (*newest.old, *newest.new))) > MOST_CHARS:
        return None
    old, new, count = stripped(newest.old), stripped(newest.new), len(newest.old)
    alike = [change for change in place.changes if stripped(change.old) == old]
    if word_count(old) < _MIN_WORDS or any(stripped(change.new) != new for change in alike):
        return None
    sites = [
        line for line in place.lines_equal_to(old) if place.changed.isdisjoint(range(line, line + count))
    ]
    if len(alike) > 1:
        line = place.site_after([change.line for change in alike], sites)
    else:
        line = _site_after_one(place, newest, sites)
    if line is None:
        return None
    lines = tuple(map(document.line_text, range(line, line + count)))
    replaced = reindented(newest.new, newest.old[0], lines[0])
    return NextEdit(document.uri, line, lines, replaced, "same lines", (*old, "", *new))


def _site_after_one(place: Place, change: ChangedLines, sites: Sequence[int]) -> int | None:
    """Return the nearest site after a single change: of one long line, by one that is like it."""
    if len(change.old) != 1 or len(change.new) != 1 or not 0 < len(sites) <= _MOST_SITES_ONCE:
        return None
    (old,), (new,) = change.old, change.new
    is_long = word_count(change.old) >= _MIN_WORDS_ONCE or len(old.strip()) >= _MIN_CHARS_ONCE
    if not is_long or likeness(old, new) < _MIN_LIKENESS:
        return None
    line = place.nearest(sites)
    is_beside = indentation(place.document.line_text(line)) == indentation(old)
    return line if is_beside and place.distance(line) <= NEAR_LINES else None

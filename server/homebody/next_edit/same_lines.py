"""The same lines again: lines that were replaced still stand elsewhere."""

from homebody.next_edit.changes import NextEdit
from homebody.next_edit.lines import indentation, reindented, stripped, word_count
from homebody.next_edit.place import Place
from homebody.next_edit.tokens import MOST_CHARS

_MIN_WORDS_AGAIN = 2
_MOST_SITES_AGAIN = 15
"""Gates if the same lines were replaced twice already."""

_MIN_WORDS = 3
_MIN_CHARS = 16
_MOST_SITES = 3
_MOST_DISTANCE = 60
"""Gates after the first time; then only for one line, at the same indentation."""


def same_lines(place: Place) -> NextEdit | None:
    """Replace the nearest lines that equal those which the newest change replaced."""
    newest, document = place.newest, place.document
    if not newest.old or max(map(len, (*newest.old, *newest.new))) > MOST_CHARS:
        return None
    old, new = stripped(newest.old), stripped(newest.new)
    alike = [change for change in place.changes if stripped(change.old) == old]
    if any(stripped(change.new) != new for change in alike):
        return None
    count = len(old)
    sites = [
        line for line in place.lines_equal_to(old) if place.changed.isdisjoint(range(line, line + count))
    ]
    if not sites or place.passed_over([change.line for change in alike], sites):
        return None
    line = place.nearest(sites)
    lines = tuple(map(document.line_text, range(line, line + count)))
    words = word_count(old)
    if len(alike) > 1:
        passes = words >= _MIN_WORDS_AGAIN and len(sites) <= _MOST_SITES_AGAIN
    else:
        passes = (
            len(old) == 1
            and len(new) <= 1
            and words >= _MIN_WORDS
            and len("\n".join(old)) >= _MIN_CHARS
            and len(sites) <= _MOST_SITES
            and place.distance(line) <= _MOST_DISTANCE
            and indentation(lines[0]) == indentation(newest.old[0])
        )
    if not passes:
        return None
    replaced = reindented(newest.new, newest.old[0], lines[0])
    return NextEdit(document.uri, line, lines, replaced, "same lines", (*old, "", *new))

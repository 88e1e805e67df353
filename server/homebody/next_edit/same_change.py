"""The same change again: two changes that agree are generalised to a pattern, for the next place that has it.

What both have in common around them belongs to the pattern (anti-unification, as in Getafix and Blue-Pencil,
on tokens instead of trees). One change is never enough.
"""

from collections.abc import Sequence

from homebody.next_edit.changes import ChangedLines, NextEdit
from homebody.next_edit.lines import reindented, stripped, word_count
from homebody.next_edit.place import Place
from homebody.next_edit.tokens import (
    MOST_CHARS,
    TokenChange,
    is_word,
    shared_left,
    shared_right,
    token_changes,
)

_MIN_CHARS = 12
_MIN_WORDS = 2
"""A pattern has as many characters, or as many words around what changes."""

_MIN_CHARS_OF_THREE = 5
"""Characters of a pattern that three changes in one function agree on, for another place in it."""

_MOST_SITES = 15
_MOST_LINES = 100
_CONTEXT_LINES = 3
_MIN_CONTEXT_WORDS = 3


def same_change(place: Place) -> NextEdit | None:
    """Replace the same tokens in the nearest line that has them."""
    earlier = [tokens for change in place.changes for tokens in token_changes(change)]
    for newest in token_changes(place.newest):
        agreeing = [tokens for tokens in earlier if (tokens.old, tokens.new) == (newest.old, newest.new)]
        is_repeated = len({tokens.change.line for tokens in agreeing}) > 1
        if is_repeated and (edit := _repeated(place, agreeing)):
            return edit
    return None


def same_insertion(place: Place) -> NextEdit | None:
    """Insert the same lines at the nearest place that has the lines around them."""
    newest = place.newest
    inserted = stripped(newest.new)
    agreeing = [c for c in place.changes if not c.old and c.new and stripped(c.new) == inserted]
    if newest.old or len(agreeing) < 2 or not any(inserted):
        return None
    above = _shared_lines(place, agreeing, above=True)
    below = _shared_lines(place, agreeing, above=False)
    if word_count((*above, *below)) < _MIN_CONTEXT_WORDS:
        return None
    document, count = place.document, len(inserted)
    sites: list[int] = []
    for first in place.lines_equal_to([*above, *below]):
        at = first + len(above)
        around = range(first, first + len(above) + len(below))
        beside = [range(at, at + count), range(at - count, at)]
        is_done = any(
            lines.start >= 0
            and lines.stop <= document.line_count
            and stripped(map(document.line_text, lines)) == inserted
            for lines in beside
        )
        if not is_done and place.changed.isdisjoint(around):
            sites.append(at)
    lines = [change.line for change in agreeing]
    if not sites or len(sites) > _MOST_SITES or place.passed_over(lines, sites):
        return None
    line = place.nearest(sites)
    if place.distance(line) > _MOST_LINES:
        return None
    example = newest.line - 1 if above else newest.end
    new = reindented(newest.new, document.line_text(example), document.line_text(line - 1 if above else line))
    return NextEdit(document.uri, line, (), new, "same insertion", inserted)


def _repeated(place: Place, agreeing: Sequence[TokenChange]) -> NextEdit | None:
    left, right = shared_left(agreeing), shared_right(agreeing)
    old, new = agreeing[0].old, agreeing[0].new
    if not old and not (left and right):
        return None
    text, replacement = "".join([*left, *old, *right]), "".join([*left, *new, *right])
    starts = place.matches(text) if text.strip() else None
    if not starts:
        return None
    document = place.document
    offsets = [document.line_starts[tokens.line] + tokens.column for tokens in agreeing]
    is_opaque = all(map(place.is_opaque, offsets))
    done = (place.matches(replacement) or []) if text in replacement else []
    by_line: dict[int, list[int]] = {}
    for start in starts:
        line = document.line_of(start)
        is_done = any(at <= start < at + len(replacement) for at in done)
        if not is_done and line not in place.changed and len(document.line_text(line)) <= MOST_CHARS:
            by_line.setdefault(line, []).append(start)
    wanted = len("".join(left))
    if not is_opaque:
        by_line = {
            line: starts
            for line, starts in by_line.items()
            if not any(place.is_opaque(start + wanted) for start in starts)
        }
    if (
        not by_line
        or len(by_line) > _MOST_SITES
        or place.passed_over([tokens.line for tokens in agreeing], by_line)
    ):
        return None
    line = place.nearest(by_line)
    words = sum(is_word(token[0]) for token in (*left, *right))
    is_specific = (
        len(text) >= _MIN_CHARS
        or words >= _MIN_WORDS
        or (
            len(agreeing) > 2
            and len(text) >= _MIN_CHARS_OF_THREE
            and _is_in_their_functions(place, agreeing, line)
        )
    )
    if place.distance(line) > _MOST_LINES or not is_specific:
        return None
    changed = place.replaced(line, by_line[line], text, replacement)
    return NextEdit(
        document.uri, line, (document.line_text(line),), (changed,), "same change", (*old, "", *new)
    )


def _is_in_their_functions(place: Place, agreeing: Sequence[TokenChange], line: int) -> bool:
    return place.function_at(line) in {place.function_at(tokens.line) for tokens in agreeing}


def _shared_lines(place: Place, agreeing: Sequence[ChangedLines], *, above: bool) -> list[str]:
    """Lines that are above (or below) all insertions, up to three, in their order, without indentation."""
    document = place.document
    shared: list[str] = []
    for step in range(_CONTEXT_LINES):
        lines = [change.line - 1 - step if above else change.end + step for change in agreeing]
        if not all(0 <= line < document.line_count for line in lines):
            break
        texts = {document.line_text(line).strip() for line in lines}
        if len(texts) > 1:
            break
        shared.append(texts.pop())
    return shared[::-1] if above else shared

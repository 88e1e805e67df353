"""A name that was replaced in one place: replace it in the others that mean the same."""

from collections.abc import Sequence
from difflib import SequenceMatcher

from homebody.next_edit.changes import MOST_CHARS, NextEdit, TokenChange, likeness, token_changes
from homebody.next_edit.place import Place
from homebody.syntax.language import keywords
from homebody.syntax.names import Name

_MIN_CHARS = 4
_MOST_SITES = 20
_MOST_LINES = 200
_MOST_KNOWN = 2
"""Number of places that may have the new name already, the renamed one included."""

_MIN_LIKENESS = 0.7
_MIN_SIMILARITY = 0.5
"""A name that has less in common with the old one usually stands for something else."""

_MEMBER = (".", "->", "::")


def rename(place: Place) -> NextEdit | None:
    """Replace the name in the nearest line that has it in the same scope, if that is like the changed one."""
    changed = [tokens for change in place.changes for tokens in token_changes(change)]
    for tokens in token_changes(place.newest):
        alike = [tokens, *(other for other in changed if other.old == tokens.old and other != tokens)]
        is_one = all(other.new == tokens.new for other in alike)
        if is_one and _is_rename(place, tokens) and (edit := _renamed(place, alike)):
            return edit
    return None


def _is_rename(place: Place, tokens: TokenChange) -> bool:
    if len(tokens.old) != 1 or len(tokens.new) != 1 or len(tokens.old[0]) < _MIN_CHARS:
        return False
    reserved = keywords(place.tree.language) if place.tree.language else frozenset[str]()
    if not all(token.isidentifier() and token not in reserved for token in (*tokens.old, *tokens.new)):
        return False
    return SequenceMatcher(None, tokens.old[0], tokens.new[0]).ratio() >= _MIN_SIMILARITY


def _renamed(place: Place, alike: Sequence[TokenChange]) -> NextEdit | None:
    document, tokens = place.document, alike[0]
    (old,), (new,) = tokens.old, tokens.new
    offset = document.line_starts[tokens.line] + tokens.column
    starts, known = place.matches(old), place.matches(new)
    if not starts or known is None or len(known) > _MOST_KNOWN or place.is_opaque(offset):
        return None
    name = _name_at(place, offset)
    scope = document.whole if name is None else place.scope_at(offset, (old, new))
    is_member = _is_member(place, offset)
    by_line: dict[int, list[int]] = {}
    for start in starts:
        line = document.line_of(start)
        if (
            scope.start <= start < scope.end
            and line not in place.changed
            and _is_member(place, start) == is_member
            and not place.is_opaque(start)
            and len(document.line_text(line)) <= MOST_CHARS
        ):
            by_line.setdefault(line, []).append(start)
    if not by_line or len(by_line) > _MOST_SITES:
        return None
    by_line = {
        line: starts
        for line, starts in by_line.items()
        if likeness(tokens.text, document.line_text(line)) >= _MIN_LIKENESS
    }
    if not by_line:
        return None
    line = place.nearest(by_line) if len(alike) == 1 else place.site_after([t.line for t in alike], by_line)
    if line is None or place.distance(line) > _MOST_LINES:
        return None
    if any((_name_at(place, start) is None) != (name is None) for start in by_line[line]):
        return None
    changed = place.replaced(line, by_line[line], old, new)
    return NextEdit(document.uri, line, (document.line_text(line),), (changed,), "rename", (old, "", new))


def _name_at(place: Place, offset: int) -> Name | None:
    """Return the variable or function that is named at ``offset``."""
    line = place.document.line_of(offset)
    within = place.function_at(line) or place.document.line_span(line)
    return next((name for name in place.names(within) if name.start == offset), None)


def _is_member(place: Place, offset: int) -> bool:
    return place.document.text[max(0, offset - 2) : offset].endswith(_MEMBER)

"""The rules in the order in which they are asked, and what each of their edits has to pass."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from homebody.next_edit.changes import NextEdit
from homebody.next_edit.place import EditPlace
from homebody.next_edit.same_change import same_change, same_insertion, same_lines
from homebody.syntax.nodes import count_errors
from homebody.syntax.parsing import parse_text
from homebody.syntax.tree import edited

Rule: TypeAlias = Callable[[EditPlace], NextEdit | None]

RULES: tuple[Rule, ...] = (same_change, same_insertion, same_lines)
"""The one that is right most often comes first."""

_MOST_CHARS = 512 * 1024


def next_by_rules(place: EditPlace, is_wanted: Callable[[NextEdit], bool]) -> NextEdit | None:
    """Return the edit of the first rule that has one; ``is_wanted`` is false for what the user rejected.

    Where the user came back to lines, what changed since then is asked about first, then the whole change.
    """
    if not place.changes or len(place.document.text) > _MOST_CHARS:
        return None
    newest, changes = place.newest, place.changes
    count = sum((change.line, change.when) == (newest.line, newest.when) for change in changes[:2])
    places = [replace(place, changes=changes[first:]) for first in range(count)]
    edits = (rule(there) for there in places for rule in RULES)
    return next(
        (edit for edit in edits if edit is not None and is_wanted(edit) and keeps_syntax(place, edit)), None
    )


def keeps_syntax(place: EditPlace, edit: NextEdit) -> bool:
    """Whether the edit adds no syntax error; true without a tree of exactly this text."""
    document, tree = place.document, place.tree
    if not tree.exact:
        return True
    change = edit.applied_to(document)
    moved = edited(tree, document, change)
    text = document.edited(change, document.version).text
    handle = parse_text(text, tree.language, moved.units, moved.handle)
    return count_errors(replace(moved, handle=handle)) <= count_errors(tree)

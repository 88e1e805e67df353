"""Checks for one kind of action each, in addition to the common ones: what it must not change.

In: both versions of a document. Out: the reason why the edit is refused, in one sentence that also tells
the model what to correct; or nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from homebody.postprocess.edit.answer_code import Refusal
from homebody.postprocess.edit.edited import Edited, within
from homebody.syntax.compare import Compared, Part, Token, compared
from homebody.syntax.language import keywords
from homebody.syntax.names import Name, names
from homebody.syntax.scope import Definition

Guard: TypeAlias = Callable[[Edited], Refusal | None]

_CANNOT_CHECK = Refusal("Homebody cannot check such an edit in this file, so nothing is changed.")


def types_guard(edit: Edited) -> Refusal | None:
    """Only annotations and imports may be added."""
    return _same_but_for(
        edit, frozenset({"annotations", "imports", "comments"}), "type annotations and imports"
    )


def documentation_guard(edit: Edited) -> Refusal | None:
    """Only documentation may change."""
    return _same_but_for(edit, frozenset({"comments", "documentation"}), "documentation")


def rename_guard(edit: Edited) -> Refusal | None:
    """Only names that are local to the function may change, each everywhere and to one new name."""
    old, new = _tokens(edit, frozenset({"comments"}))
    if old is None or new is None:
        return _CANNOT_CHECK
    if [token.kind for token in old.tokens] != [token.kind for token in new.tokens]:
        return Refusal("The answer changes more than names, so it is not offered.")
    old_names = {name.start: name for name in names(edit.old, edit.old_tree, edit.old_span)}
    renamed = _renamed(old.tokens, new.tokens, old_names)
    return renamed if isinstance(renamed, Refusal) else _clash(edit, renamed, list(old_names.values()))


def _renamed(
    old: Sequence[Token], new: Sequence[Token], old_names: Mapping[int, Name]
) -> dict[str, str] | Refusal:
    """Map each old name to its new one."""
    renamed: dict[str, str] = {}
    for before, after in zip(old, new, strict=True):
        name = old_names.get(before.start)
        if name is None or name.is_shorthand or not before.text:
            if before.text != after.text:
                return Refusal(f"The answer changes {_shown(before)}, which is no name of a local variable.")
        elif renamed.setdefault(name.text, after.text) != after.text:
            return Refusal(f"The answer renames {name.text} in one place and not in another.")
    return renamed


def _clash(edit: Edited, renamed: Mapping[str, str], found: Sequence[Name]) -> Refusal | None:
    """Refuse to rename names that other code may use, and new names that are already in use."""
    local = _local_names(edit, found)
    changed = {before: after for before, after in renamed.items() if before != after}
    for before, after in changed.items():
        if before not in local:
            return Refusal(f"The answer renames {before}, which code elsewhere may use.")
        if after in renamed or list(changed.values()).count(after) > 1 or after in _reserved(edit):
            return Refusal(f"The answer renames {before} to {after}, a name that is in use already.")
    return None


def extract_guard(edit: Edited) -> Refusal | None:
    """There must be a new function, it must be called, and every name in the code must be bound."""
    old = within(edit.old_definitions(), edit.old_span)
    new = within(edit.new_definitions(), edit.new_span)
    if not new:
        return _CANNOT_CHECK
    known = {one.name for one in edit.old_definitions()}
    added = [one for one in new if one.is_function and one.name not in known]
    if not added:
        return Refusal("The answer has no new function, so there is nothing to extract to.")
    everything = names(edit.new, edit.new_tree, edit.new_span)
    text = edit.new.text
    for one in added:
        outside = (text[edit.new_span.start : one.span.start], text[one.span.end : edit.new_span.end])
        if not any(one.name in part for part in outside):
            return Refusal(f"The answer never calls the new function {one.name}.")
    free_before = _free(names(edit.old, edit.old_tree, edit.old_span), old or [])
    known |= {one.name for one in new}
    for one in new:
        inner = [name for name in everything if one.span.start <= name.start < one.span.end]
        bound = {name.text for name in inner if name.binds}
        around = _bound_around(one, new, everything)
        for name in inner:
            if name.text not in bound | around | free_before | known | _reserved(edit):
                return Refusal(f"The answer uses {name.text} in {one.name}, where it is not defined.")
    return None


GUARDS: Mapping[str, Guard] = {
    "types": types_guard,
    "documentation": documentation_guard,
    "rename": rename_guard,
    "extract": extract_guard,
}


def _same_but_for(edit: Edited, parts: frozenset[Part], allowed: str) -> Refusal | None:
    old, new = _tokens(edit, parts)
    if old is None or new is None:
        return _CANNOT_CHECK
    if lost := old.imports - new.imports:
        return Refusal(f"The answer removes “{min(lost)}”, and only {allowed} may be added.")
    before, after = _texts(old.tokens), _texts(new.tokens)
    if before == after:
        return None
    at = next(
        (n for n, (one, other) in enumerate(zip(before, after, strict=False)) if one != other),
        min(len(before), len(after)),
    )
    place = " ".join(text for _, text in before[max(0, at - 3) : at + 3] if text)
    return Refusal(f"The answer changes more than {allowed}: near “{place[:60]}”.")


def _tokens(edit: Edited, parts: frozenset[Part]) -> tuple[Compared | None, Compared | None]:
    return compared(edit.old, edit.old_tree, parts), compared(edit.new, edit.new_tree, parts)


def _texts(tokens: Sequence[Token]) -> list[tuple[str, str]]:
    """Kind and text of each token, without tokens that the grammar adds (empty blocks, line ends)."""
    return [
        (token.kind if not token.text else "", token.text)
        for token in tokens
        if token.text.strip() or not token.text
    ]


def _local_names(edit: Edited, found: Sequence[Name]) -> set[str]:
    """Names that are bound in functions of the old code and nowhere outside them."""
    functions = [one for one in edit.old_definitions() if one.is_function]
    by_keyword = edit.old_tree.language is not None and edit.old_tree.language.names_arguments
    local: set[str] = set()
    shared: set[str] = set()
    for name in found:
        if not name.binds:
            continue
        around = [one for one in functions if one.span.start <= name.start < one.span.end]
        outermost = min(around, key=lambda one: one.span.start, default=None)
        in_header = any(one.header.start <= name.start < one.header.end for one in around)
        own_name = any(
            one.name == name.text and one.header.start <= name.start < one.header.end for one in around
        )
        if outermost is None or (in_header and (own_name or by_keyword)):
            shared.add(name.text)
        else:
            local.add(name.text)
    return local - shared


def _free(found: Sequence[Name], inside: Sequence[Definition]) -> set[str]:
    """Names that the old code took from elsewhere."""
    bound = {name.text for name in found if name.binds}
    return {name.text for name in found} - (bound if inside else set[str]())


def _bound_around(one: Definition, everything: Sequence[Definition], found: Sequence[Name]) -> set[str]:
    """Names bound by the functions around ``one``."""
    around = [
        other
        for other in everything
        if other is not one and other.span.start <= one.span.start and one.span.end <= other.span.end
    ]
    return {
        name.text
        for name in found
        if name.binds and any(other.span.start <= name.start < other.span.end for other in around)
    }


def _reserved(edit: Edited) -> frozenset[str]:
    return keywords(edit.old_tree.language) if edit.old_tree.language is not None else frozenset()


def _shown(token: Token) -> str:
    return f"“{token.text[:40]}”" if token.text else "the structure"


def guard_of(name: str) -> Guard | None:
    """Return the check that a prompt file names; ``None`` for ``none`` and for checks made elsewhere."""
    return GUARDS.get(name)

"""Checks for one kind of action each, in addition to the common ones: what it must not change.

``prompts/actions/`` names the guard of each action.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from homebody.postprocess.edit.answer_code import CANNOT_CHECK, Refusal
from homebody.postprocess.edit.edited import Edited
from homebody.postprocess.edit.extracted import extract_guard
from homebody.postprocess.edit.heads import changed_signatures
from homebody.postprocess.edit.literals import changed_literals, dropped_literals
from homebody.postprocess.edit.operators import exchanged_operators
from homebody.postprocess.edit.preserved import (
    added_names,
    dropped_comments,
    dropped_comments_but_types,
    dropped_effects,
    dropped_names,
)
from homebody.postprocess.edit.renamed import rename_guard
from homebody.syntax.compare import ExcludedPart, same_tokens
from homebody.syntax.import_block import Statement
from homebody.syntax.language import described
from homebody.syntax.row import Language

Check: TypeAlias = Callable[[Edited], Refusal | None]


def types_guard(edit: Edited) -> Refusal | None:
    """Only annotations and imports may be added."""
    return _same_but_for(
        edit, frozenset({"annotations", "imports", "comments"}), "type annotations and imports"
    )


def documentation_guard(edit: Edited) -> Refusal | None:
    """Only documentation may change."""
    return _same_but_for(edit, frozenset({"comments", "documentation"}), "documentation")


GUARDS: Mapping[str, tuple[Check, ...]] = {
    "types": (types_guard, dropped_comments_but_types),
    "documentation": (documentation_guard,),
    "rename": (rename_guard,),
    "extract": (
        *(extract_guard, changed_signatures, changed_literals, dropped_effects, exchanged_operators),
        dropped_comments,
    ),
    "behaviour": (changed_signatures, changed_literals, dropped_effects, exchanged_operators),
    "flow": (
        *(changed_signatures, changed_literals, dropped_effects, exchanged_operators),
        *(dropped_comments, dropped_names, added_names),
    ),
    "additions": (
        *(changed_signatures, dropped_literals, dropped_effects, exchanged_operators),
        *(dropped_comments, dropped_names),
    ),
}
"""The checks of each guard, in order. The guard ``tests`` is checked where a new file is made."""

_NEEDS: Mapping[str, str] = {"types": "annotations", "rename": "names", "extract": "names", "flow": "names"}
"""Patterns that a language's query file must have for the guard to work."""


def refused_by(guard: str, edit: Edited) -> Refusal | None:
    """Return the reason why an edit fails a guard; ``None`` if it passes all of its checks."""
    checks = GUARDS.get(guard, ())
    if checks and (edit.old_tree.handle is None or not edit.old_tree.exact):
        return CANNOT_CHECK
    return next((refusal for check in checks if (refusal := check(edit)) is not None), None)


def can_check(guard: str, language: Language | None) -> bool:
    """Whether a guard works in a language; an action whose guard does not work there is not offered."""
    if guard == "none":
        return True
    if language is None:
        return False
    if guard == "documentation":
        return language.doc is not None
    if guard == "tests":
        return bool(language.tests)
    needed = _NEEDS.get(guard)
    return bool(language.grammar) and not language.data and (needed is None or needed in described(language))


def _same_but_for(edit: Edited, parts: frozenset[ExcludedPart], allowed: str) -> Refusal | None:
    both = edit.compared(parts)
    if both is None:
        return CANNOT_CHECK
    old, new = both
    lost = old.imports - new.imports
    if lost and (lost := lost - _kept_imports(edit)):
        return Refusal(f"The answer removes “{min(lost)}”, and only {allowed} may be added.")
    before, after = same_tokens(old.tokens), same_tokens(new.tokens)
    if before == after:
        lost_types = old.annotated - new.annotated
        return Refusal("The answer drops a type annotation that was there.") if lost_types else None
    place = _place(before, after)
    return Refusal(f"The answer changes more than {allowed}: near “{place[:60]}”.")


def _kept_imports(edit: Edited) -> set[str]:
    """Texts of the old import statements of which everything is imported afterwards."""
    new = {key for one in edit.new_imports for key in _imported(one)}
    return {" ".join(one.text.split()) for one in edit.old_imports if _imported(one) <= new}


def _imported(statement: Statement) -> set[tuple[str, str, str]]:
    modules, entries = statement.modules, statement.entries
    if not entries:
        return {(module, "", "") for module in modules}
    return {(modules[0] if len(modules) == 1 else "", entry.name, entry.alias) for entry in entries}


def _place(before: Sequence[tuple[str, str]], after: Sequence[tuple[str, str]]) -> str:
    """Text around the first difference."""
    at = next(
        (n for n, (one, other) in enumerate(zip(before, after, strict=False)) if one != other),
        min(len(before), len(after)),
    )
    return " ".join(text for _, text in before[max(0, at - 3) : at + 3] if text)

"""Checks for every edit of every action.

In: both versions of a document and what the user asked for. Out: the reason why the edit is refused, in
one sentence that also tells the model what to correct; or nothing.
"""

import re
from collections import Counter

from homebody.postprocess.edit.answer_code import Refusal
from homebody.postprocess.edit.bodies import emptied_bodies
from homebody.postprocess.edit.edited import Edited, within
from homebody.postprocess.edit.heads import (
    dropped_decorations,
    dropped_documentation,
    dropped_modifiers,
    dropped_parts,
)
from homebody.postprocess.edit.resolved import lost_imports
from homebody.postprocess.invisible import invisible_added, name_of
from homebody.syntax import nodes
from homebody.syntax.check import count_errors, count_tree_errors
from homebody.syntax.scope import Definition
from homebody.text import Span

_MAX_GROWTH = 20
_FREE_LINES = 100
"""An answer may have this many lines, and ``_MAX_GROWTH`` times those of the code beside."""

_REMOVES = re.compile(
    r"\b(?:remov|delet|drop|inlin|merg|eliminat|get rid|strip|combin|unif|collaps)\w*", re.IGNORECASE
)
_EXCHANGES = re.compile(
    r"\b(?:renam|replac|split|mov|extract|convert|turn|call it|name it|instead)\w*", re.IGNORECASE
)
"""Words of an instruction after which a definition may be lost if there is a new one, or if it is named."""
_GENERATES = re.compile(
    r"\b(?:data ?class|namedtuple|attrs|pydantic|record|constructor|lombok)\w*", re.IGNORECASE
)
"""Kinds of classes that have methods which nobody writes."""
_GENERATED = re.compile(r"__\w+__|(?:get|set|is)[A-Z]\w*|equals|hashCode|toString|copy|constructor")


def common_refusal(edit: Edited, instruction: str) -> Refusal | None:
    """Return the reason why an edit is not offered; ``None`` if it passes all checks."""
    return (
        _too_long(edit)
        or unreadable(edit.new_code, edit.old.text)
        or _new_errors(edit)
        or _repeated_definitions(edit)
        or _lost_definitions(edit, instruction)
        or emptied_bodies(edit, instruction)
        or dropped_decorations(edit, instruction)
        or dropped_modifiers(edit, instruction)
        or dropped_parts(edit, instruction)
        or dropped_documentation(edit, instruction)
        or lost_imports(edit, removes=any(one.search(instruction) for one in (_REMOVES, _EXCHANGES)))
    )


def unreadable(new: str, old: str) -> Refusal | None:
    """Refuse text with an invisible character that ``old`` does not have: it can hide what code does."""
    char = invisible_added(new, old)
    if char is None:
        return None
    return Refusal(
        f"The answer has the invisible character {name_of(char)}, which can hide what code does: write it "
        "as an escape sequence, or leave it out."
    )


def _too_long(edit: Edited) -> Refusal | None:
    old, new = edit.old_code.count("\n") + 1, edit.new_code.count("\n") + 1
    if new <= _FREE_LINES + _MAX_GROWTH * old:
        return None
    return Refusal(f"The answer has {new} lines for {old} lines of code, so it is not offered.")


def _new_errors(edit: Edited) -> Refusal | None:
    language = edit.old_tree.language
    if language is None:
        return None
    # The old text is parsed again, because an error may have another size in a tree that edits were put into.
    errors = count_tree_errors(edit.new_tree)
    if not errors or errors <= count_errors(edit.old.text, language):
        return None
    at = nodes.first_error(edit.new_tree, edit.new_span)
    if at is None:
        at = nodes.first_error(edit.new_tree, Span(0, len(edit.new.text)))
    line = edit.new.line_text(edit.new.line_of(at)).strip() if at is not None else ""
    where = f" near “{line[:60]}”" if line else ""
    return Refusal(
        f"The answer has syntax errors as {language.title} code{where}, so the file is not changed."
    )


def _repeated_definitions(edit: Edited) -> Refusal | None:
    """Refuse an answer that repeats code from outside the replaced lines."""
    found = edit.new_definitions
    inside = within(found, edit.new_span)
    outside = {(one.kind, one.container, one.name) for one in found if one not in inside}
    before = {(one.kind, one.container, one.name) for one in within(edit.old_definitions, edit.old_span)}
    for one in edit.new_own:
        key = (one.kind, one.container, one.name)
        # Overloads and conditional definitions may already occur twice.
        if key in outside and key not in before:
            return Refusal(
                f"The answer defines {one.name} again, which is defined elsewhere in the file; "
                "only the code that was selected may be rewritten."
            )
    return None


def _lost_definitions(edit: Edited, instruction: str) -> Refusal | None:
    """Refuse to lose a definition; one that moved is not lost, and one of two of the same name is."""
    if _REMOVES.search(instruction):
        return None
    old, new = edit.old_definitions, edit.new_definitions
    fewer = Counter(one.name for one in old) - Counter(one.name for one in edit.all_new_definitions)
    lost = [one for one in edit.old_own if one.name in fewer]
    if _EXCHANGES.search(instruction):
        is_new = any(one.name not in {other.name for other in old} for one in within(new, edit.new_span))
        lost = [one for one in lost if not is_new and one.name not in instruction]
    if _GENERATES.search(instruction):
        generated = Counter(one.name for one in lost if _is_generated(one))
        lost = [one for one in lost if fewer[one.name] > generated[one.name]]
    if not lost:
        return None
    names = ", ".join(dict.fromkeys(one.name for one in lost[:5]))
    return Refusal(f"The answer leaves out {names}, so the file is not changed.")


def _is_generated(one: Definition) -> bool:
    """Whether it may be a method of a class that has it without being written, or a constructor."""
    return _GENERATED.fullmatch(one.name) is not None or one.name == one.container.rpartition(".")[2]

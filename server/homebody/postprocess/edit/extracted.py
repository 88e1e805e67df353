"""The check of an edit that extracts a function."""

import re
from collections.abc import Sequence

from homebody.postprocess.edit.answer_code import CANNOT_CHECK, Refusal
from homebody.postprocess.edit.edited import Edited, within
from homebody.syntax.language import keywords
from homebody.syntax.names import Name
from homebody.syntax.scope import Definition


def extract_guard(edit: Edited) -> Refusal | None:
    """There must be a new function, it must be called, and every name in the code must be bound."""
    old = within(edit.old_definitions, edit.old_span)
    new = within(edit.new_definitions, edit.new_span)
    if not new:
        return CANNOT_CHECK
    known = {one.name for one in edit.old_definitions}
    added = [one for one in new if one.is_function and one.name not in known]
    if not added:
        return Refusal("The answer has no new function, so there is nothing to extract to.")
    everything = edit.new_names
    text = edit.new.text
    for one in added:
        outside = (text[edit.new_span.start : one.span.start], text[one.span.end : edit.new_span.end])
        if not any(re.search(rf"\b{re.escape(one.name)}\b", part) for part in outside):
            return Refusal(f"The answer never calls the new function {one.name}.")
    free_before = _free(edit.old_names, old or [])
    known |= {one.name for one in new}
    for one in new:
        inner = [name for name in everything if one.span.start <= name.start < one.span.end]
        bound = {name.text for name in inner if name.binds}
        around = _bound_around(one, new, everything)
        for name in inner:
            if name.text not in bound | around | free_before | known | _reserved(edit):
                return Refusal(f"The answer uses {name.text} in {one.name}, where it is not defined.")
    return None


def _free(found: Sequence[Name], inside: Sequence[Definition]) -> set[str]:
    """Names that the old code took from elsewhere."""
    bound = {name.text for name in found if name.binds}
    return {name.text for name in found} - (bound if inside else set[str]())


def _bound_around(one: Definition, everything: Sequence[Definition], found: Sequence[Name]) -> set[str]:
    """Names bound by the functions around ``one``."""
    around = [other for other in everything if other is not one and other.span.covers(one.span)]
    return {
        name.text
        for name in found
        if name.binds and any(other.span.start <= name.start < other.span.end for other in around)
    }


def _reserved(edit: Edited) -> frozenset[str]:
    language = edit.old_tree.language
    return keywords(language) | language.builtins if language is not None else frozenset()

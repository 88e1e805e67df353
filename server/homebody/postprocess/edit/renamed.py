"""The check of an edit that renames local variables."""

import re
from collections.abc import Iterator, Mapping, Sequence

from homebody.postprocess.edit.answer_code import CANNOT_CHECK, Refusal
from homebody.postprocess.edit.edited import Edited, docstrings
from homebody.syntax.compare import Token
from homebody.syntax.names import Name
from homebody.syntax.opaque import comments_in, strings_in

_MEMBERS = frozenset({"property_identifier", "field_identifier"})
"""Kinds of tokens that name a member."""
_IN_FULL = -1
"""Offset of tokens that are not in the text."""
_MORE = Refusal("The answer changes more than names, so it is not offered.")


def rename_guard(edit: Edited) -> Refusal | None:
    """Only names that are local to the function may change, each everywhere and to one new name."""
    both = edit.compared(frozenset({"comments"}))
    if both is None:
        return CANNOT_CHECK
    old, new = both
    found = edit.old_names
    old_tokens = list(_in_full(old.tokens, found))
    new_tokens = list(_in_full(new.tokens, edit.new_names))
    if [token.kind for token in old_tokens] != [token.kind for token in new_tokens]:
        return _MORE
    renamed = _renamed(old_tokens, new_tokens, {name.start: name for name in found})
    if isinstance(renamed, Refusal):
        return renamed
    return _not_local(edit, renamed, found) or _other_text(edit, renamed)


def _in_full(tokens: Sequence[Token], found: Sequence[Name]) -> Iterator[Token]:
    """Tokens with ``x: x`` for ``x`` where it names a variable and a member."""
    shorthands = {name.start for name in found if name.is_shorthand}
    for token in tokens:
        if token.start in shorthands and token.text:
            yield Token("member", token.text, _IN_FULL)
            yield Token(":", ":", _IN_FULL)
            yield Token("identifier", token.text, token.start)
        else:
            yield token._replace(kind="member") if token.kind in _MEMBERS else token


def _renamed(
    old: Sequence[Token], new: Sequence[Token], old_names: Mapping[int, Name]
) -> dict[str, str] | Refusal:
    """Map each old name to its new one."""
    renamed: dict[str, str] = {}
    for before, after in zip(old, new, strict=True):
        name = old_names.get(before.start)
        if before.start == _IN_FULL and before.text != after.text:
            return Refusal(f"The answer changes {_shown(before)}, which also names a member.")
        if name is None or not before.text:
            if before.text != after.text and not before.is_string:
                return Refusal(f"The answer changes {_shown(before)}, which is not a local variable.")
        elif name.is_ambiguous and before.text != after.text:
            return Refusal(f"The answer changes {_shown(before)}, which also names a member.")
        elif renamed.setdefault(name.text, after.text) != after.text:
            return Refusal(f"The answer renames {name.text} in one place and not in another.")
    return renamed


def _not_local(edit: Edited, renamed: Mapping[str, str], found: Sequence[Name]) -> Refusal | None:
    """Refuse to rename names that other code may use, and new names that are already in use."""
    ambiguous = {name.text for name in found if name.is_ambiguous}
    changed = {before: after for before, after in renamed.items() if before != after}
    language = edit.old_tree.language
    readers = {name.text for name in found} & (language.reads_names if language is not None else frozenset())
    if changed and readers:
        return Refusal(f"The answer renames {min(changed)}, which {min(readers)} may use by its name.")
    for before, after in changed.items():
        if not _is_local(edit, [name for name in found if name.text == before]):
            return Refusal(f"The answer renames {before}, which code elsewhere may use.")
        if before.lstrip("$") in ambiguous:
            return Refusal(f"The answer renames {before}, which also names a member.")
        if after in renamed or list(changed.values()).count(after) > 1:
            return Refusal(f"The answer renames {before} to {after}, a name that is in use already.")
    return None


def _is_local(edit: Edited, found: Sequence[Name]) -> bool:
    """Whether a name is bound in the rewritten code only, and used only where it is bound.

    ``found`` are all places of the name.
    """
    bindings = [name for name in found if name.binds]
    scopes = [name.scope for name in bindings if name.scope is not None]
    if not bindings or len(scopes) < len(bindings):
        return False
    if not all(edit.old_span.covers(scope) for scope in scopes):
        return False
    if any(_is_keyword_parameter(edit, name) for name in bindings):
        return False
    return all(any(scope.start <= name.start < scope.end for scope in scopes) for name in found)


def _is_keyword_parameter(edit: Edited, name: Name) -> bool:
    """Whether callers may pass a value by this name."""
    language = edit.old_tree.language
    if language is None or not language.names_arguments:
        return False
    return any(
        one.is_function and one.header.start <= name.start < one.header.end for one in edit.old_definitions
    )


def _other_text(edit: Edited, renamed: Mapping[str, str]) -> Refusal | None:
    """Refuse changes of comments, docstrings and other strings, except for the names in them."""
    old_comments, new_comments = (
        [document.slice(span) for span in comments_in(document, tree, within)]
        for document, tree, within in (
            (edit.old, edit.old_tree, edit.old_span),
            (edit.new, edit.new_tree, edit.new_span),
        )
    )
    if len(old_comments) != len(new_comments):
        return Refusal("The answer adds or drops a comment, and only names may change.")
    for before, after in zip(old_comments, new_comments, strict=True):
        if not _same_words(before, after, renamed):
            return Refusal(f"The answer changes the comment “{before[:60]}”, and only names may change.")
    return _changed_string(edit, renamed)


def _changed_string(edit: Edited, renamed: Mapping[str, str]) -> Refusal | None:
    language = edit.old_tree.language
    inside = language.string_names if language is not None else None
    found = docstrings(edit.old, edit.old_tree, edit.old_definitions)
    documentation = {" ".join(parts) for parts in found}
    old = strings_in(edit.old, edit.old_tree, edit.old_span)
    new = strings_in(edit.new, edit.new_tree, edit.new_span)
    for before, after in zip(old, new, strict=False):
        if before in documentation and _same_words(before, after, renamed):
            continue
        expected = before
        if inside is not None:
            expected = inside.sub(lambda match: renamed.get(match.group(), match.group()), before)
        if expected != after:
            return Refusal(f"The answer changes the text {before[:60]}, or a name in it is not changed.")
    return None


def _same_words(before: str, after: str, renamed: Mapping[str, str]) -> bool:
    """Whether two comments have the same words, with old or new names."""
    old, new = re.findall(r"\w+", before), re.findall(r"\w+", after)
    return len(old) == len(new) and all(
        one == other or renamed.get(one) == other for one, other in zip(old, new, strict=True)
    )


def _shown(token: Token) -> str:
    return f"“{token.text[:40]}”" if token.text else "the structure"

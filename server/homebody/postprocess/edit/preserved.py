"""Checks that an edit keeps comments and names."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from homebody.postprocess.edit.answer_code import Refusal
from homebody.postprocess.edit.edited import Edited
from homebody.syntax.compare import Token
from homebody.syntax.identifiers import identifiers_in
from homebody.syntax.names import Name, declared_elsewhere
from homebody.syntax.opaque import comments_in
from homebody.syntax.tree import Tree
from homebody.text import Document, Span

_ALL = 1_000_000


def dropped_comments(edit: Edited) -> Refusal | None:
    """Refuse to drop a comment or to change its words."""
    return _dropped(edit, _comments(edit.old, edit.old_tree, edit.old_span))


def dropped_comments_but_types(edit: Edited) -> Refusal | None:
    """Refuse to drop a comment, unless it is one with types (``# type: (int) -> str``)."""
    found = _comments(edit.old, edit.old_tree, edit.old_span)
    return _dropped(edit, [words for words in found if words[0] != "type" or words[1:2] == ["ignore"]])


def _dropped(edit: Edited, comments: list[list[str]]) -> Refusal | None:
    new = Counter(" ".join(words) for words in _comments(edit.new, edit.new_tree, edit.new_span))
    for words in comments:
        if not new[" ".join(words)]:
            return Refusal(f"The answer drops the comment “{' '.join(words)[:60]}”.")
        new[" ".join(words)] -= 1
    return None


def dropped_names(edit: Edited) -> Refusal | None:
    """Refuse to stop using a function, a member or a variable from elsewhere."""
    language = edit.old_tree.language
    old = _all_names(edit.old, edit.old_tree, edit.old_span) - _bound(edit.old_names)
    lost = old - _all_names(edit.new, edit.new_tree, edit.new_span)
    lost -= language.implied if language is not None else frozenset()
    return Refusal(f"The answer does not use {min(lost)} any more.") if lost else None


def added_names(edit: Edited) -> Refusal | None:
    """Refuse to use a function, a member or a variable from elsewhere that the code did not use."""
    new = _all_names(edit.new, edit.new_tree, edit.new_span) - _bound(edit.new_names)
    added = new - _all_names(edit.old, edit.old_tree, edit.old_span)
    return Refusal(f"The answer uses {min(added)}, which the code did not use.") if added else None


def dropped_effects(edit: Edited) -> Refusal | None:
    """Refuse code that raises, waits or yields no more, or that makes a global variable a local one."""
    language = edit.old_tree.language
    if language is None:
        return None
    old, new = _words(edit.old_tokens), _words(edit.new_tokens)
    lost = (old - new) & language.effects
    if lost:
        return Refusal(f"The answer has no “{min(lost)}” any more.")
    if language.opens in old - new and (opened := _called_behind(language.opens, edit.old_code) & new):
        return Refusal(
            f"The answer has no “{language.opens}” any more, which closes what {min(opened)} opens."
        )
    if len(language.discards.findall(edit.new_code)) > len(language.discards.findall(edit.old_code)):
        return Refusal("The answer ignores a value that the code used.")
    # PHP's functions see no global variable that they do not declare, not even to read it.
    bound = {name.text for name in edit.new_names if name.binds or name.text.startswith("$")}
    before = declared_elsewhere(edit.old, edit.old_tree, edit.old_span)
    local = (before - declared_elsewhere(edit.new, edit.new_tree, edit.new_span)) & bound
    return Refusal(f"The answer makes {min(local)} a local variable.") if local else None


def _called_behind(keyword: str, code: str) -> set[str]:
    """Functions that are called on the lines with ``keyword``, behind it."""
    lines = re.findall(rf"\b{keyword}\b([^\n]*)", code)
    return {name for line in lines for name in re.findall(r"(\w+)\s*\(", line)}


def _words(tokens: Sequence[Token]) -> set[str]:
    """Texts of ``tokens`` outside of strings; ``except*`` is one of them."""
    texts = [token.text for token in tokens if not token.is_string]
    return {*texts, *(f"{one}*" for one, other in pairwise(texts) if other == "*")}


def _comments(document: Document, tree: Tree, span: Span) -> list[list[str]]:
    """Words of each comment."""
    found = [re.findall(r"\w+", document.slice(one)) for one in comments_in(document, tree, span)]
    return [words for words in found if words]


def _all_names(document: Document, tree: Tree, span: Span) -> set[str]:
    return set(identifiers_in(document, tree, span, _ALL))


def _bound(found: Sequence[Name]) -> set[str]:
    return {name.text for name in found if name.binds}

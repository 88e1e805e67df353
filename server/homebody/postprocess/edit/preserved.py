"""Checks that an edit keeps what it must not change: signatures, decorators, comments, names.

In: both versions of a document. Out: the reason why the edit is refused, in one sentence that also tells
the model what to correct; or nothing. They compare what both versions define under the same name.
"""

import re
from collections import Counter
from collections.abc import Mapping

from homebody.postprocess.edit.answer_code import Refusal
from homebody.postprocess.edit.edited import Edited, is_local, within
from homebody.syntax import nodes
from homebody.syntax.identifiers import identifiers_in
from homebody.syntax.names import names
from homebody.syntax.opaque import comments_in
from homebody.syntax.scope import Definition
from homebody.syntax.tree import Tree
from homebody.text import Document, Span

_ALL = 1_000_000
_LAST_COMMA = re.compile(r" ?, (?=[)\]}>])")
_DECORATION_WORDS = re.compile(r"decorat|attribut|annotat", re.IGNORECASE)
_MODIFIERS = frozenset(
    {
        *("abstract", "async", "const", "constexpr", "default", "export", "extern", "final", "inline"),
        *("internal", "native", "open", "operator", "override", "private", "protected", "pub", "public"),
        *("readonly", "sealed", "static", "suspend", "synchronized", "unsafe", "virtual", "volatile"),
    }
)
_MODIFIER_WORDS = re.compile(
    r"\b(?:a?sync\w*|coroutine\w*|modifier\w*|visib\w*|export\w*|instance|expos\w*|"
    + "|".join(sorted(_MODIFIERS))
    + r")\b",
    re.IGNORECASE,
)

_Key = tuple[str, str]


def dropped_decorations(edit: Edited, instruction: str) -> Refusal | None:
    """Refuse to drop a decorator, an annotation or an attribute that the instruction does not mention."""
    new = _decorations(edit.new, edit.new_tree, edit.new_span, edit.new_definitions())
    for key, before in _decorations(edit.old, edit.old_tree, edit.old_span, edit.old_definitions()).items():
        for lost in before - new.get(key, before):
            word = re.search(r"\w+", lost)
            named = word is not None and word.group().lower() in instruction.lower()
            if not named and not _DECORATION_WORDS.search(instruction):
                return Refusal(f"The answer drops “{lost[:60]}” of {key[1]}, so it is not offered.")
    return None


def dropped_modifiers(edit: Edited, instruction: str) -> Refusal | None:
    """Refuse to drop a modifier such as ``export`` or ``static``, unless the instruction is about those."""
    if _MODIFIER_WORDS.search(instruction):
        return None
    new = _signatures(edit.new_definitions(), edit.new_span)
    for key, before in _signatures(edit.old_definitions(), edit.old_span).items():
        kept = _modifiers(new.get(key, before))
        if lost := _modifiers(before) - kept:
            return Refusal(f"The answer drops “{min(lost)}” of {key[1]}, so it is not offered.")
    return None


def changed_signatures(edit: Edited) -> Refusal | None:
    """Refuse to change a signature: parameters, defaults, result, modifiers, base classes."""
    new = _signatures(edit.new_definitions(), edit.new_span)
    for key, before in _signatures(edit.old_definitions(), edit.old_span).items():
        if (before - new.get(key, before)) or (new.get(key, before) - before):
            return Refusal(f"The answer changes the signature of {key[1]}, which other code relies on.")
    return None


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
    lost = _used(edit.old, edit.old_tree, edit.old_span) - _all_names(edit.new, edit.new_tree, edit.new_span)
    return Refusal(f"The answer does not use {min(lost)} any more.") if lost else None


def added_names(edit: Edited) -> Refusal | None:
    """Refuse to use a function, a member or a variable from elsewhere that the code did not use."""
    added = _used(edit.new, edit.new_tree, edit.new_span) - _all_names(edit.old, edit.old_tree, edit.old_span)
    return Refusal(f"The answer uses {min(added)}, which the code did not use.") if added else None


def _comments(document: Document, tree: Tree, span: Span) -> list[list[str]]:
    """Words of each comment."""
    found = [re.findall(r"\w+", document.slice(one)) for one in comments_in(document, tree, span)]
    return [words for words in found if words]


def _all_names(document: Document, tree: Tree, span: Span) -> set[str]:
    return set(identifiers_in(document, tree, span, _ALL))


def _used(document: Document, tree: Tree, span: Span) -> set[str]:
    """Names that are not bound in the code itself."""
    bound = {name.text for name in names(document, tree, span) if name.binds}
    return _all_names(document, tree, span) - bound


def _signatures(found: tuple[Definition, ...], span: Span) -> dict[_Key, Counter[str]]:
    """Signatures without white space, by container and name; overloads share an entry."""
    signatures: dict[_Key, Counter[str]] = {}
    for one in within(found, span):
        if not is_local(one, found):
            text = _LAST_COMMA.sub(" ", " ".join(re.findall(r"\w+|[^\w\s]", one.signature)))
            signatures.setdefault((one.container, one.name), Counter())[text] += 1
    return signatures


def _modifiers(signatures: Counter[str]) -> set[str]:
    """Modifiers of any of the signatures."""
    return {word for text in signatures for word in text.partition("(")[0].split() if word in _MODIFIERS}


def _decorations(
    document: Document, tree: Tree, span: Span, found: tuple[Definition, ...]
) -> Mapping[_Key, Counter[str]]:
    """Texts of decorations, without white space, by what they belong to."""
    spans = [one for match in nodes.decorations(tree, span) for one in match["decoration"]]
    spans = sorted({one for one in spans if span.start <= one.start and one.end <= span.end})
    owners = sorted(within(found, span), key=lambda one: one.header.start)
    texts: dict[_Key, Counter[str]] = {(one.container, one.name): Counter() for one in owners}
    for one in spans:
        owner = next((other for other in owners if other.header.end > one.start), None)
        if owner is not None and _belongs(document, tree, one, owner, spans):
            text = "".join(document.slice(one).split())
            texts[owner.container, owner.name][text] += 1
    return texts


def _belongs(document: Document, tree: Tree, one: Span, owner: Definition, spans: list[Span]) -> bool:
    """Whether nothing but other decorations and comments stands between a decoration and ``owner``."""
    if one.start >= owner.header.start:
        return True
    between = Span(one.end, owner.header.start)
    known = sorted([*spans, *comments_in(document, tree, between)])
    at, rest = between.start, ""
    for other in known:
        if other.start >= at and other.end <= between.end:
            rest += document.text[at : other.start]
            at = other.end
    return not (rest + document.text[at : between.end]).strip()

"""Checks that an edit keeps the heads of definitions: decorators, modifiers, signatures, documentation.

They compare what both versions define under the same name.
"""

import re
from collections import Counter
from collections.abc import Mapping
from typing import TypeAlias, TypeVar

from homebody.postprocess.edit.answer_code import Refusal
from homebody.postprocess.edit.edited import Edited, within
from homebody.syntax import nodes
from homebody.syntax.decorations import with_decorations
from homebody.syntax.docstring import DocstringPlace, docstring_place
from homebody.syntax.heads import HeadPart, head_parts
from homebody.syntax.opaque import comments_in, text_without
from homebody.syntax.row import DocStyle
from homebody.syntax.scope import Definition
from homebody.syntax.tree import Tree
from homebody.text import Document, Span

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

_PART_WORDS = re.compile(
    r"annotat|\btyp(?:e|es|ed|ing)\b|generic|templat(?!e (?:string|literal))|signatur|inherit|subclass|base"
    r"|extend|implement|interface|dataclass|pydantic|attrs|record|throw|exception|catch|handl|void|nothing"
    r"|\bnone\b|result|constrain|print|python ?3",
    re.IGNORECASE,
)
_LEAVES_OUT = re.compile(r"\b(?:no|not|without|never|remov|delet|drop|replac|instead|stop)", re.IGNORECASE)
_DOCUMENTATION_WORDS = re.compile(r"doc|comment|descri", re.IGNORECASE)
_VARIABLE = re.compile(r"\b(?:const|let|var) (?=\w+ [:=])")
"""Beginning of a variable whose value is a function, as in JavaScript."""

_FILE_DOCSTRING = re.compile(
    r"(?:\s|#[^\n]*\n)*[rRuU]?(?:(?P<quotes>\"{3}|'{3})(?:(?!(?P=quotes))[^\\]|\\.)*(?P=quotes)"
    r"|\"(?!\")(?:[^\"\\\n]|\\.)*\"|'(?!')(?:[^'\\\n]|\\.)*')[ \t]*(?:#[^\n]*)?\r?(?:\n|\Z)",
    re.DOTALL,
)

_Key: TypeAlias = tuple[str, str]
_T = TypeVar("_T")


def dropped_decorations(edit: Edited, instruction: str) -> Refusal | None:
    """Refuse to drop a decorator, an annotation or an attribute that the instruction does not mention.

    A method that becomes a function may lose what only makes sense in its class, such as ``@staticmethod``.
    """
    new = _decorations(edit.new, edit.new_tree, edit.new_span, edit.new_definitions)
    for key, before in _decorations(edit.old, edit.old_tree, edit.old_span, edit.old_definitions).items():
        if key not in new and ("", key[1]) in new:
            continue
        for lost in before - _same(new, key, before):
            word = re.search(r"\w+", lost)
            named = word is not None and word.group().lower() in instruction.lower()
            if not named and not _DECORATION_WORDS.search(instruction):
                return Refusal(f"The answer drops “{lost[:60]}” of {key[1]}, so it is not offered.")
    return None


def dropped_modifiers(edit: Edited, instruction: str) -> Refusal | None:
    """Refuse to drop a modifier such as ``export`` or ``static``, unless the instruction is about those."""
    if _MODIFIER_WORDS.search(instruction):
        return None
    new = _signatures(edit.new_own)
    for key, before in _signatures(edit.old_own).items():
        kept = _modifiers(_same(new, key, before))
        if lost := _modifiers(before) - kept:
            return Refusal(f"The answer drops “{min(lost)}” of {key[1]}, so it is not offered.")
    return None


def dropped_parts(edit: Edited, instruction: str) -> Refusal | None:
    """Refuse to drop a part of a head, such as type parameters or the type of the result.

    A part that is replaced by another one is no loss. Everything is allowed if the instruction is about such
    parts. Where a function becomes an expression, its result has a type without being given one.
    """
    if _PART_WORDS.search(instruction):
        return None
    new = _parts(edit.new, edit.new_tree, edit.new_own)
    for key, before in _parts(edit.old, edit.old_tree, edit.old_own).items():
        after = _same(new, key, before)
        lost = Counter(part.kind for part in before) - Counter(part.kind for part in after)
        if not lost or len(after) >= len(before):
            continue
        kept = Counter(word for part in after for word in _words(part.text))
        texts = [part.text for part in before if Counter(_words(part.text)) - kept]
        if texts and not (_LEAVES_OUT.search(instruction) and _names(instruction, texts[0])):
            return Refusal(f"The answer drops “{texts[0][:60]}” of {key[1]}, so it is not offered.")
    return None


def _names(instruction: str, part: str) -> bool:
    return all(word in instruction for word in re.findall(r"\w{3,}", part))


def dropped_documentation(edit: Edited, instruction: str) -> Refusal | None:
    """Refuse to drop a docstring, also that of the file, or the doc comment above a definition."""
    if _DOCUMENTATION_WORDS.search(instruction):
        return None
    if _has_file_docstring(edit.old, edit.old_tree) and not _has_file_docstring(edit.new, edit.new_tree):
        return Refusal("The answer drops the documentation of the file, so it is not offered.")
    new = _documented(edit.new, edit.new_tree, edit.new_span, edit.new_own)
    for key, before in _documented(edit.old, edit.old_tree, edit.old_span, edit.old_own).items():
        if before > _same(new, key, before):
            return Refusal(f"The answer drops the documentation of {key[1]}, so it is not offered.")
    return None


def changed_signatures(edit: Edited) -> Refusal | None:
    """Refuse to change a signature: parameters, defaults, result, modifiers, base classes."""
    new = _signatures(edit.new_own)
    for key, before in _signatures(edit.old_own).items():
        after = _same(new, key, before)
        if (before - after) or (after - before):
            return Refusal(f"The answer changes the signature of {key[1]}, which other code relies on.")
    return None


def _same(found: Mapping[_Key, _T], key: _Key, default: _T) -> _T:
    """Return what belongs to the definition ``key``, whose container may have another name.

    ``default`` if there is no such definition, or several: ``common_checks`` refuses lost definitions.
    """
    if key in found:
        return found[key]
    others = [value for (_, name), value in found.items() if name == key[1]]
    return others[0] if len(others) == 1 else default


def _functions_and_classes(found: tuple[Definition, ...]) -> list[Definition]:
    return [one for one in found if one.is_function or one.is_class]


def _parts(document: Document, tree: Tree, found: tuple[Definition, ...]) -> dict[_Key, list[HeadPart]]:
    parts: dict[_Key, list[HeadPart]] = {}
    for one in _functions_and_classes(found):
        own = [part for part in head_parts(document, tree, one) if part.text != "(object)"]
        if one.body is not None and document.slice(one.body).startswith("="):
            own.append(HeadPart("expression", "="))
        parts.setdefault((one.container, one.name), []).extend(own)
    return parts


def _documented(document: Document, tree: Tree, span: Span, found: tuple[Definition, ...]) -> dict[_Key, int]:
    """Number of definitions with documentation in ``span``."""
    style = tree.language.doc if tree.language is not None else None
    counts: dict[_Key, int] = {}
    if style is None:
        return counts
    for one in _functions_and_classes(found):
        key = one.container, one.name
        counts[key] = counts.get(key, 0) + int(_is_documented(document, tree, one, span, style))
    return counts


def _has_file_docstring(document: Document, tree: Tree) -> bool:
    style = tree.language.doc if tree.language is not None else None
    return style is not None and style.inside and _FILE_DOCSTRING.match(document.text) is not None


def _is_documented(document: Document, tree: Tree, one: Definition, span: Span, style: DocStyle) -> bool:
    place = docstring_place(document, tree, one.span, style, "")
    if isinstance(place, DocstringPlace):
        return span.start <= place.span.start and bool(document.slice(place.span).strip())
    start = with_decorations(document, tree, one.span).start
    is_above = place == "comment above" and document.line_of(start) > document.line_of(span.start)
    return is_above or place == "not a plain string"


def _signatures(found: tuple[Definition, ...]) -> dict[_Key, Counter[str]]:
    """Signatures without white space, by container and name; overloads share an entry."""
    signatures: dict[_Key, Counter[str]] = {}
    for one in found:
        text = _LAST_COMMA.sub(" ", " ".join(_words(one.signature)))
        signatures.setdefault((one.container, one.name), Counter())[text] += 1
    return signatures


def _modifiers(signatures: Counter[str]) -> set[str]:
    """Modifiers of any of the signatures."""
    heads = [_VARIABLE.sub("", text.partition("(")[0], count=1) for text in signatures]
    return {word for head in heads for word in head.split() if word in _MODIFIERS}


def _words(text: str) -> list[str]:
    return re.findall(r"\w+|[^\w\s]", text)


def _decorations(
    document: Document, tree: Tree, span: Span, found: tuple[Definition, ...]
) -> Mapping[_Key, Counter[str]]:
    """Texts of decorations, without white space, by what they belong to."""
    spans = [one for match in nodes.matches(tree, "decorations", span) for one in match["decoration"]]
    spans = sorted({one for one in spans if span.covers(one)})
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
    return not text_without(document, between, known).strip()

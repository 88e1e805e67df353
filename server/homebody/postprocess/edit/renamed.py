"""Rename local variables as an answer lists them, by syntax: wherever a name means the variable.

Comments and other text stay as they are, so nothing but names can change.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from homebody.postprocess.edit.answer_code import Refusal
from homebody.syntax.names import Name, names
from homebody.syntax.opaque import comments_in, opaque_spans
from homebody.syntax.scope import definitions
from homebody.syntax.tree import Tree
from homebody.text import Document, Span, TextEdit

_LINE = re.compile(
    r"^[ \t]*(?:[-*•]|\d+[.)])?[ \t]*[`\"']?(\$?\w+)[`\"']?[ \t]*(?:->|→|=>)[ \t]*[`\"']?(\$?\w+)",
    re.MULTILINE,
)
_NO_LINES = "The answer has no line of the form “old -> new”."


def rename_edits(document: Document, tree: Tree, span: Span, answer: str) -> tuple[list[TextEdit], list[str]]:
    """Return the edits for the lines ``old -> new`` of an answer, and why some names stay as they are.

    Raises ``Refusal`` if no name can be renamed, or if the code reads variables by their names (``eval``).
    """
    wanted = {old: new for old, new in _LINE.findall(answer) if old != new}
    language = tree.language
    if language is None or not (wanted or _LINE.search(answer)):
        raise Refusal(_NO_LINES)
    named = names(document, tree, span)
    if readers := {name.text for name in named} & language.reads_names:
        message = f"{min(readers)} may use variables by their names, so none is renamed."
        raise Refusal(message)
    heads = _heads(document, tree, span)
    used = {*(name.text for name in named), *language.builtins}
    edits: list[TextEdit] = []
    stay: list[str] = []
    for old, new in wanted.items():
        places = [name for name in named if name.text.lstrip("$") == old.lstrip("$")]
        obstacle = _obstacle(span, heads, places)
        name = new.lstrip("$")
        shown = f"${name}" if places and places[0].text.startswith("$") else name
        if not obstacle and (shown in used or not name.isidentifier()):
            obstacle = f"{new} is in use already"
        if obstacle:
            stay.append(f"leaves `{old}`: {obstacle}")
            continue
        used.add(shown)
        edits += _edits(document, tree, span, places, name)
    if stay and not edits:
        message = f"Nothing can be renamed: it {'; it '.join(stay)}."
        raise Refusal(message)
    return sorted(edits, key=lambda edit: edit.span), stay


def renamable(document: Document, tree: Tree, span: Span) -> list[str]:
    """Return the names in ``span`` that can be renamed, in order."""
    named, heads = names(document, tree, span), _heads(document, tree, span)
    places: defaultdict[str, list[Name]] = defaultdict(list)
    for name in named:
        places[name.text].append(name)
    has_meaning = (text for text in places if text.strip("_"))
    return [text for text in has_meaning if not _obstacle(span, heads, places[text])]


def _heads(document: Document, tree: Tree, span: Span) -> list[Span]:
    """Where parameters are whose names callers may use."""
    if tree.language is None or not tree.language.names_arguments:
        return []
    return [each.header for each in definitions(document, tree, span) if each.is_function]


def _obstacle(span: Span, heads: Sequence[Span], places: Sequence[Name]) -> str:
    """Why a name is not renamed; empty if only the code in ``span`` uses it, as a variable of its own.

    Callers may pass values by the names in ``heads``.
    """
    bindings = [name for name in places if name.binds]
    scopes = [name.scope for name in bindings if name.scope is not None and span.covers(name.scope)]
    is_passed = any(head.start <= name.start < head.end for head in heads for name in bindings)
    if not bindings or len(scopes) != len(bindings) or is_passed:
        return "code elsewhere may use it"
    if any(name.is_ambiguous for name in places):
        return "it also names a member"
    if not all(any(scope.start <= name.start < scope.end for scope in scopes) for name in places):
        return "it has another meaning in this code too"
    return ""


def _edits(
    document: Document, tree: Tree, span: Span, places: Sequence[Name], new: str
) -> Iterator[TextEdit]:
    old = places[0].text.lstrip("$")
    for name in places:
        start = name.start + len(name.text) - len(old)
        text = f"{old}: {new}" if name.is_shorthand else new
        yield TextEdit(Span(start, start + len(old)), text)
    pattern = tree.language.string_names if tree.language is not None else None
    if pattern is None:
        return
    taken = {name.start for name in places}
    comments = set(comments_in(document, tree, span))
    for string in opaque_spans(document, tree, span):
        if string in comments:
            continue
        for match in pattern.finditer(document.text, string.start, string.end):
            if match.group().lstrip("$") == old and match.start() not in taken:
                yield TextEdit(Span(match.end() - len(old), match.end()), new)

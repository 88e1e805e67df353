"""The only reasons for which an edit is not offered. Each is exact; what a person can judge is a note."""

import re
from collections.abc import Mapping

from homebody.postprocess.edit.edited import Edited, Side
from homebody.postprocess.lines import line_changes
from homebody.postprocess.noise import invisible_added, name_of
from homebody.syntax import nodes
from homebody.syntax.compare import ExcludedPart, first_difference, same_tokens
from homebody.syntax.language import described, language_of
from homebody.syntax.nodes import count_errors
from homebody.syntax.opaque import text_without
from homebody.syntax.row import Language
from homebody.syntax.scope import Definition
from homebody.syntax.tree import parse
from homebody.text import Document, Span

_ELLIPSIS = re.compile(r"\W*(?:\.\.\.|…).*|.*(?:\.\.\.|…)\W*")
"""A comment with dots at its beginning or end, or dots alone."""
_DOTS = re.compile(r"\s*[\[({]?\s*(?:\.\.\.|…)\s*[\])}]?;?\s*")
_DOCSTRING = re.compile(r"\A\s*[rRuU]?(\"{3}|'{3})(?:\\.|(?!\1)[^\\])*\1", re.DOTALL)
_EMPTY = frozenset({"", "...", "return"})
"""Bodies that do nothing, in all languages."""
_STUB = re.compile(
    r"pass|\?\?\?|raise NotImplementedError.*|(?:TODO|fatalError|todo!|unimplemented!)\(.*\)"
    r"|throw new \\?(?:NotImplemented|NotSupported|UnsupportedOperation|BadMethodCall|Error)\w*\(.*\)"
    r"|panic\(.*(?:implement|TODO).*\)"
)
"""A statement, with single blanks, that stands for a body that is left out, in all languages."""

ALLOWED: Mapping[str, tuple[frozenset[ExcludedPart], str]] = {
    "types": (frozenset({"annotations", "imports", "comments"}), "type annotations and imports"),
    "documentation": (frozenset({"comments", "documentation"}), "documentation"),
}
"""Guards under which all tokens stay the same but for some parts."""

_NEEDS: Mapping[str, str] = {"types": "annotations", "rename": "names"}
"""Patterns that a language's query file must have for a guard, or for renaming."""


def refusal_of(edit: Edited, guard: str = "none") -> str:
    """Return why an edit is not offered, in a sentence; empty if it is."""
    return (
        placeholder(edit.before.document, edit.before.code, _without_empty_bodies(edit))
        or syntax_refusal(edit)
        or _emptied_body(edit)
        or (_same_but_for(edit, *ALLOWED[guard]) if guard in ALLOWED else "")
    )


def syntax_refusal(edit: Edited) -> str:
    """Refuse more syntax errors than before: why not even an edit that a person chose is offered."""
    new, old = edit.after, edit.before
    language = new.tree.language
    errors = count_errors(new.tree)
    if language is None or errors <= count_errors(old.tree):
        return ""
    # An error may have another size in a tree of which only a part was parsed again.
    if count_errors(parse(new.document)) <= count_errors(parse(old.document)):
        return ""
    at = nodes.first_error(new.tree, new.span)
    at = nodes.first_error(new.tree, new.document.whole) if at is None else at
    line = new.document.line_text(new.document.line_of(at)).strip() if at is not None else ""
    where = f" near “{line[:60]}”" if line else ""
    return f"The answer has syntax errors as {language.title} code{where}."


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


def unreadable(new: str, old: str) -> str:
    """Refuse text with an invisible character that ``old`` does not have: it can hide what code does."""
    char = invisible_added(new, old)
    if char is None:
        return ""
    return (
        f"The answer has the invisible character {name_of(char)}, which can hide what code does: write it "
        "as an escape sequence, or leave it out."
    )


def placeholder(document: Document, old: str, new: str) -> str:
    """Refuse a comment or dots where code was: models write them instead of repeating code."""
    language = language_of(document.language_id, document.uri)
    old_lines, new_lines = _lines(old), _lines(new)
    known = set(old_lines)
    unknown = set(new_lines) - known
    if not any(_is_comment(line, language) or _is_placeholder(line, language) for line in unknown):
        return ""
    for change in line_changes(old_lines, new_lines):
        removed = old_lines[change.old_start : change.old_end]
        lost = [line for line in removed if not _is_comment(line, language)]
        added = new_lines[change.new_start : change.new_end]
        dots = [line for line in added if line not in known and _is_placeholder(line, language)]
        code = [line for line in added if line not in dots and not _is_comment(line, language)]
        stands_for = dots or ([line for line in added if line not in known] if not code else [])
        if stands_for and len(lost) > max(len(code), 0 if dots else len(added)):
            return f"The answer leaves code out (“{stands_for[0][:60]}”)."
    return ""


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _is_comment(line: str, language: Language) -> bool:
    marks = [language.line_comment, (language.block_comment or ("",))[0]]
    return line.startswith((*filter(None, marks), "//", "/*", "* ", "{/*", "<!--"))


def _is_placeholder(line: str, language: Language) -> bool:
    return _DOTS.fullmatch(line) is not None or (
        _is_comment(line, language) and _ELLIPSIS.fullmatch(line.strip("#/-*<>!{} \t")) is not None
    )


def _emptied_body(edit: Edited) -> str:
    """Refuse a body without code for one that had code: models write ``pass`` for what they leave out."""
    empty = {each.qualified for each in _functions(edit.after) if _is_empty(edit.after, each)}
    empty -= _may_be_empty(edit) if empty else set()
    for each in _functions(edit.before) if empty else ():
        if each.qualified in empty and not _is_empty(edit.before, each):
            return f"The answer leaves out the body of {each.name}."
    return ""


def _may_be_empty(edit: Edited) -> set[str]:
    """Definitions whose head or class changes: a function becomes abstract, or a part of an interface."""
    heads = {each.qualified: edit.after.heads[each.span] for each in edit.after.own}
    before = edit.before.heads
    changed = {each.qualified for each in edit.before.own if heads.get(each.qualified) != before[each.span]}
    return {each.qualified for each in edit.before.own if changed & {each.qualified, each.container}}


def _without_empty_bodies(edit: Edited) -> str:
    """The new code without bodies of dots alone, of functions that may become empty."""
    side = edit.after
    dots = [
        each for each in _functions(side) if each.body and _DOTS.fullmatch(side.document.slice(each.body))
    ]
    names = _may_be_empty(edit) if dots else set[str]()
    bodies = [each.body for each in dots if each.body and each.qualified in names]
    return text_without(side.document, side.span, bodies)


def _functions(side: Side) -> list[Definition]:
    return [each for each in side.own if each.is_function and each.body]


def _is_empty(side: Side, function: Definition) -> bool:
    # Where comments were, there may be hundreds of blanks: a pattern for them would try each division.
    code = side.without_comments(function.body or Span(0, 0))
    text = " ".join(_DOCSTRING.sub("", code, count=1).split())
    if text.startswith("{") and text.endswith("}"):
        text = text[1:-1].strip()
    statement = text.removesuffix(";").rstrip()
    return statement in _EMPTY or _STUB.fullmatch(statement) is not None


def _same_but_for(edit: Edited, parts: frozenset[ExcludedPart], allowed: str) -> str:
    old, new = edit.before.compared(parts), edit.after.compared(parts)
    if old is None or new is None:
        return "Homebody cannot check such an edit in this file, so nothing is changed."
    if lost := old.imports - new.imports:
        return f"The answer removes “{min(lost)}”, and only {allowed} may be added."
    before, after = same_tokens(old.tokens), same_tokens(new.tokens)
    if before == after:
        lost_types = old.annotated - new.annotated
        return "The answer drops a type annotation that was there." if lost_types else ""
    at = first_difference(before, after)
    place = " ".join(" ".join(text for _, text in before[max(0, at - 3) : at + 3]).split())
    return f"The answer changes more than {allowed}: near “{place[:60]}”."

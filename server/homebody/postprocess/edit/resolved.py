"""Checks that the names of an edit resolve: imports that are still needed, names that something defines."""

import re
from collections.abc import Sequence
from itertools import pairwise

from homebody.postprocess.edit.answer_code import Refusal
from homebody.postprocess.edit.answer_imports import local_names
from homebody.postprocess.edit.edited import Edited
from homebody.syntax import nodes
from homebody.syntax.compare import Token
from homebody.syntax.import_block import Statement
from homebody.syntax.language import find
from homebody.syntax.names import Name, names
from homebody.syntax.row import Language
from homebody.text import Document, Span

_WORD = re.compile(r"[^\W\d]\w*")
_STRING = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'")
_NAME_IN_TYPE = re.compile(r"(?<![.\w])[^\W\d]\w*")
_TYPE_PARAMETERS = re.compile(r"\b(?:def|class|type)\s+\w+\s*\[([^\]]*)\]")
_IN_MACRO = r"\w!\s*[(\[{{](?s:.*)(?:(?<![\w.]){0}\s*=(?!=)|[|&]\s*{0}\b|\b{0}\s*\|)"
"""A binding in the arguments of a macro, which the grammar does not parse."""
_IN_FUNCTION = r"\bvar\b[^;\n]*\b{0}\b"
"""A binding that is valid in the whole function."""
_CELL = "vscode-notebook-cell:"


def lost_imports(edit: Edited, *, removes: bool) -> Refusal | None:
    """Refuse to drop an import that the file still uses, or never used in a way that can be seen here.

    The latter is allowed if the instruction ``removes`` something, but not in a cell of a notebook: other
    cells may use it.
    """
    language = find(edit.old.language_id, edit.old.uri)
    # The imports of the whole file are read only if there is one in the code.
    if language is None or next(nodes.matches(edit.old_tree, "imports", edit.old_span), None) is None:
        return None
    before, after = edit.old_imports, edit.new_imports
    touched = [one for one in before if one.span.overlaps(edit.old_span)]
    removes = removes and not edit.new.uri.startswith(_CELL)
    for name in sorted(local_names(language, touched) - local_names(language, after)):
        if _is_used(edit.new, after, name):
            return Refusal(f"The answer drops the import of {name}, which the file still uses.")
        if not removes and not _is_used(edit.old, before, name):
            return Refusal(f"The answer drops the import of {name}, which other code may use.")
    return None


def undefined_names(edit: Edited, instruction: str) -> Refusal | None:
    """Refuse a name that nothing defines or imports.

    Variables that the code has lost are checked in most languages; names that are new to the file only where
    all built-in names are known; where they are not, those of the standard library. Cells of a notebook may
    define names for each other.
    """
    language = edit.new_tree.language
    if language is None or edit.new.uri.startswith(_CELL) or not edit.new_tree.exact:
        return None
    known = {*_WORD.findall(edit.old.text), *_WORD.findall(instruction)}
    unknown = _unbound(edit, language) or _not_imported(edit, language, known) or _new(edit, language, known)
    if not unknown:
        return None
    return Refusal(f"The answer uses {min(unknown)}, which the file neither defines nor imports.")


def _new(edit: Edited, language: Language, known: set[str]) -> set[str]:
    """Names that are new to the file, and that nothing defines."""
    if not language.builtins:
        return set[str]()
    inside = edit.new_names
    used = {name.text for name in inside if not name.binds} | _names_in_types(edit)
    unknown = used - known - language.builtins - {name.text for name in inside if name.binds}
    statements = edit.new_imports if unknown else ()
    if any(entry.name == "*" for one in statements for entry in one.entries):
        return set[str]()
    return _not_bound(edit, unknown - local_names(language, statements))


def _unbound(edit: Edited, language: Language) -> set[str]:
    """Variables that were local to the code, that it still uses, and that nothing binds any more.

    Functions are not checked: ``max(a, b)`` may be a built-in one where ``max`` was a variable.
    """
    if language.implicit_members:
        return set[str]()
    before = edit.old_names
    local = {one.text for one in before if one.scope is not None} - language.builtins
    local -= _used_elsewhere(edit.old, before)
    unbound = _used_elsewhere(edit.new, edit.new_names) & local
    if unbound:
        # The rest of the file is read only now, because it may be large.
        around = [one for one in names(edit.new, edit.new_tree) if one.binds]
        unbound -= {one.text for one in around if not edit.new_span.start <= one.start < edit.new_span.end}
    patterns = (_IN_MACRO, _IN_FUNCTION)
    return {
        name
        for name in unbound
        if not any(re.search(one.format(re.escape(name)), edit.new_code) for one in patterns)
    }


def _used_elsewhere(document: Document, found: Sequence[Name]) -> set[str]:
    """Names that are used where no binding in ``found`` reaches, other than as functions."""
    bindings: dict[str, list[Name]] = {}
    for one in found:
        if one.binds:
            bindings.setdefault(one.text, []).append(one)
    return {
        one.text
        for one in found
        if not one.binds
        and not document.text.startswith(("(", " (", "!"), one.start + len(one.text))
        and not any(_reaches(other, one) for other in bindings.get(one.text, ()))
    }


def _reaches(binding: Name, use: Name) -> bool:
    return binding.scope is None or binding.scope.start <= use.start < binding.scope.end


def _not_imported(edit: Edited, language: Language, known: set[str]) -> set[str]:
    """Names of the standard library that are new to the file and that the file does not import.

    Other names may be defined in another file of the same module or package.
    """
    unknown = (
        (_qualifiers(edit) & language.known_to_import) - known if language.known_to_import else set[str]()
    )
    statements = edit.new_imports if unknown else ()
    if any("*" in one.text for one in statements):
        return set[str]()
    return _not_bound(edit, unknown - {name for one in statements for name in _WORD.findall(one.text)})


def _not_bound(edit: Edited, unknown: set[str]) -> set[str]:
    """Those names that nothing in the file binds; the whole file is read only if there are some."""
    return unknown and unknown - {name.text for name in names(edit.new, edit.new_tree) if name.binds}


def _qualifiers(edit: Edited) -> set[str]:
    """Words of the new code that follow neither ``.`` nor ``::``."""
    return {
        one.text
        for before, one in pairwise([Token("", "", 0), *edit.new_tokens])
        if not one.is_string and before.text not in {".", "::", "->", "?."}
    }


def _names_in_types(edit: Edited) -> set[str]:
    """Names in annotations, which are no variables, without those of their own type parameters."""
    found: set[str] = set()
    for match in nodes.matches(edit.new_tree, "annotations", edit.new_span):
        for span in match.get("annotation", ()):
            if edit.new_span.covers(span):
                found.update(_NAME_IN_TYPE.findall(_STRING.sub("", edit.new.slice(span))))
    own = {name for listed in _TYPE_PARAMETERS.findall(edit.new.text) for name in _WORD.findall(listed)}
    return found - own


def _is_used(document: Document, statements: tuple[Statement, ...], name: str) -> bool:
    """Whether ``name`` is a word of the text outside of its imports."""
    spans = [one.holder for one in statements]
    return any(
        not _is_in(spans, found.start())
        for found in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", document.text)
    )


def _is_in(spans: list[Span], offset: int) -> bool:
    return any(span.start <= offset < span.end for span in spans)

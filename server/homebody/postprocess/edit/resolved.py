"""Checks that the names of an edit resolve: imports that are still needed, names that something defines.

In: both versions of a document. Out: the reason why the edit is refused, in one sentence that also tells
the model what to correct; or nothing.
"""

import re
from itertools import pairwise

from homebody.postprocess.edit.answer_code import Refusal
from homebody.postprocess.edit.answer_imports import local_names
from homebody.postprocess.edit.edited import Edited
from homebody.syntax import nodes
from homebody.syntax.compare import Token, compared
from homebody.syntax.import_block import Statement, import_statements
from homebody.syntax.language import find
from homebody.syntax.names import names
from homebody.syntax.row import Language
from homebody.text import Document, Span

_WORD = re.compile(r"[^\W\d]\w*")
_STRING = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'")
_NAME_IN_TYPE = re.compile(r"(?<![.\w])[^\W\d]\w*")
_TYPE_PARAMETERS = re.compile(r"\b(?:def|class|type)\s+\w+\s*\[([^\]]*)\]")
_CELL = "vscode-notebook-cell:"


def lost_imports(edit: Edited, *, removes: bool) -> Refusal | None:
    """Refuse to drop an import that the file still uses, or never used in a way that can be seen here.

    The latter is allowed if the instruction ``removes`` something, but not in a cell of a notebook: other
    cells may use it.
    """
    language = find(edit.old.language_id, edit.old.uri)
    before = import_statements(edit.old, edit.old_tree)
    touched = [
        one for one in before if one.span.start < edit.old_span.end and edit.old_span.start < one.span.end
    ]
    if language is None or not touched:
        return None
    after = import_statements(edit.new, edit.new_tree)
    removes = removes and not edit.new.uri.startswith(_CELL)
    for name in sorted(local_names(language, touched) - local_names(language, after)):
        if _is_used(edit.new, after, name):
            return Refusal(f"The answer drops the import of {name}, which the file still uses.")
        if not removes and not _is_used(edit.old, before, name):
            return Refusal(f"The answer drops the import of {name}, which other code may use.")
    return None


def undefined_names(edit: Edited, instruction: str) -> Refusal | None:
    """Refuse a name that is new to the file, and that nothing defines or imports.

    Only in languages whose built-in names are known; in some others, names of the standard library are
    checked. Cells of a notebook may define names for each other.
    """
    language = edit.new_tree.language
    if language is None or edit.new.uri.startswith(_CELL) or not edit.new_tree.exact:
        return None
    if language.known_to_import:
        return _not_imported(edit, language, instruction)
    if not language.builtins:
        return None
    inside = names(edit.new, edit.new_tree, edit.new_span)
    used = {name.text for name in inside if not name.binds} | _names_in_types(edit)
    known = set(_WORD.findall(edit.old.text)) | language.builtins | set(_WORD.findall(instruction))
    unknown = used - known - {name.text for name in inside if name.binds}
    if not unknown:
        return None
    statements = import_statements(edit.new, edit.new_tree)
    if any(entry.name == "*" for one in statements for entry in one.entries):
        return None
    unknown -= local_names(language, statements)
    unknown -= {name.text for name in names(edit.new, edit.new_tree) if name.binds}
    return _undefined(unknown)


def _not_imported(edit: Edited, language: Language, instruction: str) -> Refusal | None:
    """Refuse a name of the standard library that is new to the file and that the file does not import.

    Other names may be defined in another file of the same module or package, so they are not checked.
    """
    known = {*_WORD.findall(edit.old.text), *_WORD.findall(instruction)}
    unknown = (_qualifiers(edit) & language.known_to_import) - known
    if not unknown:
        return None
    statements = import_statements(edit.new, edit.new_tree)
    if any("*" in one.text for one in statements):
        return None
    unknown -= {name for one in statements for name in _WORD.findall(one.text)}
    unknown -= {name.text for name in names(edit.new, edit.new_tree) if name.binds}
    return _undefined(unknown)


def _qualifiers(edit: Edited) -> set[str]:
    """Words of the new code that follow neither ``.`` nor ``::``."""
    found = compared(edit.new, edit.new_tree, frozenset({"comments"}))
    tokens = [one for one in found.tokens if one.text] if found is not None else []
    return {
        one.text
        for before, one in pairwise([Token("", "", 0), *tokens])
        if not one.is_string
        and before.text not in {".", "::", "->", "?."}
        and edit.new_span.start <= one.start < edit.new_span.end
    }


def _undefined(unknown: set[str]) -> Refusal | None:
    if not unknown:
        return None
    return Refusal(f"The answer uses {min(unknown)}, which the file neither defines nor imports.")


def _names_in_types(edit: Edited) -> set[str]:
    """Names in annotations, which are no variables, without those of their own type parameters."""
    found: set[str] = set()
    for match in nodes.annotations(edit.new_tree):
        for span in match.get("annotation", ()):
            if edit.new_span.start <= span.start and span.end <= edit.new_span.end:
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

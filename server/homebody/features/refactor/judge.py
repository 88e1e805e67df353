"""Converts an answer to edits that pass the checks, or to the reason for a refusal.

In: a request and the model's answer. Out: edits, the text of a new file, or a refusal.
Pure; parses whole documents, so it runs in a thread.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from homebody.features.refactor.parts import part_edits
from homebody.features.refactor.results import Request
from homebody.features.refactor.tests_file import tests_refusal
from homebody.postprocess.edit.answer_code import CUT, Refusal, code_in_answer, without_reasoning
from homebody.postprocess.edit.answer_imports import (
    NewImport,
    as_type_import,
    only_used,
    without_imports,
)
from homebody.postprocess.edit.comment_above import with_comment_above
from homebody.postprocess.edit.common_checks import common_refusal, unreadable
from homebody.postprocess.edit.docstring import docstring_edits
from homebody.postprocess.edit.edit_output import code_of, replacement_of
from homebody.postprocess.edit.edited import edited
from homebody.postprocess.edit.guards import GUARDS, refused_by
from homebody.postprocess.edit.head_lines import below_head
from homebody.postprocess.edit.hunks import document_hunks
from homebody.postprocess.edit.import_edits import import_edits
from homebody.postprocess.edit.inserted import below_comment, insertion
from homebody.postprocess.edit.narrow import narrowed, without_lines_above
from homebody.postprocess.edit.notes import Note, notes_of
from homebody.postprocess.edit.resolved import undefined_names
from homebody.postprocess.line_ends import with_line_ends
from homebody.text import TextEdit

_ABOUT_IMPORTS = re.compile(r"\b(?:import|include|require)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Offer:
    """What becomes of an answer: edits (none if nothing changes), or the text of a new file.

    Attributes
    ----------
    edits
        Those of the target.
    imports, above
        Imports that the file needs in addition, and the edits that add them.
    notes
        What the edits remove and add, for the person who reviews them.
    refusal
        Why they are not offered; the person may still see and apply them.

    """

    edits: tuple[TextEdit, ...] = ()
    imports: tuple[NewImport, ...] = ()
    above: tuple[TextEdit, ...] = ()
    new_text: str | None = None
    notes: tuple[Note, ...] = ()
    refusal: Refusal | None = None

    @property
    def all_edits(self) -> tuple[TextEdit, ...]:
        """All edits, in order."""
        return tuple(sorted([*self.edits, *self.above], key=lambda edit: edit.span))


def judge(request: Request, answer: str, *, complete: bool) -> Offer | Refusal:
    """Convert an answer to edits, and check them.

    ``complete`` is false if the token limit cut the answer.
    """
    if request.prompt.output == "newFile":
        return _new_file(request, answer, complete=complete)
    found = _found(request, answer, complete=complete)
    if isinstance(found, Refusal):
        return found
    document, tree, target = request.document, request.tree, request.target
    found = replace(found, above=tuple(import_edits(document, tree, target.start, found.imports)))
    if not found.all_edits:
        return found
    edit = edited(document, tree, target, found.edits, found.above)
    refusal = (
        common_refusal(edit, request.asked)
        or refused_by(request.prompt.guard, edit)
        or undefined_names(edit, request.asked)
    )
    return replace(found, notes=tuple(notes_of(edit)), refusal=refusal)


def _found(request: Request, answer: str, *, complete: bool) -> Offer | Refusal:
    """Edits of the target, and imports, not checked yet."""
    document, tree, target = request.document, request.tree, request.target
    if request.parts is not None:
        return _offer(part_edits(request, request.parts, answer) if complete else CUT)
    if request.prompt.output == "insert" and request.prompt.scope == "function":
        return _offer(docstring_edits(document, tree, target, answer, cut_by_length=not complete))
    code = code_of(document, target, answer, cut_by_length=not complete)
    if isinstance(code, Refusal):
        return code
    taken = without_imports(document, tree, target, code)
    code = narrowed(document, tree, target, taken.code, request.definition)
    if request.prompt.output == "insert":
        code = below_comment(document, target, code)
        if isinstance(code, Refusal):
            return code
    else:
        keeps_head = request.prompt.guard in GUARDS
        target, code = below_head(document, target, request.definition, code, may_begin_below=keeps_head)
    new = replacement_of(document, target, code)
    if isinstance(new, Refusal):
        return new
    if request.prompt.output == "insert":
        edits = insertion(document, target, new)
    else:
        new = without_lines_above(document, target, new)
        if target == request.target:
            target, new = with_comment_above(document, tree, target, request.definition, new)
        edits = document_hunks(document, target, new)
    is_about_imports = _ABOUT_IMPORTS.search(request.instruction) is not None
    imports = taken.imports if is_about_imports else only_used(taken.imports, code)
    return Offer(tuple(edits), _imports(request, imports))


def _offer(found: Sequence[TextEdit] | Refusal) -> Offer | Refusal:
    return found if isinstance(found, Refusal) else Offer(tuple(found))


def _imports(request: Request, imports: Sequence[NewImport]) -> tuple[NewImport, ...]:
    """Imports as the action needs them: types alone are imported as types where the language can do that."""
    is_typescript = request.document.language_id.startswith("typescript")
    if request.prompt.guard == "types" and is_typescript:
        return tuple(as_type_import(one) for one in imports)
    return tuple(imports)


def _new_file(request: Request, answer: str, *, complete: bool) -> Offer | Refusal:
    text = without_reasoning(answer)
    if isinstance(text, Refusal):
        return text
    code = code_in_answer(text, old=request.code, cut=not complete)
    if isinstance(code, Refusal):
        return code
    if request.prompt.guard == "tests":
        name = request.definition.name if request.definition is not None else ""
        if refusal := tests_refusal(request.document, name, code):
            return refusal
    if refusal := unreadable(code, request.document.text):
        return refusal
    return Offer(new_text=with_line_ends(code.strip("\n") + "\n", request.document.newline))

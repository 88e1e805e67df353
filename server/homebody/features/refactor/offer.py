"""What becomes of a model's answer: edits with notes, the text of a new file, or a refusal.

Pure; parses code, so it runs in a thread.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from textwrap import dedent

from homebody.features.refactor.parts import part_edits
from homebody.features.refactor.results import Request
from homebody.features.refactor.tests_file import tests_refusal
from homebody.postprocess.edit.answer_code import CUT, Refusal, code_in_answer, without_reasoning
from homebody.postprocess.edit.answer_imports import NewImport, as_type_import, only_used, without_imports
from homebody.postprocess.edit.comment_above import with_comment_above
from homebody.postprocess.edit.docstring import docstring_edits
from homebody.postprocess.edit.edit_output import code_of, replacement_of
from homebody.postprocess.edit.edited import Edited, edited
from homebody.postprocess.edit.head_lines import below_head
from homebody.postprocess.edit.hunks import document_hunks
from homebody.postprocess.edit.import_edits import import_edits
from homebody.postprocess.edit.inserted import below_comment, insertion
from homebody.postprocess.edit.narrow import lines_repeated_above, narrowed, without_lines_above
from homebody.postprocess.edit.notes import Note, notes_of
from homebody.postprocess.edit.patches import patched
from homebody.postprocess.edit.refusals import refusal_of, syntax_refusal, unreadable
from homebody.postprocess.edit.renamed import rename_edits
from homebody.postprocess.edit.undefined import undefined_names
from homebody.postprocess.lines import with_line_ends
from homebody.syntax.indentation import indent_of
from homebody.syntax.scope import definitions
from homebody.syntax.tree import parse
from homebody.text import Document, Span, TextEdit

_RETURNS = re.compile(r"^[ \t]*return\b", re.MULTILINE)
_RETURNS_AT_TOP = re.compile(r"^return\b", re.MULTILINE)

_NOTED: dict[str, frozenset[str]] = {
    "types": frozenset({"comment", "undefined"}),
    "documentation": frozenset(),
}
"""Kinds of notes on an action whose guard says that nothing else changes."""


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
    notes: tuple[Note, ...] = ()
    above: tuple[TextEdit, ...] = ()
    new_text: str | None = None
    refusal: Refusal | None = None

    @property
    def all_edits(self) -> tuple[TextEdit, ...]:
        """All edits, in order."""
        return tuple(sorted([*self.edits, *self.above], key=lambda edit: edit.span))


def offer_of(request: Request, answer: str, *, complete: bool) -> Offer | Refusal:
    """Convert an answer to edits, and check them.

    ``complete`` is false if the token limit cut the answer. A refusal without an offer means that the answer
    has no edits that a person could look at.
    """
    text = without_reasoning(answer)
    if isinstance(text, Refusal):
        return text
    if request.prompt.output == "newFile":
        return _new_file(request, text, complete=complete)
    if request.prompt.output == "rename":
        renamed = rename_edits(request.document, request.tree, request.target, text)
        if isinstance(renamed, Refusal):
            return renamed
        edits, stay = renamed
        refusal = syntax_refusal(edited(request.document, request.tree, request.target, edits))
        return Offer(tuple(edits), notes=tuple(map(Note, stay)), refusal=refusal)
    offer = _read(request, text, complete=complete)
    return offer if isinstance(offer, Refusal) else _checked(request, offer)


def _read(request: Request, text: str, *, complete: bool) -> Offer | Refusal:
    """Edits of the target, and imports, not checked yet."""
    document, tree, target = request.document, request.tree, request.target
    if request.parts is not None:
        return _offer(part_edits(request, request.parts, text) if complete else CUT)
    if request.prompt.output == "insert" and request.prompt.scope == "function":
        return _offer(docstring_edits(document, tree, target, text, cut_by_length=not complete))
    new = patched(document, target, text)
    if new is not None and complete:
        return _offer(new if isinstance(new, Refusal) else document_hunks(document, target, new))
    code = code_of(document, target, text, cut_by_length=not complete)
    return code if isinstance(code, Refusal) else _of_code(request, code)


def _of_code(request: Request, code: str) -> Offer | Refusal:
    document, tree, target = request.document, request.tree, request.target
    taken = without_imports(document, tree, target, code)
    code = narrowed(document, tree, target, taken.code, request.definition)
    edits = _inserted(request, code) if request.prompt.output == "insert" else _replaced(request, code)
    if isinstance(edits, Refusal):
        return edits
    return Offer(tuple(edits), _imports(request, only_used(taken.imports, code)))


def _inserted(request: Request, code: str) -> list[TextEdit] | Refusal:
    document, target = request.document, request.target
    below = below_comment(document, target, code)
    new = below if isinstance(below, Refusal) else replacement_of(document, target, below)
    return new if isinstance(new, Refusal) else insertion(document, target, new)


def _replaced(request: Request, code: str) -> list[TextEdit] | Refusal:
    document, tree, definition = request.document, request.tree, request.definition
    target, own = below_head(
        document, request.target, definition, code, may_begin_below=request.prompt.guard != "none"
    )
    # Where new code repeats the lines above, it is indented like the first of them.
    count = lines_repeated_above(document, target, own)
    line = document.line_of(target.start) - count
    indent = indent_of(document.line_text(line)) if count else request.indent
    new = replacement_of(document, target, own, indent)
    if isinstance(new, Refusal):
        return new
    new = without_lines_above(document, target, new)
    if target == request.target:
        target, new = with_comment_above(document, tree, target, definition, new)
    edits = document_hunks(document, target, new)
    return _of_body(request, code, edits) or edits


def _of_body(request: Request, code: str, edits: Sequence[TextEdit]) -> list[TextEdit] | None:
    """Edits of the definition's body alone, if ``code`` is only that; ``None`` if it is not.

    It is if it returns outside of a function; or if it defines nothing, and where the whole definition was it
    does not parse, or lacks the parameters.
    """
    document, tree, definition = request.document, request.tree, request.definition
    if definition is None or definition.body is None or not request.target.covers(definition.span):
        return None
    if not _RETURNS_AT_TOP.search(dedent(code)):
        written = Document.create(document.uri, document.language_id, 0, code)
        # Code of PHP does not parse alone, so the whole file decides.
        whole = edited(document, tree, request.target, edits)
        own = (*definitions(written, parse(written)), *whole.after.own)
        if any(one.is_function or one.is_class for one in own):
            return None
        lacks = whole.before.local.intersection(undefined_names(whole))
        if not (_RETURNS.search(code) or lacks or refusal_of(whole)):
            return None
    body = definition.body
    if document.text[body.start] == "{" and not code.lstrip().startswith("{"):
        body = document.stripped(Span(body.start + 1, body.end - 1))
    body = (
        Span(document.line_start(body.start), body.end)
        if document.line_of(body.start) != document.line_of(definition.header.start)
        else body
    )
    new = replacement_of(document, body, code)
    if isinstance(new, Refusal):
        return None
    own = document_hunks(document, body, new)
    return None if refusal_of(edited(document, tree, request.target, own)) else own


def _checked(request: Request, offer: Offer) -> Offer | Refusal:
    document, tree, target = request.document, request.tree, request.target
    if offer.imports:  # the file is read for them
        offer = replace(offer, above=tuple(import_edits(document, tree, target.start, offer.imports)))
    if not offer.all_edits:
        return offer
    edit = edited(document, tree, target, offer.edits, offer.above)
    if hidden := unreadable(edit.after.code, document.text):
        return hidden  # nobody could see it in a diff
    guard = request.prompt.guard
    return replace(offer, notes=tuple(_notes(edit, guard)), refusal=refusal_of(edit, guard))


def _notes(edit: Edited, guard: str) -> list[Note]:
    """Notes on an edit; of an action that only adds, those on what goes."""
    notes = notes_of(edit)
    if guard in _NOTED:
        return [note for note in notes if note.kind in _NOTED[guard]]
    return [note for note in notes if note.goes] if guard == "additions" else notes


def _offer(edits: Sequence[TextEdit] | Refusal) -> Offer | Refusal:
    return edits if isinstance(edits, Refusal) else Offer(tuple(edits))


def _imports(request: Request, imports: Sequence[NewImport]) -> tuple[NewImport, ...]:
    """Imports as the action needs them: types alone are imported as types where the language can do that."""
    is_typescript = request.document.language_id.startswith("typescript")
    if request.prompt.guard == "types" and is_typescript:
        return tuple(as_type_import(one) for one in imports)
    return tuple(imports)


def _new_file(request: Request, text: str, *, complete: bool) -> Offer | Refusal:
    code = code_in_answer(text, old=request.code, cut=not complete)
    if isinstance(code, Refusal):
        return code
    name = request.definition.name if request.definition is not None else ""
    refusal = tests_refusal(request.document, name, code) if request.prompt.guard == "tests" else None
    if hidden := unreadable(code, request.document.text):
        return hidden
    return Offer(new_text=with_line_ends(code.strip("\n") + "\n", request.document.newline), refusal=refusal)

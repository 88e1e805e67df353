"""What becomes of a model's answer: edits with notes, a new file, or a refusal.

Pure; parses code, so it runs in a thread.
"""

import re
from collections.abc import Sequence
from textwrap import dedent

from homebody.features.refactor.parts import part_edits
from homebody.features.refactor.results import NewFile, Offer, Request
from homebody.features.refactor.tests_file import tests_refusal
from homebody.postprocess.edit.answer_code import CUT, Refusal, code_in_answer, without_reasoning
from homebody.postprocess.edit.answer_imports import NewImport, only_used, without_imports
from homebody.postprocess.edit.docstring import docstring_edits
from homebody.postprocess.edit.edited import Edited, edited
from homebody.postprocess.edit.hunks import document_hunks
from homebody.postprocess.edit.inserted import below_comment, insertion
from homebody.postprocess.edit.notes import Note, notes_of
from homebody.postprocess.edit.overlap import (
    below_head,
    lines_repeated_above,
    narrowed,
    with_comment_above,
    without_lines_above,
)
from homebody.postprocess.edit.patches import patched
from homebody.postprocess.edit.placed import above_top_level, placed
from homebody.postprocess.edit.refusals import refusal_of, syntax_refusal, unreadable
from homebody.postprocess.edit.renamed import rename_edits
from homebody.postprocess.edit.undefined import undefined_names
from homebody.postprocess.lines import with_line_ends
from homebody.syntax.indentation import indent_of
from homebody.syntax.scope import definitions
from homebody.syntax.tree import parse
from homebody.syntax.widen import top_level_start
from homebody.text import Document, Span, TextEdit

_RETURNS = re.compile(r"^[ \t]*return\b", re.MULTILINE)
_RETURNS_AT_TOP = re.compile(r"^return\b", re.MULTILINE)

_NOTED: dict[str, frozenset[str]] = {
    "types": frozenset({"comment", "undefined"}),
    "documentation": frozenset(),
}
"""Kinds of notes on an action whose guard says that nothing else changes."""


def offer_of(request: Request, answer: str, *, complete: bool) -> Offer:
    """Convert an answer to edits or a new file, and check them.

    ``complete`` is false if the token limit cut the answer.
    """
    document, tree, target = request.document, request.tree, request.target
    try:
        text = without_reasoning(answer)
        if request.prompt.output == "newFile":
            return _new_file(request, text, complete=complete)
        if request.prompt.output == "rename":
            edits, stay = rename_edits(document, tree, target, text)
            refusal = syntax_refusal(edited(request.file, target, edits))
            return Offer(tuple(edits), notes=tuple(map(Note, stay)), refusal=refusal)
        return _checked(request, *_read(request, text, complete=complete))
    except Refusal as refusal:
        return Offer(refusal=str(refusal))


def _read(request: Request, text: str, *, complete: bool) -> tuple[list[TextEdit], tuple[NewImport, ...]]:
    """Edits of the target and the imports that they need, not checked yet."""
    document, tree, target = request.document, request.tree, request.target
    if request.parts is not None:
        if not complete:
            raise Refusal(CUT)
        return part_edits(request, request.parts, text), ()
    if request.prompt.writes_documentation:
        return docstring_edits(document, tree, target, text, cut_by_length=not complete), ()
    new = patched(document, target, text) if complete else None
    if new is not None:
        return document_hunks(document, target, new), ()
    is_markdown = document.language_id == "markdown"
    code = code_in_answer(text, old=document.slice(target), cut=not complete, markdown=is_markdown)
    code, imports = without_imports(request.file, target, code)
    code, new = narrowed(request.file, target, code, request.definition)
    edits = _inserted(request, code) if request.prompt.output == "insert" else _replaced(request, code)
    if new:
        edits = [above_top_level(document, top_level_start(document, tree, target.start), new), *edits]
    return edits, only_used(imports, f"{new}\n{code}")


def _inserted(request: Request, code: str) -> list[TextEdit]:
    document, target = request.document, request.target
    return insertion(document, target, placed(document, target, below_comment(document, target, code)))


def _replaced(request: Request, code: str) -> list[TextEdit]:
    document, tree, definition = request.document, request.tree, request.definition
    target, own = below_head(
        document, request.target, definition, code, may_begin_below=request.prompt.guard != "none"
    )
    # Where new code repeats the lines above, it is indented like the first of them.
    count = lines_repeated_above(document, target, own)
    line = document.line_of(target.start) - count
    indent = indent_of(document.line_text(line)) if count else request.indent
    new = without_lines_above(document, target, placed(document, target, own, indent))
    if target == request.target:
        target, new = with_comment_above(document, tree, target, definition, new)
    edits = document_hunks(document, target, new)
    return _of_body(request, code, edits) or edits


def _of_body(request: Request, code: str, edits: Sequence[TextEdit]) -> list[TextEdit] | None:
    """Edits of the definition's body alone, if ``code`` is only that; ``None`` if it is not.

    It is if it returns outside of a function; or if it defines nothing, and where the whole definition was it
    does not parse, or lacks the parameters.
    """
    document, definition = request.document, request.definition
    if definition is None or definition.body is None or not request.target.covers(definition.span):
        return None
    if not _RETURNS_AT_TOP.search(dedent(code)):
        written = Document.create(document.uri, document.language_id, 0, code)
        # Code of PHP does not parse alone, so the whole file decides.
        whole = edited(request.file, request.target, edits)
        own = (*definitions(written, parse(written)), *whole.after.own)
        if any(one.is_function or one.is_class for one in own):
            return None
        lacks = whole.before.local.intersection(undefined_names(whole))
        if not (_RETURNS.search(code) or lacks or refusal_of(whole)):
            return None
    body = definition.body
    if document.text.startswith("{", body.start) and not code.lstrip().startswith("{"):
        body = document.stripped(Span(body.start + 1, body.end - 1))
    if document.line_of(body.start) != document.line_of(definition.header.start):
        body = Span(document.line_start(body.start), body.end)
    own_edits = document_hunks(document, body, placed(document, body, code))
    return None if refusal_of(edited(request.file, request.target, own_edits)) else own_edits


def _checked(request: Request, edits: Sequence[TextEdit], imports: tuple[NewImport, ...]) -> Offer:
    file, target = request.file, request.target
    if not edits and not imports:
        return Offer()
    edit = edited(file, target, edits, [new.text for new in imports])
    if hidden := unreadable(edit.after.code, file.document.text):
        return Offer(refusal=hidden)  # nobody could see it in a diff
    guard = request.prompt.guard
    return Offer(tuple(edits), imports, tuple(_notes(edit, guard)), refusal=refusal_of(edit, guard))


def _notes(edit: Edited, guard: str) -> list[Note]:
    """Notes on an edit; of an action that only adds, those on what goes."""
    notes = notes_of(edit)
    if guard in _NOTED:
        return [note for note in notes if note.kind in _NOTED[guard]]
    return [note for note in notes if note.goes] if guard == "additions" else notes


def _new_file(request: Request, text: str, *, complete: bool) -> Offer:
    code = code_in_answer(text, old=request.code, cut=not complete)
    if hidden := unreadable(code, request.document.text):
        return Offer(refusal=hidden)
    name = request.definition.name if request.definition is not None else ""
    refusal = tests_refusal(request.document, name, code) if request.prompt.guard == "tests" else ""
    whole = with_line_ends(code.strip("\n") + "\n", request.document.newline)
    return Offer(new_file=NewFile(request.new_uri, whole), refusal=refusal)

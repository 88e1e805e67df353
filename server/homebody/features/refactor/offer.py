"""What becomes of a model's answer: edits with notes, a new file, or a refusal.

Pure; parses code, so it runs in a thread.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from homebody.features.refactor.results import NewFile, Offer, RewriteRequest
from homebody.features.refactor.tests_file import NewTests, tests_refusal, with_imports
from homebody.postprocess.edit.answer_code import Refusal, code_in_answer
from homebody.postprocess.edit.docstring import docstring_edits
from homebody.postprocess.edit.edited import edited
from homebody.postprocess.edit.imports import NewImport, only_used
from homebody.postprocess.edit.notes import Note, notes_of
from homebody.postprocess.edit.patches import patched
from homebody.postprocess.edit.placed import inserted
from homebody.postprocess.edit.refusals import refusal_of, syntax_refusal, unreadable
from homebody.postprocess.edit.renamed import rename_edits
from homebody.postprocess.edit.rewritten import Written, rewritten
from homebody.postprocess.edit.undefined import needed
from homebody.postprocess.lines import with_line_ends
from homebody.postprocess.noise import CHAT_TOKENS
from homebody.syntax.import_block import WholeFile
from homebody.text import Span, TextEdit

_CONTROL = re.compile(rf"(?:(?:{CHAT_TOKENS}|</s>)\s*)+\Z")
"""Control tokens at the end of an answer, which a server with a wrong template prints."""

_NOTED: dict[str, frozenset[str]] = {
    "types": frozenset({"comment", "undefined"}),
    "documentation": frozenset(),
}
"""Kinds of notes on an action whose guard says that nothing else changes."""


def offer_of(request: RewriteRequest, answer: str, *, complete: bool) -> Offer:
    """Convert an answer to edits or a new file, and check them.

    ``complete`` is false if the token limit cut the answer.
    """
    try:
        return _offer(request, _CONTROL.sub("", with_line_ends(answer, "\n")), complete=complete)
    except Refusal as refusal:
        return Offer(refusal=str(refusal))


def _offer(request: RewriteRequest, text: str, *, complete: bool) -> Offer:
    if request.tests is not None:
        return _new_tests(request, text, request.tests, complete=complete)
    if request.prompt.output == "rename":
        edits, stay = rename_edits(request.document, request.tree, request.target, text)
        return replace(checked(request.file, request.target, edits), notes=tuple(map(Note, stay)))
    edits, imports, remark = _read(request, text, complete=complete)
    guard = request.prompt.guard
    offer = checked(request.file, request.target, edits, imports, guard)
    notes = [note for note in offer.notes if note.kind in _NOTED.get(guard, {note.kind})]
    if guard == "additions":
        notes = [note for note in notes if note.goes]
    if remark and (edits or imports):
        notes.insert(0, Note(remark))
    return replace(offer, notes=tuple(notes))


def checked(
    file: WholeFile,
    target: Span,
    edits: Sequence[TextEdit],
    imports: Sequence[NewImport] = (),
    guard: str | None = None,
) -> Offer:
    """Check edits of ``target`` with the imports that they use.

    For syntax alone without a guard, since a person or syntax chose them.
    """
    if edits:
        imports = only_used(imports, "\n".join(edit.new_text for edit in edits))
    first = file.document.start
    edits = [
        edit if edit.span.start >= first else TextEdit(Span(first, max(first, edit.span.end)), edit.new_text)
        for edit in edits
        if edit.new_text != file.document.slice(edit.span)
    ]
    if not edits and not imports:
        return Offer()
    edit = edited(file, target, edits)
    imports = needed(edit, imports)
    if hidden := unreadable(edit.after.code, file.document.text):
        return Offer(refusal=hidden)  # nobody could see it in a diff
    broken = syntax_refusal(edit)
    refusal = broken if guard is None else refusal_of(edit, guard)
    notes = () if broken else notes_of(edit, imports)  # tokens of broken code say nothing
    return Offer(tuple(edits), tuple(imports), tuple(notes), refusal=refusal)


def _read(
    request: RewriteRequest, text: str, *, complete: bool
) -> tuple[Sequence[TextEdit], Sequence[NewImport], str]:
    """Edits of the target, the imports that they need, and a note; not checked yet."""
    document, target = request.document, request.target
    if request.prompt.writes_documentation:
        return docstring_edits(document, request.tree, target, text, cut=not complete), (), ""
    patch = patched(document, target, text) if complete else None
    if patch is not None:
        return [patch], (), ""
    is_markdown = document.language_id == "markdown"
    code = code_in_answer(text, old=document.slice(target), cut=not complete, markdown=is_markdown)
    written = Written(request.file, target, code)
    if request.prompt.output == "insert" or not request.code.strip():
        return inserted(document, target, written.code, request.indent), written.imports, ""
    edits, remark = rewritten(written, request.definition, keeps_head=request.prompt.guard != "none")
    return edits, written.imports, remark


def _new_tests(request: RewriteRequest, text: str, tests: NewTests, *, complete: bool) -> Offer:
    document, definition = request.document, request.definition
    code = code_in_answer(text, old=request.code, cut=not complete).strip("\n")
    if hidden := unreadable(code, document.text):
        return Offer(refusal=hidden)
    name = definition.name if definition is not None and request.prompt.guard == "tests" else ""
    refusal = tests_refusal(request.file, name, code) if name else ""
    if tests.uri == document.uri:
        end = document.stripped(document.whole).end
        added = TextEdit(Span(end, end), with_line_ends(f"\n\n{code}", document.newline))
        offer = checked(request.file, added.span, [added])
        notes = tuple(note for note in offer.notes if note.is_broken)
        return replace(offer, notes=notes, refusal=refusal or offer.refusal)
    whole = with_imports(request.file, tests.begin, code) + "\n"
    return Offer(new_file=NewFile(tests.uri, with_line_ends(whole, document.newline)), refusal=refusal)

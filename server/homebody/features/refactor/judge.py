"""Converts an answer to edits that pass the checks, or to the reason for a refusal.

In: a request and the model's answer. Out: edits, the text of a new file, or a refusal.
Pure; parses whole documents, so it runs in a thread.
"""

from dataclasses import dataclass

from homebody.features.refactor.parts import part_edits
from homebody.features.refactor.results import Request
from homebody.features.refactor.tests_file import tests_refusal
from homebody.postprocess import Refusal, docstring_edits, document_hunks, replacement_text
from homebody.postprocess.edit.answer_code import CUT, code_in_answer, without_reasoning
from homebody.postprocess.edit.common_checks import common_refusal, unreadable
from homebody.postprocess.edit.edited import edited
from homebody.postprocess.edit.guards import refused_by
from homebody.postprocess.edit.narrow import narrowed, without_lines_above
from homebody.postprocess.line_ends import with_line_ends
from homebody.text import Span, TextEdit


@dataclass(frozen=True, slots=True)
class Offer:
    """Checked result: ``edits`` (none if nothing changes), or the text of a new file."""

    edits: tuple[TextEdit, ...] = ()
    new_text: str | None = None


def judge(request: Request, answer: str, *, complete: bool) -> Offer | Refusal:
    """Convert an answer to edits, and check them.

    ``complete`` is false if the token limit cut the answer.
    """
    if request.prompt.output == "newFile":
        return _new_file(request, answer, complete=complete)
    edits = _edits(request, answer, complete=complete)
    if isinstance(edits, Refusal):
        return edits
    if not edits:
        return Offer()
    edit = edited(request.document, request.tree, request.target, edits)
    refusal = common_refusal(edit, request.asked) or refused_by(request.prompt.guard, edit)
    return refusal or Offer(tuple(edits))


def _edits(request: Request, answer: str, *, complete: bool) -> list[TextEdit] | Refusal:
    document, target = request.document, request.target
    if request.parts is not None:
        return part_edits(request, request.parts, answer) if complete else CUT
    if request.prompt.output == "insert" and request.prompt.scope == "function":
        return docstring_edits(document, request.tree, target, answer, cut_by_length=not complete)
    answer = narrowed(document, request.tree, target, answer, request.definition)
    new = replacement_text(document, target, answer, cut_by_length=not complete)
    if isinstance(new, Refusal):
        return new
    if request.prompt.output == "insert":
        return _inserted_below(request, new)
    return document_hunks(document, target, without_lines_above(document, target, new))


def _inserted_below(request: Request, new: str) -> list[TextEdit]:
    """Insert ``new`` below the target, without the target's own lines if the answer repeats them."""
    own = [line.strip() for line in request.code.splitlines()]
    lines = new.splitlines()
    if [line.strip() for line in lines[: len(own)]] == own:
        lines = lines[len(own) :]
    while lines and not lines[0].strip():
        lines = lines[1:]
    if not lines:
        return []
    end = request.target.end
    text = "\n" + "\n".join(line.rstrip() for line in lines)
    return [TextEdit(Span(end, end), with_line_ends(text, request.document.newline))]


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

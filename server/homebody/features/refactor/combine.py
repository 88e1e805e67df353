"""The result of a refactoring, from the offers for its parts; all of them refer to the same text."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

from homebody.features.refactor.results import Offer, Part, Refactoring, Request, Skipped, total_usage
from homebody.postprocess.edit.answer_imports import NewImport, still_needed
from homebody.postprocess.edit.edited import edited
from homebody.postprocess.edit.import_edits import import_edits
from homebody.postprocess.edit.notes import Note, sentences
from homebody.postprocess.edit.refusals import syntax_refusal
from homebody.syntax.tree import parse
from homebody.syntax.whole_file import WholeFile
from homebody.text import Document, Span, TextEdit, apply_edits


def refused(offer: Offer) -> str:
    """Return why an offer does not become a part of the result; empty if it does."""
    return offer.refusal


def result_of(
    base: Request,
    parts: Sequence[Part],
    skipped: Sequence[Skipped],
    target: Span,
    against: Callable[[Offer], str],
) -> Refactoring:
    """Combine the offers that nothing is ``against``; the others are listed with the reason."""
    result = Refactoring(
        status="unchanged",
        reason=None,
        edits=(),
        version=base.document.version,
        usage=total_usage([part.answer.usage for part in parts]),
        sources=tuple(source for part in parts for source in part.answer.sources),
        left_out=tuple(left for part in parts for left in part.answer.left_out),
        target=target,
        parts=tuple(parts),
    )
    if len(parts) == 1 and not skipped:
        offer, reason = parts[0].offer, against(parts[0].offer)
        return replace(
            result,
            status="refused" if reason else "unchanged" if offer.is_empty else "changed",
            reason=reason or None,
            edits=tuple(_with_imports(base.file, parts)),
            notes=sentences(offer.notes),
            new_file=offer.new_file,
        )
    reasons = [against(part.offer) for part in parts]
    accepted = [part for part, reason in zip(parts, reasons, strict=True) if not reason]
    edits, lost = _combined(base.file, accepted)
    failed = [(part, reason) for part, reason in zip(parts, reasons, strict=True) if reason] + lost
    listed = [*skipped, *(skipped_of(part.request, reason) for part, reason in failed)]
    refusals = [one for one in listed if not one.is_planned]
    kept = [part for part in accepted if all(part is not other for other, _ in lost)]
    notes = [replace(note, text=_located(note, part)) for part in kept for note in part.offer.notes]
    result = replace(
        result,
        status="changed" if edits else "refused" if refusals else "unchanged",
        edits=tuple(edits),
        skipped=tuple(sorted(listed, key=lambda one: one.first_line)),
        notes=sentences(notes),
    )
    if result.status != "refused":
        return result
    first = min(refusals, key=lambda one: one.first_line)
    total = len(refusals) + len(kept)
    return replace(result, reason=f"{len(refusals)} of {total} parts were refused. {first.reason}")


def _located(note: Note, part: Part) -> str:
    return f"{note.text} in {part.request.name}" if part.request.name else note.text


def skipped_of(request: Request, reason: str) -> Skipped:
    """Return the lines of a request as skipped."""
    return Skipped(*request.document.lines_of(request.target), reason, name=request.name)


def _combined(file: WholeFile, parts: Sequence[Part]) -> tuple[list[TextEdit], list[tuple[Part, str]]]:
    """Return the edits of ``parts`` with the imports that they need, and the parts that cannot be combined.

    The whole result is checked once. If it fails, halves are added one after the other, so that only the part
    that breaks it is left out, with the reason.
    """
    kept: list[Part] = []
    lost: list[tuple[Part, str]] = []

    def add(group: Sequence[Part]) -> None:
        reason = _obstacle(file, [*kept, *group])
        if not reason:
            kept.extend(group)
        elif len(group) == 1:
            lost.append((group[0], reason))
        else:
            add(group[: len(group) // 2])
            add(group[len(group) // 2 :])

    if parts:
        add(parts)
    return _with_imports(file, kept), lost


def _obstacle(file: WholeFile, parts: Sequence[Part]) -> str:
    """Why ``parts`` cannot be combined; empty if they can. Code that a person wants anyway is not checked."""
    edits = _edits(parts)
    if any(edit.span.end > after.span.start for edit, after in pairwise(edits)):
        return "It changes code that another part changes too."
    if any(part.offer.refusal for part in parts):
        return ""
    return syntax_refusal(edited(file, file.document.whole, edits))


def _edits(parts: Sequence[Part]) -> list[TextEdit]:
    return sorted((edit for part in parts for edit in part.offer.edits), key=lambda edit: edit.span)


def _with_imports(file: WholeFile, parts: Sequence[Part]) -> list[TextEdit]:
    importing = [part for part in parts if part.offer.imports]
    start = min((part.request.target.start for part in importing), default=0)
    return with_imports(file, _edits(parts), [new for part in importing for new in part.offer.imports], start)


def with_imports(
    file: WholeFile, edits: list[TextEdit], imports: Sequence[NewImport], start: int
) -> list[TextEdit]:
    """Add to ``edits``, which are in order, those of the imports that the text with them does not have yet.

    ``start`` is where the first code that needs them begins.
    """
    if not imports:
        return edits
    text = apply_edits(file.document.text, edits)
    document = Document.create(file.document.uri, file.document.language_id, file.document.version, text)
    after = WholeFile(document, parse(document))
    offset = start + sum(len(edit.new_text) - len(edit.span) for edit in edits if edit.span.end <= start)
    for insertion in reversed(import_edits(after, offset, still_needed(after, imports))):
        _insert(edits, insertion.span.start, insertion.new_text)
    return edits


def _insert(edits: list[TextEdit], at: int, text: str) -> None:
    """Add to ``edits``, which are in order, an insertion at an offset of the text after them."""
    shift = 0
    for number, edit in enumerate(edits):
        start = edit.span.start + shift
        if at < start:
            edits.insert(number, TextEdit(Span(at - shift, at - shift), text))
            return
        if at <= start + len(edit.new_text):
            new = edit.new_text[: at - start] + text + edit.new_text[at - start :]
            edits[number] = TextEdit(edit.span, new)
            return
        shift += len(edit.new_text) - len(edit.span)
    edits.append(TextEdit(Span(at - shift, at - shift), text))

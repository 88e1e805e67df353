"""The result of a refactoring, from the offers for its parts; all of them refer to the same text."""

from bisect import bisect, insort
from collections.abc import Callable, Sequence
from dataclasses import replace

from homebody.features.refactor.results import Offer, Part, Refactoring, RewriteRequest, Skipped, usage_of
from homebody.postprocess.edit.edited import edited
from homebody.postprocess.edit.hunks import hunks
from homebody.postprocess.edit.imports import NewImport, import_edits
from homebody.postprocess.edit.notes import Note, sentences
from homebody.postprocess.edit.refusals import syntax_refusal
from homebody.syntax.import_block import WholeFile
from homebody.syntax.tree import parse
from homebody.text import Span, TextEdit, apply_edits


def refused(offer: Offer) -> str:
    """Return why an offer does not become a part of the result; empty if it does."""
    return offer.refusal


def result_of(
    base: RewriteRequest,
    parts: Sequence[Part],
    target: Span,
    against: Callable[[Offer], str] = refused,
    also: Sequence[Part] = (),
) -> Refactoring:
    """Combine the offers that nothing is ``against``; the others are listed with the reason, and ``also``."""
    is_one, reason = len(parts) == 1, ""
    kept: list[Part] = []
    skipped = [_skipped(part.request, part.offer.refusal) for part in also]
    taken: list[Span] = []
    for part in parts:
        reason = against(part.offer)
        if not reason and any(_is_taken(taken, edit.span) for edit in part.offer.edits):
            reason = "It changes code that another part changes too."
        if reason and not is_one:
            skipped.append(_skipped(part.request, reason))
            reason = ""
            continue
        kept.append(part)
        for edit in part.offer.edits:
            insort(taken, edit.span)
    edits = sorted((edit for part in kept for edit in part.offer.edits), key=lambda edit: edit.span)
    if not (is_one or any(part.offer.refusal for part in kept)):
        # A person may want what is refused; all other edits together break nothing either.
        reason = syntax_refusal(edited(base.file, base.document.whole, edits))
    importing = [part for part in kept if part.offer.imports]
    skipped.sort(key=lambda each: each.first_line)
    if skipped and not reason and not (edits or importing):
        reason = f"{len(skipped)} of {len(skipped) + len(kept)} parts were refused. {skipped[0].reason}"
    offer = Offer(
        tuple(edits),
        tuple(new for part in importing for new in part.offer.imports),
        tuple(note if is_one else _located(note, part) for part in kept for note in part.offer.notes),
        next((part.offer.new_file for part in kept), None),
        reason,
    )
    start = min((part.request.target.start for part in importing), default=0)
    result = refactoring_of(base.file, offer, target, start)
    return replace(result, usage=usage_of(parts), skipped=tuple(skipped), parts=tuple(parts))


def refactoring_of(file: WholeFile, offer: Offer, target: Span, start: int) -> Refactoring:
    """Return an offer as a result; ``start`` is where the first code that needs its imports begins."""
    document = file.document
    edits = _with_imports(file, offer.edits, offer.imports, start)
    smallest = [
        hunk for edit in edits for hunk in hunks(document.slice(edit.span), edit.new_text, at=edit.span.start)
    ]
    return Refactoring(
        "refused" if offer.refusal else "changed" if smallest or offer.new_file else "unchanged",
        offer.refusal or None,
        tuple(smallest),
        document.version,
        target=target,
        new_file=offer.new_file,
        notes=sentences(offer.notes),
    )


def _skipped(request: RewriteRequest, reason: str) -> Skipped:
    return Skipped(*request.document.lines_of(request.target), reason, name=request.name)


def _located(note: Note, part: Part) -> Note:
    return replace(note, text=f"{note.text} in {part.request.name}") if part.request.name else note


def _is_taken(taken: Sequence[Span], span: Span) -> bool:
    """Whether ``span`` overlaps one of ``taken``, which are in order and do not overlap."""
    at = bisect(taken, span)
    return any(span.overlaps(other) for other in taken[max(0, at - 1) : at + 1])


def _with_imports(
    file: WholeFile, edits: Sequence[TextEdit], imports: Sequence[NewImport], start: int
) -> Sequence[TextEdit]:
    """Add to ``edits``, which are in order, those of ``imports`` that the text with them lacks."""
    if not imports:
        return edits
    document = file.document
    changed = document.with_text(apply_edits(document.text, edits))
    after = WholeFile(changed, parse(changed))
    offset = start + sum(len(edit.new_text) - len(edit.span) for edit in edits if edit.span.end <= start)
    return [TextEdit(document.whole, apply_edits(changed.text, import_edits(after, offset, imports)))]

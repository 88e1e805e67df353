"""A refined result for a document in which the earlier one was applied.

In: the original document, the earlier result, the refined one. Out: edits that turn the earlier result into
the refined one. Pure.
"""

from homebody.features.refactor.results import Refactoring
from homebody.postprocess.edit.hunks import hunks
from homebody.text import Document, Span, TextEdit, apply_edits


def after_earlier_edits(
    document: Document, earlier: Refactoring, refined: Refactoring
) -> tuple[Document, tuple[TextEdit, ...], Span]:
    """Return the document with the earlier edits, the edits that refine it, and their span."""
    applied_text = apply_edits(document.text, earlier.edits)
    wanted = apply_edits(document.text, refined.edits)
    applied = Document.create(document.uri, document.language_id, document.version, applied_text)
    target = earlier.target or document.whole
    above = [edit for edit in earlier.edits if edit.span.end < target.start]
    start = target.start + sum(len(edit.new_text) - len(edit.span) for edit in above)
    end = target.end + len(applied_text) - len(document.text)
    return applied, tuple(hunks(applied_text, wanted)), Span(start, max(start, end))

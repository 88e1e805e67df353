"""Code that is larger than the context: each part is rewritten and checked by itself, then one combined edit.

In: a request for all of the code, or the parts of an earlier result and a new instruction. Out: one result.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from homebody.backend.base import ModelInfo
from homebody.errors import ContextTooLong
from homebody.features.refactor.ask import size_of
from homebody.features.refactor.attempt import Listeners, attempt
from homebody.features.refactor.results import Pending, Refactoring, Request, Skipped, added
from homebody.features.refactor.units import units_of
from homebody.features.selection import FileOutline
from homebody.postprocess.edit.answer_code import Refusal
from homebody.postprocess.edit.answer_imports import still_needed
from homebody.postprocess.edit.edited import edited
from homebody.postprocess.edit.hunks import hunks
from homebody.postprocess.edit.import_edits import import_edits
from homebody.postprocess.edit.notes import sentences
from homebody.postprocess.edit.refusals import refusal_of
from homebody.syntax.tree import parse
from homebody.text import Document, Span, TextEdit, apply_edits


async def rewrite_large(request: Request, info: ModelInfo, listeners: Listeners) -> Refactoring:
    """Rewrite large code part by part.

    Raises
    ------
    ContextTooLong
        No part of the code fits.
    UsageError, BackendError
        As for ``ask``.

    """
    outline = await asyncio.to_thread(FileOutline.of, request.document, request.tree)
    request = replace(request, outline=outline)
    limit = _room_for_code(request, info)
    parts, skipped = await asyncio.to_thread(units_of, request, limit, request.engine.chat.tokens.count)
    if not parts:
        message = (
            f"No function of the code fits the context of {info.context_length} tokens together with its "
            "new version: select less, or serve the model with a larger context."
        )
        raise ContextTooLong(message)
    found: list[Refactoring] = []
    for number, part in enumerate(parts, 1):
        if listeners.on_unit is not None:
            listeners.on_unit(number, len(parts))
        done = await _part(part, info, listeners)
        found.append(done)
        if done.status == "refused":
            skipped.append(_skipped(part, done.reason))
    return await _combined(request, found, skipped)


async def refine_large(
    parts: Sequence[tuple[Pending, Request]],
    target: Span,
    skipped: Sequence[Skipped],
    listeners: Listeners,
    asked: str,
) -> Refactoring:
    """Refine each part of an earlier result.

    Parameters
    ----------
    parts
        The earlier answer for each part, and the request that refines it. A part whose new answer is
        refused keeps its earlier edits.
    target
        Lines that all parts belong to.
    skipped
        Lines that were not part of the earlier result.
    asked
        The user's whole request.

    Raises
    ------
    UsageError, BackendError
        As for ``ask``.

    """
    info = await parts[0][1].engine.chat.describe()
    found: list[Refactoring] = []
    left = list(skipped)
    for number, (before, part) in enumerate(parts, 1):
        if listeners.on_unit is not None:
            listeners.on_unit(number, len(parts))
        done = await _part(part, info, listeners, asked)
        if done.status == "refused":
            left.append(_skipped(part, done.reason))
            done = replace(done, edits=before.edits, pending=(before,))
        found.append(done)
    if all(one.status == "refused" for one in found):
        reason = f"No part was refined. {found[0].reason}"
        return replace(await _combined(parts[0][1], found, left), status="refused", reason=reason, edits=())
    whole = replace(parts[0][1], target=target, instruction=asked)
    return await _combined(whole, found, left)


async def _part(part: Request, info: ModelInfo, listeners: Listeners, asked: str = "") -> Refactoring:
    """Rewrite one part; one that does not fit after all is refused, and the others are kept."""
    try:
        return await attempt(part, info, listeners, asked=asked)
    except ContextTooLong as error:
        return Refactoring("refused", str(error), (), part.document.version)


async def _combined(
    request: Request, found: Sequence[Refactoring], skipped: Sequence[Skipped]
) -> Refactoring:
    """Combine the results of all parts, and check their edits together."""
    pending = [one for done in found for one in done.pending]
    edits: list[TextEdit] = [edit for one in pending for edit in one.edits]
    if any(one.imports for one in pending):
        edits = await asyncio.to_thread(_with_imports, request, edits, pending)
    result = Refactoring(
        status="changed" if edits else "unchanged",
        reason=None,
        edits=tuple(edits),
        version=request.document.version,
        usage=added([one.usage for one in found if one.usage is not None]),
        sources=tuple(source for one in found for source in one.sources),
        left_out=tuple(left for one in found for left in one.left_out),
        target=request.target,
        skipped=tuple(sorted(skipped, key=lambda one: one.first_line)),
        pending=tuple(pending),
        notes=sentences([note for one in pending for note in one.notes]),
    )
    refused = [one for one in result.skipped if not one.is_planned]
    if not edits and refused:
        total = len(refused) + sum(1 for one in found if one.status != "refused")
        reason = f"{len(refused)} of {total} parts were refused. {refused[0].reason}"
        return replace(result, status="refused", reason=reason)
    if edits and (refusal := await asyncio.to_thread(_refusal_of_all, request, edits)):
        return replace(result, status="refused", reason=refusal.reason)
    return result


def _refusal_of_all(request: Request, edits: Sequence[TextEdit]) -> Refusal | None:
    return refusal_of(edited(request.document, request.tree, request.target, edits))


def _with_imports(request: Request, edits: list[TextEdit], pending: Sequence[Pending]) -> list[TextEdit]:
    """Edits that also add the imports that the parts need; another part may have added some of them."""
    document = request.document
    first = next(one.request.target.start for one in pending if one.imports)
    offset = first + sum(len(edit.new_text) - len(edit.span) for edit in edits if edit.span.end <= first)
    text = apply_edits(document.text, edits)
    rewritten = Document.create(document.uri, document.language_id, document.version, text)
    tree = parse(rewritten)
    needed = still_needed(rewritten, tree, [new for one in pending for new in one.imports])
    return hunks(document.text, apply_edits(text, import_edits(rewritten, tree, offset, needed)))


def _room_for_code(request: Request, info: ModelInfo) -> int:
    """Maximum tokens of code that is sent once and written once in its new version."""
    fixed = size_of(replace(request, target=Span(request.target.start, request.target.start)))
    return (info.context_length - fixed.total) * 4 // 9


def _skipped(part: Request, reason: str | None) -> Skipped:
    return Skipped(*part.document.lines_of(part.target), reason or "")

"""``homebody.refactor``, ``refine``, ``apply`` and ``merge``: change code in the editor.

Each returns the edit, or the reason why there is none; ``deliver`` has the form of the first three's result.
"""

from dataclasses import replace
from typing import Any

import msgspec
from lsprotocol import types

from homebody.errors import DocumentChanged, UsageError
from homebody.features import refactor as feature
from homebody.features.apply_block import apply_block
from homebody.features.refactor import Refactoring
from homebody.features.refactor.results import after_earlier_edits
from homebody.lsp import progress
from homebody.lsp.arguments import TextDocument, parse
from homebody.lsp.commands.common import code_of, document_of
from homebody.lsp.commands.conversations import conversation_of
from homebody.lsp.commands.deliver import deliver, moved_edits, outcome_of
from homebody.lsp.convert import from_edits, to_span
from homebody.lsp.server import Result, Server
from homebody.postprocess.edit.code_blocks import code_blocks
from homebody.postprocess.edit.hunks import hunks
from homebody.postprocess.edit.rebase import EDITED_MEANWHILE, merged
from homebody.text import Document

_REFINE = "Refine"
_APPLY = "Apply code from the answer"


class Refactor(msgspec.Struct, frozen=True, rename="camel"):
    """The argument: a named action, or an instruction in words.

    ``problem`` is the text of the diagnostics at the range, for actions that fix it. If ``apply`` is false,
    the edit is returned in the result instead of being sent with ``workspace/applyEdit``. With
    ``show_reason`` the server shows the reason for a refusal, and the notes of an applied edit, because
    editors ignore the result of a code action's command.
    """

    text_document: TextDocument
    range: types.Range
    action: str | None = None
    instruction: str | None = None
    problem: str = ""
    apply: bool = True
    show_reason: bool = False


async def refactor(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Rewrite a range and apply the edit; a refusal has its reason in the result."""
    argument = parse(params, Refactor)
    work = _refactored(server, params, argument)
    return await outcome_of(server, work, params.work_done_token, show_reason=argument.show_reason)


async def _refactored(
    server: Server, params: types.ExecuteCommandParams, argument: Refactor
) -> dict[str, Any]:
    document = document_of(server, argument.text_document)
    span = to_span(document, argument.range, server.documents.encoding)
    async with server.service.asking() as opened:
        await server.service.refresh_prompts(opened)
        action = opened.engine.prompts.action(argument.action) if argument.action else None
        title = action.title if action else "Rewrite"
        async with progress.bar(server, title, params.work_done_token) as work:
            refactoring = await feature.refactor(
                opened.engine,
                document,
                span,
                action=argument.action,
                instruction=argument.instruction,
                problem=argument.problem,
                session=opened.session,
                **work.part_listeners,
            )
    return await deliver(server, document, refactoring, title, apply=argument.apply)


class Refine(msgspec.Struct, frozen=True, rename="camel"):
    """The argument. ``edit`` is the id of a result, whether it has been applied or not."""

    edit: str
    instruction: str
    apply: bool = True
    show_reason: bool = False


async def refine(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Refine a result; a refusal has its reason in the result."""
    argument = parse(params, Refine)
    work = _refined(server, params, argument)
    return await outcome_of(server, work, params.work_done_token, show_reason=argument.show_reason)


async def _refined(server: Server, params: types.ExecuteCommandParams, argument: Refine) -> dict[str, Any]:
    if (before := server.service.pending.get(argument.edit)) is None:
        message = f"There is no pending edit {argument.edit!r} any more: run the action again."
        raise UsageError(message)
    if _placed(server, before, before) is None:
        message = "The code was edited after this result, so it is not refined: run the action again."
        raise DocumentChanged(message)
    async with server.service.asking(), progress.bar(server, _REFINE, params.work_done_token) as work:
        refactoring = await feature.refine(before, argument.instruction, **work.part_listeners)
    placed = _placed(server, before, refactoring) if refactoring.edits else None
    document, refactoring = placed or (before.parts[0].request.document, refactoring)
    return await deliver(server, document, refactoring, _REFINE, apply=argument.apply)


def _placed(server: Server, before: Refactoring, result: Refactoring) -> tuple[Document, Refactoring] | None:
    """Return ``result`` for the text that the editor shows: with the edits of ``before``, or without them.

    ``None`` if that is neither.

    Raises
    ------
    DocumentChanged
        The document is closed.

    """
    document = before.parts[0].request.document
    current = server.documents.find(document.uri)
    if current is None:
        message = "The document was closed, so there is nothing to refine."
        raise DocumentChanged(message)
    if result.new_file is not None or moved_edits(document, result, current) is not None:
        return document, result
    applied, edits, target = after_earlier_edits(document, before, result)
    result = replace(result, edits=edits, target=target)
    return None if moved_edits(applied, result, current) is None else (applied, result)


class Apply(msgspec.Struct, frozen=True, rename="camel"):
    """The argument.

    ``block`` is a number from ``blocks`` of an answer. A ``range`` is replaced; an empty range is a cursor,
    where the block is inserted. Without one the definition of the same name is replaced. If ``apply`` is
    false, the edit is returned in the result instead of being sent with ``workspace/applyEdit``.
    """

    conversation_id: str
    block: int
    text_document: TextDocument
    range: types.Range | None = None
    apply: bool = True


async def apply(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Apply a block; a refusal has its reason in the result."""
    argument = parse(params, Apply)
    return await outcome_of(server, _applied(server, argument))


async def _applied(server: Server, argument: Apply) -> dict[str, Any]:
    document, span = code_of(server, argument.text_document, argument.range)
    conversation = await conversation_of(server, argument.conversation_id)
    async with server.service.using() as opened:
        blocks = [block for turn in conversation.turns for block in code_blocks(turn.answer)]
        if not 0 <= argument.block < len(blocks):
            message = f"There is no code block {argument.block}: the conversation has {len(blocks)}, from 0."
            raise UsageError(message)
        refactoring = await apply_block(opened.engine, document, blocks[argument.block], span)
    return await deliver(server, document, refactoring, _APPLY, apply=argument.apply)


class Merge(msgspec.Struct, frozen=True, rename="camel"):
    """The argument: the texts of a result's ``proposal``, ``after`` as the user left it."""

    text_document: TextDocument
    before: str
    after: str


async def merge(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Return the edits that put a change into the document as it is now; a refusal has its reason."""
    argument = parse(params, Merge)
    return await outcome_of(server, _merged(server, argument))


async def _merged(server: Server, argument: Merge) -> dict[str, Any]:
    document = document_of(server, argument.text_document)
    text = merged(argument.before, argument.after, document)
    if text is None:
        raise DocumentChanged(EDITED_MEANWHILE)
    edits = from_edits(document, hunks(document.text, text), server.documents.encoding)
    return {"status": "ready", "edits": edits}

"""``homebody.refactor``, ``refine``, ``apply`` and ``merge``: change code in the editor.

Each applies or returns the edit, or returns the reason why there is none. If the user edited text outside of
the rewritten code meanwhile, the edit is adjusted. If the code itself was edited, nothing is replaced.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias, TypeVar

import msgspec
from lsprotocol import types
from msgspec import to_builtins
from pygls.exceptions import JsonRpcException

from homebody.errors import DocumentChanged, EditRefused, HomebodyError, UsageError, sentence
from homebody.features import refactor as feature
from homebody.features.apply_block import apply_block
from homebody.features.refactor import Refactoring, Skipped
from homebody.features.refactor.results import after_earlier_edits
from homebody.lsp import progress
from homebody.lsp.commands.common import TextDocument, code_of, document_of, parse
from homebody.lsp.commands.conversations import conversation_of
from homebody.lsp.convert import from_edits, to_span
from homebody.lsp.server import Result, Server
from homebody.postprocess.edit.code_blocks import code_blocks
from homebody.postprocess.edit.hunks import hunks
from homebody.postprocess.edit.rebase import EDITED_MEANWHILE, merged, rebased
from homebody.postprocess.lines import line_changes
from homebody.text import Document, TextEdit, apply_edits, lines_with_ends

_REFINE = "Refine"
_APPLY = "Apply code from the answer"


T = TypeVar("T")
Token: TypeAlias = types.ProgressToken | None


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
    return await _outcome(server, params, Refactor, _refactored)


async def _refactored(server: Server, argument: Refactor, token: Token) -> dict[str, Any]:
    document = document_of(server, argument.text_document)
    span = to_span(document, argument.range, server.documents.encoding)
    async with server.service.asking() as opened:
        await server.service.refresh_prompts(opened)
        action = opened.engine.prompts.action(argument.action) if argument.action else None
        title = action.title if action else "Rewrite"
        async with progress.bar(server, title, token) as work:
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
    return await _delivered(server, document, refactoring, title, apply=argument.apply)


class Refine(msgspec.Struct, frozen=True, rename="camel"):
    """The argument. ``edit`` is the id of a result, whether it has been applied or not."""

    edit: str
    instruction: str
    apply: bool = True
    show_reason: bool = False


async def refine(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Refine a result; a refusal has its reason in the result."""
    return await _outcome(server, params, Refine, _refined)


async def _refined(server: Server, argument: Refine, token: Token) -> dict[str, Any]:
    if (before := server.service.pending.get(argument.edit)) is None:
        message = f"There is no pending edit {argument.edit!r} any more: run the action again."
        raise UsageError(message)
    if _placed(server, before, before) is None:
        message = "The code was edited after this result, so it is not refined: run the action again."
        raise DocumentChanged(message)
    async with server.service.asking(), progress.bar(server, _REFINE, token) as work:
        refactoring = await feature.refine(before, argument.instruction, **work.part_listeners)
    placed = _placed(server, before, refactoring) if refactoring.edits else None
    document, refactoring = placed or (before.parts[0].request.document, refactoring)
    return await _delivered(server, document, refactoring, _REFINE, apply=argument.apply)


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
    if result.new_file is not None or _moved(document, result, current) is not None:
        return document, result
    applied, edits, target = after_earlier_edits(document, before, result)
    result = replace(result, edits=edits, target=target)
    return None if _moved(applied, result, current) is None else (applied, result)


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
    return await _outcome(server, params, Apply, _applied)


async def _applied(server: Server, argument: Apply, _token: Token) -> dict[str, Any]:
    document, span = code_of(server, argument.text_document, argument.range)
    conversation = await conversation_of(server, argument.conversation_id)
    async with server.service.using() as opened:
        blocks = [block for turn in conversation.turns for block in code_blocks(turn.answer)]
        if not 0 <= argument.block < len(blocks):
            message = f"There is no code block {argument.block}: the conversation has {len(blocks)}, from 0."
            raise UsageError(message)
        refactoring = await apply_block(opened.engine, document, blocks[argument.block], span)
    return await _delivered(server, document, refactoring, _APPLY, apply=argument.apply)


class Merge(msgspec.Struct, frozen=True, rename="camel"):
    """The argument: the texts of a result's ``proposal``, ``after`` as the user left it."""

    text_document: TextDocument
    before: str
    after: str


async def merge(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Return the edits that put a change into the document as it is now; a refusal has its reason."""
    return await _outcome(server, params, Merge, _merged)


async def _merged(server: Server, argument: Merge, _token: Token) -> dict[str, Any]:
    document = document_of(server, argument.text_document)
    text = merged(argument.before, argument.after, document)
    if text is None:
        raise DocumentChanged(EDITED_MEANWHILE)
    edits = from_edits(document, hunks(document.text, text), server.documents.encoding)
    return {"status": "ready", "edits": edits}


_CHANGED = (
    "The code was changed while the model rewrote it, so nothing was replaced; the model's text is in the "
    "last prompt, and the action can be run again."
)
_SMALL_LINES = 12
"""Longest addition that a user need not see before it is applied."""
_BY_HAND = "This editor does not apply edits from a server, so the edit is in the result."


async def _outcome(
    server: Server,
    params: types.ExecuteCommandParams,
    kind: type[T],
    work: Callable[[Server, T, Token], Awaitable[dict[str, Any]]],
) -> dict[str, Any]:
    """Return the result of ``work``, even if the user stopped it or it failed.

    With ``show_reason`` the server also shows the reason for a refusal, and the notes of an applied edit.
    """
    argument, token = parse(params, kind), params.work_done_token
    result: dict[str, Any] = {"status": "cancelled", "notes": []}
    try:
        with progress.stoppable(server, token):
            result = await work(server, argument, token)
    except progress.StoppedByUserError:
        return result
    except HomebodyError as error:
        result |= {"status": "refused", "reason": sentence(str(error))}
    if isinstance(argument, Refactor | Refine) and argument.show_reason:
        notes = "; ".join(result["notes"]) if result["status"] == "applied" else ""
        if message := result.get("reason") or (notes and f"Check this edit: it {notes}."):
            server.show_message(message)
    return result


async def _delivered(
    server: Server, document: Document, refactoring: Refactoring, label: str, *, apply: bool
) -> dict[str, Any]:
    """Return the result object; with ``apply`` the editor is asked to apply the edit first.

    A client that cannot apply edits gets the edit in the result, and so does every client whose edit was
    refused: a person may look at it and apply it. If the editor refuses the edit, the result says so.
    """
    result: dict[str, Any] = {"status": refactoring.status, "notes": list(refactoring.notes)}
    if refactoring.usage is not None:
        result["usage"] = to_builtins(refactoring.usage)
    if refactoring.parts:
        result["id"] = server.service.keep(refactoring)
    creates = refactoring.new_file is not None
    if refactoring.status == "unchanged" or not (refactoring.edits or creates):
        return result | ({"reason": refactoring.reason} if refactoring.reason else {})
    is_refused = refactoring.status == "refused"
    is_applied = apply and not is_refused and _can_apply(server, creates=creates)
    try:
        offer = _offer(server, document, refactoring)
        if is_applied:
            await _apply(server, offer["edit"], label)
    except HomebodyError as error:
        return result | {"status": "refused", "reason": refactoring.reason or sentence(str(error))}
    if is_refused:
        return result | offer | {"reason": refactoring.reason}
    if remark := _unchanged(refactoring.skipped):
        # Editors show the edit, in which a part that is missing does not stand out.
        server.show_message(remark)
    if is_applied:
        return result | {"status": "applied"}
    return result | {"status": "ready"} | offer | ({"reason": _BY_HAND} if apply else {})


def _unchanged(skipped: Sequence[Skipped]) -> str:
    """Say which parts should have been rewritten and were not; empty if there are none."""
    if not skipped:
        return ""
    first, *others = skipped
    more = f" (and {len(others)} more)" if others else ""
    place = f"Lines {first.first_line + 1} to {first.last_line + 1}{more}"
    return f"{place} stay as they are: {sentence(first.reason)}"


def _offer(server: Server, document: Document, refactoring: Refactoring) -> dict[str, Any]:
    """Make the edit for the current text in the editor, and the texts to review.

    Raises
    ------
    DocumentChanged
        The code that it replaces was edited meanwhile, or the document was closed.

    """
    if refactoring.new_file is not None:
        uri, text = refactoring.new_file.uri, refactoring.new_file.text
        proposal = {"uri": uri, "before": None, "after": text}
        return {"edit": _new_file_edit(uri, text), "proposal": proposal, "review": True}
    current = server.documents.find(document.uri)
    if current is None:
        message = "The document was closed while the model worked on it, so nothing was replaced."
        raise DocumentChanged(message)
    moved = _moved(document, refactoring, current)
    if moved is None:
        raise DocumentChanged(_CHANGED)
    after = apply_edits(current.text, moved)
    proposal = {"uri": current.uri, "before": current.text, "after": after}
    review = needs_review(refactoring, current.text, after)
    edit = _workspace_edit(server, current, moved)
    return {"edit": edit, "proposal": proposal, "review": review}


def needs_review(refactoring: Refactoring, before: str, after: str) -> bool:
    """Whether the user should see an edit before it is applied: all but a few added lines."""
    changes = list(line_changes(lines_with_ends(before), lines_with_ends(after)))
    replaces = any(change.old_end > change.old_start for change in changes)
    added = sum(change.new_end - change.new_start for change in changes)
    is_small = not replaces and added <= _SMALL_LINES
    return refactoring.status == "refused" or bool(refactoring.notes) or not is_small


def _moved(document: Document, refactoring: Refactoring, current: Document) -> Sequence[TextEdit] | None:
    """Return the edits for ``current``; ``None`` if the code that they replace was edited."""
    if current is document or refactoring.target is None:
        return refactoring.edits if current is document else None
    return rebased(refactoring.edits, refactoring.target, document.text, current)


def _workspace_edit(server: Server, document: Document, edits: Sequence[TextEdit]) -> types.WorkspaceEdit:
    """Build the edit in the form that this client supports, with the document's version if possible."""
    text_edits = from_edits(document, edits, server.documents.encoding)
    workspace = server.capabilities.workspace
    client = workspace.workspace_edit if workspace else None
    if client is None or not client.document_changes:
        return types.WorkspaceEdit(changes={document.uri: text_edits})
    identifier = types.OptionalVersionedTextDocumentIdentifier(uri=document.uri, version=document.version)
    return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(identifier, text_edits)])


def _new_file_edit(uri: str, text: str) -> types.WorkspaceEdit:
    """Make the edit that creates a file; it never replaces an existing one."""
    options = types.CreateFileOptions(overwrite=False, ignore_if_exists=False)
    start = types.Position(0, 0)
    insert = types.TextEdit(types.Range(start, start), text)
    identifier = types.OptionalVersionedTextDocumentIdentifier(uri=uri, version=None)
    return types.WorkspaceEdit(
        document_changes=[
            types.CreateFile(uri=uri, options=options),
            types.TextDocumentEdit(identifier, [insert]),
        ]
    )


def _can_apply(server: Server, *, creates: bool = False) -> bool:
    """Whether the editor applies edits that a server sends; with ``creates`` also new files."""
    workspace = server.capabilities.workspace
    if workspace is None or not workspace.apply_edit:
        return False
    client = workspace.workspace_edit
    operations = (client.resource_operations if client else None) or ()
    return not creates or types.ResourceOperationKind.Create in operations


async def _apply(server: Server, edit: types.WorkspaceEdit, label: str) -> None:
    """Have the editor apply ``edit``.

    Raises
    ------
    EditRefused
        The editor did not apply it.

    """
    try:
        answer = await server.workspace_apply_edit_async(types.ApplyWorkspaceEditParams(edit, label))
    except JsonRpcException as error:
        message = f"The editor did not apply the edit: {error}"
        raise EditRefused(message) from error
    if not answer.applied:
        message = answer.failure_reason or "The editor did not apply the edit."
        raise EditRefused(message)

"""Applies or returns the result of ``homebody.refactor``, ``refine`` and ``apply``.

If the user edited text outside of the rewritten code, the result's positions are adjusted. If the code itself
was edited, nothing is replaced.
"""

from collections.abc import Awaitable, Sequence
from typing import Any

from lsprotocol import types
from msgspec import to_builtins
from pygls.exceptions import JsonRpcException

from homebody.errors import DocumentChanged, EditRefused, HomebodyError, sentence
from homebody.features.refactor import Refactoring, Skipped
from homebody.lsp.convert import from_edits
from homebody.lsp.progress import StoppedByUserError, stoppable
from homebody.lsp.server import Server
from homebody.postprocess.edit.rebase import rebased
from homebody.postprocess.lines import line_changes
from homebody.text import Document, TextEdit, apply_edits, lines_with_ends

_CHANGED = (
    "The code was changed while the model rewrote it, so nothing was replaced; the model's text is in the "
    "last prompt, and the action can be run again."
)
_SMALL_LINES = 12
"""Longest addition that a user need not see before it is applied."""
_BY_HAND = "This editor does not apply edits from a server, so the edit is in the result."


async def outcome_of(
    server: Server,
    work: Awaitable[dict[str, Any]],
    token: types.ProgressToken | None = None,
    *,
    show_reason: bool = False,
) -> dict[str, Any]:
    """Return the result of ``work``, even if the user stopped it through its ``token`` or it failed.

    With ``show_reason`` the server also shows the reason for a refusal, and the notes of an applied edit.
    """
    result: dict[str, Any] = {"status": "cancelled", "notes": []}
    try:
        with stoppable(server, token):
            result = await work
    except StoppedByUserError:
        return result
    except HomebodyError as error:
        result |= {"status": "refused", "reason": sentence(str(error))}
    notes = "; ".join(result["notes"]) if result["status"] == "applied" else ""
    if show_reason and (message := result.get("reason") or (notes and f"Check this edit: it {notes}.")):
        server.show_message(message)
    return result


async def deliver(
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
    first, more = skipped[0], len(skipped) - 1
    others = f" (and {more} more)" if more else ""
    place = f"Lines {first.first_line + 1} to {first.last_line + 1}{others}"
    return f"{place} stay as they are: {first.reason.rstrip('.')}."


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
    moved = moved_edits(document, refactoring, current)
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


def moved_edits(document: Document, refactoring: Refactoring, current: Document) -> Sequence[TextEdit] | None:
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

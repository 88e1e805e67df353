"""Applies or returns the result of ``homebody.refactor``, ``refine`` and ``apply``.

In: a ``Refactoring`` and its document. Out: the command's result. If the user edited text outside of the
rewritten code, the result's positions are adjusted. If the code itself was edited, nothing is replaced.
"""

from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from homebody.errors import DocumentChanged, HomebodyError
from homebody.lsp import edits
from homebody.lsp.commands.common import usage_of
from homebody.lsp.convert import from_lines
from homebody.lsp.progress import StoppedByUserError
from homebody.lsp.server import Server

if TYPE_CHECKING:
    from homebody.features.refactor import Refactoring, Skipped
    from homebody.text import Document, TextEdit

_CHANGED = (
    "The code was changed while the model rewrote it, so nothing was replaced; the model's text is in the "
    "last prompt, and the action can be run again."
)
_BY_HAND = "This editor does not apply edits from a server, so the edit is in the result."


async def outcome_of(
    server: Server, work: Awaitable[dict[str, Any]], *, show_reason: bool = False
) -> dict[str, Any]:
    """Return the result of ``work``, even if the user cancelled it at its progress bar or it failed.

    With ``show_reason`` the server also shows the reason for a refusal.
    """
    result: dict[str, Any] = {"status": "cancelled", "notes": []}
    try:
        result = await work
    except StoppedByUserError:
        return result
    except HomebodyError as error:
        result |= {"status": "refused", "reason": str(error)}
    if show_reason and (reason := result.get("reason")):
        server.show_message(reason)
    return result


async def deliver(
    server: Server, document: "Document", found: "Refactoring", label: str, *, apply: bool
) -> dict[str, Any]:
    """Return the result object; with ``apply`` the editor is asked to apply the edit first.

    A client that cannot apply edits gets the edit in the result, and so does every client whose edit was
    refused: a person may look at it and apply it. If the editor refuses the edit, the result says so.
    """
    result: dict[str, Any] = {"status": found.status, "notes": list(found.notes)}
    if found.usage is not None:
        result["usage"] = usage_of(found.usage)
    if found.pending:
        result["id"] = server.service.pending.add(found)
    if found.skipped:
        result["skipped"] = [
            {
                "range": from_lines(document, one.first_line, one.last_line, server.documents.encoding),
                "reason": one.reason,
            }
            for one in found.skipped
        ]
    if found.status == "refused":
        return result | {"reason": found.reason} | _refused_edit(server, document, found, label)
    if found.status == "unchanged":
        return result | ({"reason": found.reason} if found.reason else {})
    try:
        changed = await _changed(server, document, found, label, apply=apply)
    except HomebodyError as error:
        return result | {"status": "refused", "reason": str(error)}
    if sentence := _unchanged(found.skipped):
        # Editors show the edit, in which a part that is missing does not stand out.
        server.show_message(sentence)
    return result | changed


def _refused_edit(
    server: Server, document: "Document", found: "Refactoring", label: str
) -> dict[str, types.WorkspaceEdit]:
    """Return the edit that was refused, if there is one and the code is still the one that it replaces."""
    if not found.edits and found.new_file is None:
        return {}
    try:
        return {"edit": _edit(server, document, found, label)}
    except DocumentChanged:
        return {}


def _unchanged(skipped: "Sequence[Skipped]") -> str:
    """Say which parts should have been rewritten and were not; empty if there are none."""
    refused = [one for one in skipped if not one.is_planned]
    if not refused:
        return ""
    lines = ", ".join(f"{one.first_line + 1}-{one.last_line + 1}" for one in refused[:_MOST_NAMED])
    more = ", …" if len(refused) > _MOST_NAMED else ""
    subject = "One part stays as it is" if len(refused) == 1 else f"{len(refused)} parts stay as they are"
    return f"{subject} (lines {lines}{more}): {refused[0].reason.rstrip('.')}."


# Parts whose lines a message names; the result has all.
_MOST_NAMED = 5


async def _changed(
    server: Server, document: "Document", found: "Refactoring", label: str, *, apply: bool
) -> dict[str, Any]:
    edit = _edit(server, document, found, label)
    if not apply:
        return {"status": "ready", "edit": edit}
    if not edits.can_apply(server, creates=found.new_file is not None):
        return {"status": "ready", "edit": edit, "reason": _BY_HAND}
    await edits.apply(server, edit, label)
    return {"status": "applied"}


def _edit(server: Server, document: "Document", found: "Refactoring", label: str) -> types.WorkspaceEdit:
    """Make the edit for the current text in the editor.

    Raises
    ------
    DocumentChanged
        The code that it replaces was edited meanwhile, or the document was closed.

    """
    if found.new_file is not None:
        return edits.new_file_edit(found.new_file.uri, found.new_file.text, label)
    current = server.documents.find(document.uri)
    if current is None:
        message = "The document was closed while the model worked on it, so nothing was replaced."
        raise DocumentChanged(message)
    moved = moved_edits(document, found, current)
    if moved is None:
        raise DocumentChanged(_CHANGED)
    return edits.workspace_edit(server, current, moved, label)


def moved_edits(
    document: "Document", found: "Refactoring", current: "Document"
) -> "tuple[TextEdit, ...] | None":
    """Return the edits for ``current``; ``None`` if the code that they replace was edited."""
    from homebody.postprocess.edit.rebase import rebased

    if current is document or found.target is None:
        return found.edits if current is document else None
    return rebased(found.edits, found.target, document.text, current.text)

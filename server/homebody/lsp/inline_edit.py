"""``textDocument/copilotInlineEdit`` and the reports on its edits, as clients of Copilot's server know them.

The result has at most one edit; ``docs/protocol.md`` describes the protocol for authors of clients.
"""

from typing import TYPE_CHECKING, Any

from homebody.lsp.convert import from_span
from homebody.lsp.server import Server
from homebody.text import Document

if TYPE_CHECKING:
    from homebody.next_edit.changes import NextEdit
    from homebody.session.offered_edits import Event


def no_edit() -> dict[str, Any]:
    """Return an empty result."""
    return {"edits": []}


async def copilot_inline_edit(server: Server, params: object) -> dict[str, Any]:
    """Suggest the next edit.

    Raises
    ------
    UsageError
        The params are not valid.

    """
    from homebody.lsp.commands import common

    request = common.read("A request for the next edit", params, common.CursorPosition)
    place = server.documents.at(request.text_document, request.position)
    offer = None if place is None else await server.service.next_edit(*place)
    return no_edit() if place is None or offer is None else {"edits": [_to_json(server, place[0], *offer)]}


def report(event: "Event", server: Server, params: object) -> None:
    """Count what the user did with an edit; one that was rejected is not offered again, nor is its pattern.

    It names the edit as ``textDocument/didShowInlineEdit`` does, ``homebody/didRejectInlineEdit``, or
    ``workspace/executeCommand`` as a notification, which is how some clients report an accepted edit.
    """
    match params:
        case (
            {"item": {"command": {"arguments": [str(edit_id)]}}}
            | {"id": str(edit_id)}
            | {"command": "homebody.acceptNextEdit", "arguments": [str(edit_id)]}
        ):
            server.service.count_edit(event, edit_id)
        case _:
            return


def _to_json(server: Server, document: Document, edit: "NextEdit", edit_id: str) -> dict[str, Any]:
    change = edit.applied_to(document)
    return {
        "text": change.new_text,
        "range": from_span(document, change.span, server.documents.encoding),
        "textDocument": {"uri": document.uri, "version": document.version},
        "command": {
            "title": "Accept next edit",
            "command": "homebody.acceptNextEdit",
            "arguments": [edit_id],
        },
        "show": server.service.switch.settings.next_edit.enabled,
    }

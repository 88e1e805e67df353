"""``textDocument/copilotInlineEdit`` and the reports on its edits, as clients of Copilot's server know them.

The result has at most one edit; ``docs/protocol.md`` describes the protocol for authors of clients.
"""

from typing import TYPE_CHECKING, Any

from homebody.lsp.convert import from_span
from homebody.lsp.server import Server

if TYPE_CHECKING:
    from homebody.lsp.next_edits import OfferedEdit


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
    from homebody.lsp import arguments

    request = arguments.read("A request for the next edit", params, arguments.InlineEdit)
    place = server.documents.at(request.text_document, request.position)
    offer = None if place is None else await server.service.next_edits.find(*place)
    return no_edit() if offer is None else {"edits": [_to_json(server, offer)]}


def did_show_inline_edit(server: Server, params: object) -> None:
    """``textDocument/didShowInlineEdit``: count an edit that the user saw."""
    match params:
        case {"item": {"command": {"arguments": [str(edit_id)]}}}:
            server.service.next_edits.count("shown", edit_id)
        case _:
            return


def did_reject_inline_edit(server: Server, params: object) -> None:
    """``homebody/didRejectInlineEdit``: neither this edit nor one of its pattern is offered again."""
    match params:
        case {"id": str(edit_id)}:
            server.service.next_edits.count("rejected", edit_id)
        case _:
            return


def execute_command_notice(server: Server, params: object) -> None:
    """``workspace/executeCommand`` as a notification: how some clients report an accepted edit."""
    match params:
        case {"command": "homebody.acceptNextEdit", "arguments": [str(edit_id)]}:
            server.service.next_edits.count("accepted", edit_id)
        case _:
            return


def _to_json(server: Server, offer: "OfferedEdit") -> dict[str, Any]:
    change = offer.edit.applied_to(offer.document)
    return {
        "text": change.new_text,
        "range": from_span(offer.document, change.span, server.documents.encoding),
        "textDocument": {"uri": offer.document.uri, "version": offer.document.version},
        "command": {
            "title": "Accept next edit",
            "command": "homebody.acceptNextEdit",
            "arguments": [offer.id],
        },
        "show": offer.show,
    }

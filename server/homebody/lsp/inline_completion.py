"""``textDocument/inlineCompletion``: ghost text at the cursor, and the client's reports on it.

The result is empty if there is nothing to show, never an error.
"""

from typing import TYPE_CHECKING

from lsprotocol import types

from homebody.lsp.convert import from_span, to_span_within
from homebody.lsp.server import Server
from homebody.text import Document

if TYPE_CHECKING:
    from homebody.features.complete import Completion, Selected
    from homebody.lsp.service import CompletionEvent


def nothing() -> types.InlineCompletionList:
    """Return an empty result."""
    return types.InlineCompletionList(items=[])


async def inline_completion(
    server: Server, params: types.InlineCompletionParams
) -> types.InlineCompletionList:
    """Complete at the position."""
    place = server.documents.at(params.text_document, params.position)
    service = server.service
    invoked = params.context.trigger_kind == types.InlineCompletionTriggerKind.Invoked
    if place is None or not service.switch.suggests(place[0], invoked=invoked):
        return nothing()
    document, offset = place
    selected = _selected(server, document, params.context.selected_completion_info)
    completions = await service.complete(document, offset, invoked=invoked, selected=selected)
    return types.InlineCompletionList(
        items=[
            types.InlineCompletionItem(
                insert_text=completion.text,
                range=from_span(document, completion.span, server.documents.encoding),
                command=accepted(completion),
            )
            for completion in completions
        ]
    )


def accepted(completion: "Completion") -> types.Command:
    """Return the command with which the client reports that a suggestion was accepted."""
    return types.Command("Accepted", "homebody.acceptCompletion", arguments=[{"id": completion.id}])


def _selected(
    server: Server, document: Document, info: types.SelectedCompletionInfo | None
) -> "Selected | None":
    """The item that is selected in the completion menu."""
    if info is None:
        return None
    from homebody.features.complete import Selected

    span = to_span_within(document, info.range, server.documents.encoding)
    return Selected(span, info.text)


def report(event: "CompletionEvent", server: Server, params: object) -> None:
    """Count what the user did with a suggestion, as ``textDocument/didShowCompletion`` reports it."""
    match params:
        case {"item": {"command": {"arguments": [{"id": str(offer_id)}]}}}:
            server.service.count(event, offer_id)
        case _:
            return

"""``textDocument/inlineCompletion``: ghost text at the cursor, and the client's reports on it.

The result is empty if there is nothing to show, never an error. What checks the reports is imported at the
first one, so that ``initialize`` is answered sooner.
"""

from typing import TYPE_CHECKING

from lsprotocol import types

from homebody.errors import PositionOutOfRange
from homebody.lsp.convert import from_span, to_offset, to_span_within, to_text
from homebody.lsp.server import Server
from homebody.text import Document

if TYPE_CHECKING:
    from homebody.features.complete import Selected


def nothing() -> types.InlineCompletionList:
    """Return an empty result."""
    return types.InlineCompletionList(items=[])


async def inline_completion(
    server: Server, params: types.InlineCompletionParams
) -> types.InlineCompletionList:
    """Complete at the position."""
    document = server.documents.find(params.text_document.uri)
    service = server.service
    invoked = params.context.trigger_kind == types.InlineCompletionTriggerKind.Invoked
    if document is None or not service.switch.suggests(document, invoked=invoked):
        return nothing()
    try:
        offset = to_offset(document, params.position, server.documents.encoding)
    except PositionOutOfRange:
        return nothing()
    selected = _selected(server, document, params.context.selected_completion_info)
    completions = await service.complete(document, offset, invoked=invoked, selected=selected)
    return types.InlineCompletionList(
        items=[
            types.InlineCompletionItem(
                insert_text=completion.text,
                range=from_span(document, completion.span, server.documents.encoding),
                command=types.Command(
                    title="Accepted",
                    command="homebody.acceptCompletion",
                    arguments=[{"id": completion.id}],
                ),
            )
            for completion in completions
        ]
    )


def _selected(
    server: Server, document: Document, info: types.SelectedCompletionInfo | None
) -> "Selected | None":
    """The item that is selected in the completion menu."""
    if info is None:
        return None
    from homebody.features.complete import Selected

    span = to_span_within(document, info.range, server.documents.encoding)
    return Selected(span, to_text(info.text))


def did_show_completion(server: Server, params: object) -> None:
    """Count a suggestion that the user saw."""
    from homebody.lsp import arguments

    shown = arguments.read(params, arguments.DidShowCompletion)
    if shown is not None and (audit := server.service.audit) is not None:
        server.service.offers.show(shown.item.id, audit)


def did_partially_accept_completion(server: Server, params: object) -> None:
    """Count a suggestion that was accepted in part."""
    from homebody.lsp import arguments

    taken = arguments.read(params, arguments.DidPartiallyAcceptCompletion)
    if taken is not None and taken.accepted_length > 0 and (audit := server.service.audit) is not None:
        server.service.offers.accept_part(taken.item.id, taken.accepted_length, audit)

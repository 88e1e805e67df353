"""Suggestions at the cursor, and the client's reports on them.

``textDocument/inlineCompletion`` is ghost text, ``textDocument/completion`` the same as menu items, for
editors without ghost text, within a time that is acceptable for editors that block meanwhile.
``textDocument/copilotInlineEdit`` is the next edit, as clients of Copilot's server know it; docs/protocol.md
describes it for authors of clients. The result is empty if there is nothing to show, never an error.
"""

import re
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from homebody.lsp.convert import from_span, to_span_within
from homebody.lsp.server import Server
from homebody.text import Document, Span

if TYPE_CHECKING:
    from homebody.features.complete import Completion
    from homebody.lsp.service import CompletionEvent
    from homebody.next_edit.changes import NextEdit
    from homebody.session.offered_edits import Event

# Some editors block until the answer arrives.
_LONGEST_SECONDS = 0.2
_WORD_REVERSED = re.compile(r"\w*+")
_LONGEST_WORD = 1_000


NO_GHOST_TEXT = types.InlineCompletionList(items=[])
NO_ITEMS = types.CompletionList(is_incomplete=False, items=[])
NO_EDIT: dict[str, Any] = {"edits": []}


async def inline_completion(
    server: Server, params: types.InlineCompletionParams
) -> types.InlineCompletionList:
    """Complete at the position."""
    place, encoding = server.documents.at(params.text_document, params.position), server.documents.encoding
    service, context = server.service, params.context
    invoked = context.trigger_kind == types.InlineCompletionTriggerKind.Invoked
    if place is None or not service.switch.suggests(place[0], invoked=invoked):
        return NO_GHOST_TEXT
    selected = None
    if (item := context.selected_completion_info) is not None:
        from homebody.features.complete import Selected

        selected = Selected(to_span_within(place[0], item.range, encoding), item.text)
    completions = await service.complete(*place, invoked=invoked, selected=selected)
    return types.InlineCompletionList(
        items=[
            types.InlineCompletionItem(
                insert_text=completion.text,
                range=from_span(place[0], completion.span, encoding),
                command=_accepted(completion),
            )
            for completion in completions
        ]
    )


def _accepted(completion: "Completion") -> types.Command:
    """Return the command with which the client reports that a suggestion was accepted."""
    return types.Command("Accepted", "homebody.acceptCompletion", arguments=[{"id": completion.id}])


def report_completion(event: "CompletionEvent", server: Server, params: object) -> None:
    """Count what the user did with a suggestion, as ``textDocument/didShowCompletion`` reports it."""
    match params:
        case {"item": {"command": {"arguments": [{"id": str(completion_id)}]}}}:
            server.service.count(event, completion_id)
        case _:
            return


async def completion(server: Server, params: types.CompletionParams) -> types.CompletionList:
    """Return the suggestions of ghost text as menu items."""
    place = server.documents.at(params.text_document, params.position)
    has_ghost_text = bool((client := server.capabilities.text_document) and client.inline_completion)
    if place is None or not server.service.switch.fills_menu(place[0], has_ghost_text=has_ghost_text):
        return NO_ITEMS
    document, offset = place
    suggestions = await server.service.complete_within(_LONGEST_SECONDS, document, offset)
    items = [_item(server, document, offset, suggestion) for suggestion in suggestions or ()]
    return types.CompletionList(is_incomplete=True, items=items)


def _item(server: Server, document: Document, offset: int, suggestion: "Completion") -> types.CompletionItem:
    # The item replaces the word that is being typed, as menus expect; the suggestion may begin after it.
    word = _typed_word(document, offset)
    span = Span(min(word.start, suggestion.span.start), suggestion.span.end)
    text = document.slice(Span(span.start, suggestion.span.start)) + suggestion.text
    return types.CompletionItem(
        label=text.strip().partition("\n")[0].rstrip(),
        kind=types.CompletionItemKind.Text,
        filter_text=document.slice(Span(span.start, offset)) or None,
        # Sorted after the items of the language's own server.
        sort_text="~",
        detail="Homebody",
        documentation=text,
        insert_text_format=types.InsertTextFormat.PlainText,
        insert_text_mode=types.InsertTextMode.AsIs,
        text_edit=types.TextEdit(range=from_span(document, span, server.documents.encoding), new_text=text),
        command=_accepted(suggestion),
    )


def _typed_word(document: Document, offset: int) -> Span:
    """Span of the word that ends at ``offset``; empty between words."""
    start = max(document.line_start(offset), offset - _LONGEST_WORD)
    word = _WORD_REVERSED.match(document.text[start:offset][::-1])
    return Span(offset - len(word[0]) if word else offset, offset)


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
    return NO_EDIT if place is None or offer is None else {"edits": [_to_json(server, place[0], *offer)]}


def report_edit(event: "Event", server: Server, params: object) -> None:
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

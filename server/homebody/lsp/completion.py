"""``textDocument/completion``: suggestions as menu items, for editors without ghost text.

The answer comes within a time that is acceptable for editors that block meanwhile.
"""

import re
from typing import TYPE_CHECKING

from lsprotocol import types

from homebody.lsp.convert import from_span
from homebody.lsp.inline_completion import accepted
from homebody.lsp.server import Server
from homebody.text import Document, Span

if TYPE_CHECKING:
    from homebody.features.complete import Completion

# Some editors block until the answer arrives.
_LONGEST_SECONDS = 0.2
_WORD_REVERSED = re.compile(r"\w*+")
_LONGEST_WORD = 1_000


def nothing() -> types.CompletionList:
    """Return an empty result."""
    return types.CompletionList(is_incomplete=False, items=[])


async def completion(server: Server, params: types.CompletionParams) -> types.CompletionList:
    """Return the suggestions of ghost text as menu items."""
    place = server.documents.at(params.text_document, params.position)
    has_ghost_text = bool((client := server.capabilities.text_document) and client.inline_completion)
    if place is None or not server.service.switch.fills_menu(place[0], has_ghost_text=has_ghost_text):
        return nothing()
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
        command=accepted(suggestion),
    )


def _typed_word(document: Document, offset: int) -> Span:
    """Span of the word that ends at ``offset``; empty between words."""
    start = max(document.line_start(offset), offset - _LONGEST_WORD)
    word = _WORD_REVERSED.match(document.text[start:offset][::-1])
    return Span(offset - len(word[0]) if word else offset, offset)

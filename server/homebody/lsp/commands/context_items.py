"""``homebody.contextItems``: what can be attached to a question.

In: the typed text, and the editor's diagnostics. Out: items, the likeliest first; ``homebody.ask`` accepts
them in ``attach``.
"""

import msgspec
from lsprotocol import types

from homebody.lsp.arguments import TextDocument, parse
from homebody.lsp.commands.common import Result
from homebody.lsp.problems import DocumentDiagnostics
from homebody.lsp.server import Server


class ContextItems(msgspec.Struct, frozen=True, rename="camel"):
    """The argument: a part of a name, and optionally the document in view, which is then listed first.

    ``diagnostics`` are those of all servers that the editor knows; they are stored for ``homebody.ask``.
    """

    query: str = ""
    text_document: TextDocument | None = None
    diagnostics: tuple[DocumentDiagnostics, ...] = ()


async def run(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Return the items."""
    argument = parse(params.command, params.arguments, ContextItems)
    server.service.problems.take(argument.diagnostics)
    in_view = argument.text_document.uri if argument.text_document else ""
    documents = sorted(server.documents.all(), key=lambda document: document.uri != in_view)
    notebooks = server.documents.notebooks()
    cells = {cell.uri for book in notebooks.values() for cell in book}
    async with server.service.using() as opened:
        from homebody.features.context_items import context_items

        found = await context_items(
            opened.engine,
            argument.query,
            documents=[document for document in documents if document.uri not in cells],
            notebooks=notebooks,
            with_problems=server.service.problems.uris,
        )
    return [{"id": item.id, "kind": item.kind, "label": item.label, "detail": item.detail} for item in found]

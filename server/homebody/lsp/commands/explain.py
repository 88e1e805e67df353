"""``homebody.explain``: explain a range or the whole document, streamed.

In: a document and maybe a range. Out: Markdown, whether it is complete, token counts, the sources of the
prompt and what was left out of it.
"""

import msgspec
from lsprotocol import types

from homebody.lsp import progress
from homebody.lsp.arguments import Range, TextDocument, parse
from homebody.lsp.commands.common import Result, document_of, left_out_of, source_of, usage_of
from homebody.lsp.convert import to_span
from homebody.lsp.server import Server


class Explain(msgspec.Struct, frozen=True, rename="camel"):
    """The argument.

    An empty ``range`` is a cursor and means the function around it; without a range the document is
    meant. Text streams as ``{text}`` on ``token``. ``full`` reads everything, however long it takes.
    """

    text_document: TextDocument
    range: Range | None = None
    token: str | int | None = None
    full: bool = False


async def run(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Explain a range or the whole document."""
    argument = parse(params.command, params.arguments, Explain)
    document = document_of(server, argument.text_document)
    span = None
    if argument.range is not None:
        span = to_span(document, argument.range.to_lsp(), server.documents.encoding)
    send = progress.text_sender(server, argument.token)
    async with (
        server.service.using() as opened,
        progress.shown(server, "Explaining", params.work_done_token) as bar,
    ):
        from homebody.features.explain import explain

        explanation = await explain(
            opened.engine,
            document,
            span,
            full=argument.full,
            on_text=send,
            on_read=progress.read_sender(server, argument.token, bar),
            session=opened.session,
        )
    return {
        "markdown": explanation.markdown,
        "complete": explanation.complete,
        "usage": usage_of(explanation.usage),
        "sources": [source_of(server, source) for source in explanation.sources],
        "leftOut": [left_out_of(server, left_out) for left_out in explanation.left_out],
    }

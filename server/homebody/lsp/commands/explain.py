"""``homebody.explain``: explain a range or the whole document, streamed.

In: a document and maybe a range. Out: Markdown, token counts and the sources of the prompt.
"""

import msgspec
from lsprotocol import types

from homebody.lsp import progress
from homebody.lsp.arguments import Range, TextDocument, parse
from homebody.lsp.commands.common import Result, document_of, source_of
from homebody.lsp.convert import to_span
from homebody.lsp.server import Server


class Explain(msgspec.Struct, frozen=True, rename="camel"):
    """The argument; text streams as ``{text}`` on ``token``."""

    text_document: TextDocument
    range: Range | None = None
    token: str | int | None = None


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
        progress.shown(server, "Explaining", params.work_done_token),
    ):
        from homebody.features.explain import explain

        explanation = await explain(opened.engine, document, span, on_text=send, session=opened.session)
    return {
        "markdown": explanation.markdown,
        "usage": {
            "promptTokens": explanation.usage.prompt_tokens,
            "outputTokens": explanation.usage.output_tokens,
            "contextLength": explanation.usage.context_length,
        },
        "sources": [source_of(server, source) for source in explanation.sources],
    }

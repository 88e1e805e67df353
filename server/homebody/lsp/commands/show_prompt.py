"""``homebody.showPrompt``: the exact prompt behind the last answer.

In: optionally a document. Out: the prompt, its token counts and its sources; ``None`` before the first
answer.
"""

import msgspec
from lsprotocol import types

from homebody.lsp.arguments import TextDocument, parse
from homebody.lsp.commands.common import Result, parts_of
from homebody.lsp.server import Server


class ShowPrompt(msgspec.Struct, frozen=True, rename="camel"):
    """The argument: a document; without one, the last prompt of all documents is returned."""

    text_document: TextDocument | None = None


async def run(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Return the last prompt, and the model's unchanged answer."""
    argument = parse(params.command, params.arguments, ShowPrompt)
    async with server.service.using() as opened:
        audit = opened.engine.audit
    record = audit.last(argument.text_document.uri if argument.text_document else None)
    if record is None:
        return None
    return {
        "text": record.text,
        "promptTokens": record.prompt_tokens,
        "model": record.model,
        "contextLength": record.context_length,
        "outcome": record.outcome,
        "answer": record.answer,
        "notes": list(record.notes),
        **parts_of(server, record),
    }

"""``homebody.apply``: put a code block of an answer into a document.

In: a conversation, the number of a block in it, a document, and optionally a range. Out: as
``homebody.refactor``.
"""

from typing import Any

import msgspec
from lsprotocol import types

from homebody.errors import UsageError
from homebody.lsp.arguments import Range, TextDocument, parse
from homebody.lsp.commands.common import Result, document_of, span_of
from homebody.lsp.commands.conversations import conversation_of
from homebody.lsp.commands.deliver import deliver, outcome_of
from homebody.lsp.server import Server

_LABEL = "Apply code from the answer"


class Apply(msgspec.Struct, frozen=True, rename="camel"):
    """The argument.

    ``block`` is a number from ``blocks`` of an answer. A ``range`` is replaced; an empty range is a cursor,
    where the block is inserted. Without one the definition of the same name is replaced. If ``apply`` is
    false, the edit is returned in the result instead of being sent with ``workspace/applyEdit``.
    """

    conversation_id: str
    block: int
    text_document: TextDocument
    range: Range | None = None
    apply: bool = True


async def run(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Apply a block; a refusal has its reason in the result."""
    argument = parse(params.command, params.arguments, Apply)
    return await outcome_of(server, _applied(server, argument))


async def _applied(server: Server, argument: Apply) -> dict[str, Any]:
    document = document_of(server, argument.text_document)
    conversation = conversation_of(server, argument.conversation_id)
    span = span_of(server, document, argument.range)
    async with server.service.using() as opened:
        from homebody.features.apply_block import apply_block
        from homebody.postprocess.edit.code_blocks import code_blocks

        blocks = [block for turn in conversation.turns for block in code_blocks(turn.answer)]
        if not 0 <= argument.block < len(blocks):
            message = f"There is no code block {argument.block}: the conversation has {len(blocks)}, from 0."
            raise UsageError(message)
        found = await apply_block(opened.engine, document, blocks[argument.block], span)
    return await deliver(server, document, found, _LABEL, apply=argument.apply)

"""``homebody.conversations``, ``homebody.saveConversation``, ``homebody.forgetConversations``.

Conversations are in memory; one is on disk only after a client requested it with ``store``.
"""

import asyncio
from typing import TYPE_CHECKING

import msgspec
from lsprotocol import types

from homebody.errors import UsageError
from homebody.lsp.arguments import NoArguments, parse
from homebody.lsp.commands.common import Result
from homebody.lsp.server import Server

if TYPE_CHECKING:
    from homebody.session.conversation import Conversation


class Save(msgspec.Struct, frozen=True, rename="camel"):
    """The argument; with ``store`` the conversation is also written to disk, to be continued later."""

    conversation_id: str
    store: bool = False


class Forget(msgspec.Struct, frozen=True, rename="camel"):
    """The argument: one conversation, or without an id all, in memory and on disk."""

    conversation_id: str | None = None


def conversation_of(server: Server, conversation_id: str) -> "Conversation":
    """Return a conversation of this session, or one that was stored.

    Raises
    ------
    UsageError
        There is none with that id.

    """
    from homebody.session.stored import load_conversation

    known = server.service.conversations
    conversation = known.find(conversation_id)
    if conversation is None and (stored := load_conversation(conversation_id)) is not None:
        conversation = known.add(stored)
    if conversation is None:
        message = "There is no conversation of this id any more: the server was restarted. Ask again."
        raise UsageError(message)
    return conversation


async def conversations(server: Server, params: types.ExecuteCommandParams) -> Result:
    """List the conversations of this session, and those that were stored."""
    from homebody.session.stored import stored_conversations

    parse(params, NoArguments)
    known = server.service.conversations.all()
    stored = await asyncio.to_thread(stored_conversations)
    every = {conversation.id: conversation for conversation in (*known, *stored)}
    every |= {conversation.id: conversation for conversation in known}
    return [
        {
            "conversationId": conversation.id,
            "title": conversation.title,
            "questions": len(conversation.turns),
            "when": conversation.turns[-1].when,
        }
        for conversation in every.values()
        if conversation.turns
    ]


async def save_conversation(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Return a conversation as Markdown, and store it if that is wanted."""
    from homebody.backend.cancellation import to_the_end
    from homebody.session.stored import store_conversation

    argument = parse(params, Save)
    known = server.service.conversations
    conversation = conversation_of(server, argument.conversation_id)
    if argument.store:
        async with known.on_disk:
            # It may have been deleted while this request waited. A copy is written, since an answer may be
            # added meanwhile, and always completely, so that a cancelled request does not write after a later
            # deletion.
            if known.find(conversation.id) is conversation:
                await to_the_end(asyncio.to_thread(store_conversation, conversation.copy()))
    return {
        "conversationId": conversation.id,
        "title": conversation.title,
        "markdown": conversation.to_markdown(),
    }


async def forget_conversations(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Delete conversations, and return how many."""
    from homebody.backend.cancellation import to_the_end
    from homebody.session.stored import forget_stored

    argument = parse(params, Forget)
    known = server.service.conversations
    async with known.on_disk:
        try:
            gone = await to_the_end(asyncio.to_thread(forget_stored, argument.conversation_id))
        finally:
            # Memory is cleared last: meanwhile another request may have loaded the conversation from disk. A
            # conversation that is being answered is deleted too, and its answer dropped.
            ids = {conversation.id for conversation in known.all()}
            known.forget(argument.conversation_id)
            await _forget_prompts(server, argument.conversation_id)
    wanted = ids if argument.conversation_id is None else ids & {argument.conversation_id}
    return {"forgotten": len(wanted | set(gone))}


async def _forget_prompts(server: Server, conversation_id: str | None) -> None:
    """Drop the prompts of one conversation, or of all, from memory and from the log."""
    from homebody.audit import erase_logged
    from homebody.session.conversation import is_prompt_of

    is_forgotten = is_prompt_of(conversation_id)
    if (audit := server.service.audit) is not None:
        audit.forget(is_forgotten)
        await asyncio.to_thread(audit.flush)
    else:
        await asyncio.to_thread(erase_logged, is_forgotten)

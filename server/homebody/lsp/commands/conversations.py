"""``homebody.conversations``, ``homebody.saveConversation``, ``homebody.forgetConversations``.

In: optionally an id. Out: the list of conversations, one conversation as Markdown, or the number of deleted
ones. Conversations are in memory; one is on disk only after a client requested it with ``store``.
"""

import asyncio
from typing import TYPE_CHECKING

import msgspec
from lsprotocol import types

from homebody.errors import UsageError
from homebody.lsp.arguments import parse
from homebody.lsp.commands.common import Result
from homebody.lsp.server import Server

if TYPE_CHECKING:
    from homebody.session.conversation import Conversation


class List(msgspec.Struct, frozen=True):
    """The argument is empty."""


class Save(msgspec.Struct, frozen=True, rename="camel"):
    """The argument; with ``store`` the conversation is also written to disk, to be continued later."""

    conversation_id: str
    store: bool = False


class Forget(msgspec.Struct, frozen=True, rename="camel"):
    """The argument: one conversation, or without an id all, in memory and on disk."""

    conversation_id: str | None = None


async def run(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Run one of the three commands."""
    if params.command == "homebody.conversations":
        return await _list(server, params)
    if params.command == "homebody.saveConversation":
        return await _save(server, params)
    return await _forget(server, params)


def conversation_of(server: Server, conversation_id: str) -> "Conversation":
    """Return a conversation of this session, or one that was stored.

    Raises
    ------
    UsageError
        There is none with that id.

    """
    from homebody.session.stored import load_conversation

    known = server.service.conversations
    found = known.find(conversation_id)
    if found is None and (stored := load_conversation(conversation_id)) is not None:
        found = known.add(stored)
    if found is None:
        message = (
            f"There is no conversation {conversation_id!r} here: ask without `conversationId` to start one."
        )
        raise UsageError(message)
    return found


async def _list(server: Server, params: types.ExecuteCommandParams) -> Result:
    from homebody.session.stored import stored_conversations

    parse(params.command, params.arguments, List)
    known = server.service.conversations.all()
    ids = {one.id for one in known}
    stored = await asyncio.to_thread(stored_conversations)
    return [
        {
            "conversationId": one.id,
            "title": one.title,
            "questions": len(one.turns),
            "when": one.turns[-1].when,
        }
        for one in (*known, *(one for one in stored if one.id not in ids))
        if one.turns
    ]


async def _save(server: Server, params: types.ExecuteCommandParams) -> Result:
    from homebody.backend.cancellation import to_the_end
    from homebody.session.stored import store_conversation

    argument = parse(params.command, params.arguments, Save)
    known = server.service.conversations
    found = conversation_of(server, argument.conversation_id)
    if argument.store:
        async with known.on_disk:
            # It may have been deleted while this request waited. A copy is written, since an answer may be
            # added meanwhile, and always completely, so that a cancelled request does not write after a later
            # deletion.
            if known.find(found.id) is found:
                await to_the_end(asyncio.to_thread(store_conversation, found.copy()))
    return {"conversationId": found.id, "title": found.title, "markdown": found.to_markdown()}


async def _forget(server: Server, params: types.ExecuteCommandParams) -> Result:
    from homebody.backend.cancellation import to_the_end
    from homebody.session.stored import forget_stored

    argument = parse(params.command, params.arguments, Forget)
    known = server.service.conversations
    async with known.on_disk:
        try:
            gone = await to_the_end(asyncio.to_thread(forget_stored, argument.conversation_id))
        finally:
            # Memory is cleared last: meanwhile another request may have loaded the conversation from disk. A
            # conversation that is being answered is deleted too, and its answer dropped.
            ids = {one.id for one in known.all()}
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

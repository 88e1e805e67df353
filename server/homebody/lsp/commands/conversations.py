"""The commands about conversations: ``homebody.conversations``, ``homebody.openConversation`` and others.

Conversations are in memory; one is on disk only if a client asked with ``store``.
"""

import asyncio
import itertools
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from lsprotocol import types

from homebody.audit import erase_logged
from homebody.backend.cancellation import to_the_end
from homebody.errors import StateUnwritable, UsageError
from homebody.lsp.commands.common import AnswerArgument, LinkForm, parse, parts_of, with_links
from homebody.lsp.configuration import paths_of
from homebody.lsp.convert import from_lines
from homebody.lsp.server import Result, Server
from homebody.postprocess.edit.code_blocks import code_blocks
from homebody.session.conversation import Conversation, Turn, is_prompt_of, new_conversation
from homebody.session.stored import forget_stored, load_conversation, store_conversation, stored_conversations


class Forget(msgspec.Struct, frozen=True, rename="camel"):
    """The argument: one conversation, or without an id all, in memory and on disk."""

    conversation_id: str | None = None


class Open(msgspec.Struct, frozen=True, rename="camel"):
    """The argument; with ``links`` the answers link to the code that they name."""

    conversation_id: str
    links: LinkForm = False


async def conversation_of(server: Server, conversation_id: str) -> Conversation:
    """Return a conversation of this session, or one that was stored, since then perhaps by another program.

    Raises
    ------
    UsageError
        There is none with that id.

    """
    known = server.service.conversations
    async with known.on_disk:
        stored = await asyncio.to_thread(load_conversation, conversation_id)
        conversation = known.find(conversation_id)
        if conversation is None or (
            stored is not None
            and not conversation.is_answering
            and stored.last_asked > conversation.last_asked
        ):
            conversation = stored
        if conversation is None:
            message = "There is no conversation of this id any more: the server was restarted. Ask again."
            raise UsageError(message)
        return known.add(conversation)


async def conversations(server: Server, _params: types.ExecuteCommandParams) -> Result:
    """List the conversations of this session, and the stored ones that began in the workspace."""
    folders = paths_of(server.folders)
    known = server.service.conversations.all()
    stored = await asyncio.to_thread(stored_conversations)
    newest: dict[str, Conversation] = {}
    for each in (*known, *(each for each in stored if each.began_in(folders))):
        if each.last_asked > getattr(newest.get(each.id), "last_asked", 0.0):
            newest[each.id] = each
    return [
        {
            "conversationId": conversation.id,
            "title": conversation.title,
            "questions": len(conversation.turns),
            "when": conversation.last_asked,
        }
        for conversation in sorted(newest.values(), key=lambda each: each.last_asked, reverse=True)
    ]


async def open_conversation(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Return a conversation as Markdown, and each of its answers as ``homebody.ask`` did."""
    argument = parse(params, Open)
    conversation = await conversation_of(server, argument.conversation_id)
    turns: list[dict[str, Any]] = []
    async with server.service.using() as opened:
        for turn, blocks in _with_blocks(conversation):
            shown = {
                "question": turn.question,
                "markdown": turn.answer.strip(),
                "complete": turn.complete,
                "usage": msgspec.to_builtins(turn.usage),
                **parts_of(server, turn),
                "blocks": blocks,
            }
            linked = await with_links(server, opened, shown, argument.links, turn.sources)
            turns.append(linked | {"text": shown["markdown"]})
    return {
        "conversationId": conversation.id,
        "title": conversation.title,
        "markdown": conversation.to_markdown(),
        "turns": turns,
    }


def newest_in(conversation: Conversation) -> dict[str, Any]:
    """Return what the result of its newest answer has besides the answer: ``{conversationId, blocks}``."""
    _, blocks = _with_blocks(conversation)[-1]
    return {"conversationId": conversation.id, "blocks": blocks}


def _with_blocks(conversation: Conversation) -> list[tuple[Turn, list[dict[str, Any]]]]:
    """Return each turn, and the code blocks of its answer, with their numbers for ``homebody.apply``."""
    number = itertools.count()
    return [
        (
            turn,
            [
                {
                    "block": next(number),
                    "language": block.language,
                    "text": block.text,
                    "range": from_lines(None, block.lines.start, block.lines.stop - 1, "utf-16"),
                }
                for block in code_blocks(turn.answer)
            ],
        )
        for turn in conversation.turns
    ]


@asynccontextmanager
async def answered_in(server: Server, argument: AnswerArgument) -> AsyncGenerator[Conversation]:
    """The conversation, or a new one, while the block adds an answer; stored then, if that is wanted."""
    known = server.service.conversations
    if argument.conversation_id is None:
        # Added before the answer, so that it can be deleted while it is being answered.
        conversation = known.add(new_conversation(paths_of(server.folders)))
    else:
        conversation = await conversation_of(server, argument.conversation_id)
    try:
        yield conversation
        if argument.store:
            await _store(server, conversation)
    finally:
        if known.find(conversation.id) is not conversation and server.service.audit is not None:
            # It was deleted meanwhile: the prompt of this answer is dropped as well.
            server.service.audit.forget(is_prompt_of(conversation.id))
        if not conversation.turns and not conversation.is_answering:
            # A new conversation is removed if its question fails.
            known.forget(conversation.id)


async def _store(server: Server, conversation: Conversation) -> None:
    """Write a conversation to disk, unless it was deleted meanwhile; a failure is shown."""
    known = server.service.conversations
    async with known.on_disk:
        # It may have been deleted while this request waited. A copy is written, since an answer may be added
        # meanwhile, and always completely, so that a cancelled request does not write after a later deletion.
        if known.find(conversation.id) is conversation:
            try:
                await to_the_end(asyncio.to_thread(store_conversation, conversation.copy()))
            except StateUnwritable as error:
                server.tell([str(error)])  # the answer itself is complete


async def forget_conversations(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Delete conversations, and return how many."""
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
    is_forgotten = is_prompt_of(conversation_id)
    if (audit := server.service.audit) is not None:
        audit.forget(is_forgotten)
        await asyncio.to_thread(audit.flush)
    else:
        await asyncio.to_thread(erase_logged, is_forgotten)

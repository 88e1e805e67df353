"""Ask: a conversation about code, with attachments and the code in question.

The prompt only grows at its end: for a follow-up the model reads only the new question, until the context is
full and the oldest turns are shortened.
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Unpack

from msgspec import structs

from homebody.backend.base import OWN, TYPED
from homebody.context.markers import without_marked_lines
from homebody.engine import Engine
from homebody.errors import UsageError
from homebody.features.answer import ChatAnswer, ChatContext, Listeners, ask_model, open_chat
from homebody.features.ask_context import find_material, lay_out
from homebody.features.attachments import Attached
from homebody.features.budgets import chat_room
from homebody.features.explain import Explanation
from homebody.features.selection import file_of, meant_span
from homebody.features.surroundings import admitted, code_values, readable_history, sampling_of, shown_path
from homebody.prompt.front_matter import fill_shipped, shipped_prompt
from homebody.session.conversation import Conversation, Turn, new_conversation
from homebody.session.session import Session
from homebody.text import Document, Span

_HISTORY_SHARE = 0.75
"""Share of the context that earlier turns may fill before the oldest are shortened."""

_EXPLAINED_SHARE = 4
"""Share of the context up to which explained code is added to the conversation; of longer code, only its
position is."""

_REGENERATED_TEMPERATURE = 0.8
"""Minimum temperature when the same question is asked again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply(ChatAnswer):
    """An answer in a conversation."""

    conversation: Conversation


async def ask(
    engine: Engine,
    question: str,
    *,
    conversation: Conversation | None = None,
    document: Document | None = None,
    span: Span | None = None,
    attachments: Sequence[Attached] = (),
    session: Session | None = None,
    **listeners: Unpack[Listeners],
) -> Reply:
    """Answer ``question``.

    Raises ``UsageError``: the question is empty, the code is excluded from prompts, or the conversation is
    still answering; ``ContextTooLong``: not even the question fits the context.

    Parameters
    ----------
    conversation
        The conversation to continue; the question and its answer are added when the answer is complete.
        ``None`` starts a new one.
    document, span
        The code that the question is about: a selection, the function around a cursor (an empty span),
        or the document. Code that the conversation already contains is not sent again.
    attachments
        Further code or text that the user attached, from ``attachments``.
    """
    if not question.strip():
        message = "There is no question: write one."
        raise UsageError(message)
    question, conversation = question.strip(), conversation or new_conversation()
    with _answering(conversation):
        await _leave_out_excluded(engine, conversation)
        prompt, uri = shipped_prompt("ask"), conversation.uri
        about = uri if document is None else document.uri
        chat = await open_chat(engine, prompt, about, [question], [TYPED], with_rules=not conversation.system)
        room, own = chat.room, chat.count(question)
        shown = [turn.message for turn in conversation.turns if turn.kept == "whole"]
        attached = Attached.joined(attachments)
        material = await find_material(
            engine, question, attached, document, span, shown=shown, readable=room.readable, session=session
        )
        texts = [*(message.text for message in conversation.history), *material.texts]
        read = [*material.uris, *(uri for message in conversation.history for uri in message.sources)]
        await engine.chat.learn_counts(texts, [OWN, TYPED, *read])
        conversation.condense(max(0, int(room.fits * _HISTORY_SHARE) - own), chat.count)
        history, unseen = readable_history(chat.info, conversation.history, uri, material.media)

        def context(tokens: int) -> ChatContext:
            laid_out = lay_out(engine, material, tokens - own, min(tokens - own, room.readable))
            return replace(
                laid_out,
                values={**laid_out.values, "instruction": question},
                left_out=(*laid_out.left_out, *conversation.shortened, *unseen),
            )

        answered = await ask_model(
            replace(chat, uri=uri), prompt, context, feature="ask", history=history, **listeners
        )
        system, *_, asked = answered.prompt.messages
        conversation.system = system.text
        turn = Turn(
            question,
            asked.text,
            answered.text,
            complete=answered.complete,
            sources=answered.sources,
            left_out=answered.left_out,
            uris=tuple(dict.fromkeys(uri for sent in answered.prompt.messages for uri in sent.sources)),
            media=material.media,
            usage=answered.usage,
        )
        return _added(conversation, turn, answered)


async def regenerate(engine: Engine, conversation: Conversation, **listeners: Unpack[Listeners]) -> Reply:
    """Answer the last question again; the new answer replaces the old one.

    Raises ``UsageError``: nothing was asked yet.
    """
    with _answering(conversation):
        if not conversation.turns:
            message = "There is no answer to replace: ask a question first."
            raise UsageError(message)
        await _leave_out_excluded(engine, conversation)
        last = conversation.turns[-1]
        # The old answer is kept in the conversation until there is a new one: it may be applied or stored.
        before = Conversation(conversation.id, conversation.system, conversation.turns[:-1])
        chat = await open_chat(engine, shipped_prompt("ask"), before.uri, [], [], with_rules=False)
        temperature = sampling_of(engine, shipped_prompt("ask"), 0).temperature
        prompt = structs.replace(
            shipped_prompt("ask"),
            body="$instruction",
            temperature=max(temperature, _REGENERATED_TEMPERATURE),
        )
        values = {"instruction": last.message or last.question}
        media = await admitted(engine, last.media)
        history, unseen = readable_history(chat.info, before.history, before.uri, media)
        context = ChatContext(values, last.sources, (*last.left_out, *unseen), last.uris, media=media)
        answered = await ask_model(
            chat, prompt, lambda _: context, feature="ask", history=history, **listeners
        )
        del conversation.turns[-1]
        again = replace(last, answer=answered.text, complete=answered.complete, usage=answered.usage)
        return _added(conversation, again, answered)


async def add_explanation(
    engine: Engine,
    conversation: Conversation,
    document: Document,
    span: Span | None,
    explanation: Explanation,
    *,
    title: str = "",
) -> None:
    """Add an explanation of ``span`` as if it had been asked for in the conversation, with ``title``.

    Later questions then have the code and its explanation in their history.
    """
    info = await engine.chat.describe()
    target = meant_span(await file_of(engine, document), span)
    first, last = document.lines_of(target)
    label = f"{shown_path(engine, document.uri)}, lines {first + 1} to {last + 1}"
    message = question = title or fill_shipped("explained", name=label).strip()
    code = without_marked_lines(document.slice(target), info.texts_to_leave_out).text
    if engine.chat.tokens.count(code) <= chat_room(engine, info).fits // _EXPLAINED_SHARE:
        values = code_values(engine, document, code)
        message = f"{fill_shipped('attached', **values, name=label)}\n\n{question}"
    conversation.turns.append(
        Turn(
            question,
            message,
            explanation.markdown,
            complete=explanation.complete,
            sources=explanation.sources,
            left_out=explanation.left_out,
            usage=explanation.usage,
        )
    )


@contextmanager
def _answering(conversation: Conversation) -> Generator[None]:
    """Mark the conversation as answering while the block runs, and restore it if the block fails."""
    if conversation.is_answering:
        message = "This conversation is still answering a question: wait for it, or cancel it."
        raise UsageError(message)
    before = conversation.copy()
    conversation.is_answering = True
    try:
        yield
    except BaseException:
        conversation.system = before.system
        conversation.turns[:] = before.turns
        raise
    finally:
        conversation.is_answering = False


async def _leave_out_excluded(engine: Engine, conversation: Conversation) -> None:
    """Leave out turns whose code is excluded from prompts by now."""
    refusals = await engine.gate.refusals(uri for turn in conversation.turns for uri in turn.read)
    conversation.exclude(refusals.keys())


def _added(conversation: Conversation, turn: Turn, answered: ChatAnswer) -> Reply:
    conversation.turns.append(turn)
    return Reply(
        answered.text,
        answered.complete,
        answered.usage,
        answered.prompt,
        answered.looped,
        conversation=conversation,
    )

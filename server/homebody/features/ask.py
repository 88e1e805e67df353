"""Ask: a conversation about code, with attachments and the code in question.

In: a question, a conversation, code. Out: an answer in Markdown, streamed, with its sources and usage.
The prompt only grows at its end: for a follow-up the model reads only the new question, until the context is
full and the oldest turns are shortened.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from homebody.audit import LeftOut, Source, uris_of
from homebody.backend.base import OWN, TYPED, Message, OnRead, Sampling
from homebody.context.markers import without_marked_lines
from homebody.engine import Engine
from homebody.errors import UsageError
from homebody.features.answer import Answer, Draft, OnSources, Usage, answer_in_words
from homebody.features.ask_context import Asked, NewContext, find_context, lay_out
from homebody.features.attachments import PASTED, Attached
from homebody.features.budgets import ChatRoom, chat_room, measure_speed
from homebody.features.project_rules import Rules, project_rules
from homebody.features.surroundings import sampling_of, shown_path, special_texts
from homebody.features.system_prompt import with_standing
from homebody.postprocess.edit.code_blocks import CodeBlock, code_blocks
from homebody.prompt.render import fill
from homebody.prompt.shipped import shipped_prompt
from homebody.session.conversation import Conversation, Turn, new_conversation
from homebody.session.session import Session
from homebody.text import Document, Span

_HISTORY_SHARE = 0.75
"""Share of the context that earlier turns may fill before the oldest are shortened."""

_MOST_NAMED = 6
"""Maximum number of places that a question still names after its code was left out."""

_REGENERATED_TEMPERATURE = 0.8
"""Minimum temperature when the same question is asked again."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer and its sources.

    ``complete`` is false if the token limit cut it. ``blocks`` are all code blocks of the conversation so
    far, in order; those of this answer are the last ``new_blocks``.
    """

    markdown: str
    complete: bool
    usage: Usage
    sources: tuple[Source, ...]
    left_out: tuple[LeftOut, ...]
    conversation: Conversation
    blocks: tuple[CodeBlock, ...]
    new_blocks: int


async def ask(
    engine: Engine,
    question: str,
    *,
    conversation: Conversation | None = None,
    document: Document | None = None,
    span: Span | None = None,
    attachments: Sequence[Attached] = (),
    on_text: Callable[[str], None] | None = None,
    on_read: OnRead | None = None,
    on_sources: OnSources | None = None,
    session: Session | None = None,
) -> Reply:
    """Answer ``question``.

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
    on_text, on_read, on_sources
        Called with each piece of the answer, with the reading progress, and before both with the sources.

    Raises
    ------
    UsageError
        The question is empty, the code is excluded from prompts, or the conversation is still answering.
    ContextTooLong
        Not even the question fits the context.
    BackendError
        See its subclasses.

    """
    if not question.strip():
        message = "There is no question: write one."
        raise UsageError(message)
    conversation = conversation or new_conversation()
    asked = Asked(question.strip(), document, span, tuple(attachments))
    with _answering(conversation):
        return await _ask(engine, conversation, asked, on_text, on_read, on_sources, session)


async def regenerate(
    engine: Engine,
    conversation: Conversation,
    *,
    on_text: Callable[[str], None] | None = None,
    on_read: OnRead | None = None,
    on_sources: OnSources | None = None,
) -> Reply:
    """Answer the last question again; the new answer replaces the old one.

    Raises
    ------
    UsageError
        Nothing was asked yet.
    BackendError
        See its subclasses; the old answer is kept.

    """
    with _answering(conversation):
        if not conversation.turns:
            message = "There is no answer to replace: ask a question first."
            raise UsageError(message)
        await _leave_out_excluded(engine, conversation)
        last = conversation.turns[-1]
        # The old answer is kept in the conversation until there is a new one: it may be applied or stored.
        again = Conversation(conversation.id, conversation.system, conversation.turns[:-1])
        context = NewContext(last.message or last.question, last.sources, last.left_out, last.uris)
        info = await engine.chat.describe()
        sampling = _sampling(engine, chat_room(engine, info))
        sampling = replace(sampling, temperature=max(sampling.temperature, _REGENERATED_TEMPERATURE))
        answered, _ = await _answered(
            engine, again, lambda _: context, sampling, on_text, on_read, on_sources
        )
        del conversation.turns[-1]
        return _added(conversation, replace(last, answer=answered.raw, complete=answered.complete), answered)


@contextmanager
def _answering(conversation: Conversation) -> Generator[None]:
    """Mark the conversation as answering while the block runs, and restore it if the block fails.

    Raises
    ------
    UsageError
        It is already answering.

    """
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


async def _ask(  # noqa: PLR0917 - private; the parts of one request
    engine: Engine,
    conversation: Conversation,
    asked: Asked,
    on_text: Callable[[str], None] | None,
    on_read: OnRead | None,
    on_sources: OnSources | None,
    session: Session | None,
) -> Reply:
    use = engine.chat
    prompt = shipped_prompt("ask")
    info = await use.describe()
    special = special_texts(info)
    await measure_speed(engine, prompt, asked.question, [TYPED])
    room = chat_room(engine, info)
    await _leave_out_excluded(engine, conversation)
    rules = Rules()
    if not conversation.system:
        rules = await project_rules(engine, _document_uri(asked), room)
        own = (Message("system", prompt.system, (OWN,)),)
        (system, *_) = with_standing(engine, own, rules.text, rules.sources)
        conversation.system = system.text
    found = await find_context(engine, asked, conversation, room.readable, session=session)
    await use.learn_counts(
        [*(message.text for message in conversation.history), *found.texts],
        [OWN, TYPED, *found.uris, *(uri for message in conversation.history for uri in message.sources)],
    )
    own = use.tokens.count(asked.question)
    conversation.condense(max(0, int(room.fits * _HISTORY_SHARE) - own), use.tokens.count)
    history = sum(use.tokens.count(message.text) for message in conversation.history)

    def build(tokens: int) -> NewContext:
        available = tokens - history - own
        context = lay_out(engine, found, available, min(available, room.readable))
        text = fill(prompt.body, {"context": context.text, "instruction": asked.question})
        return NewContext(
            without_marked_lines(text, special).text,
            (*rules.sources, *context.sources),
            (*rules.left_out, *context.left_out),
            found.uris,
        )

    answered, context = await _answered(
        engine, conversation, build, _sampling(engine, room), on_text, on_read, on_sources
    )
    turn = Turn(
        asked.question,
        context.text,
        answered.raw,
        complete=answered.complete,
        sources=answered.draft.sources,
        left_out=answered.draft.left_out,
        uris=tuple(dict.fromkeys(uri for message in answered.draft.messages for uri in message.sources)),
        short=_short(engine, asked.question, [one for one in context.sources if one not in rules.sources]),
    )
    return _added(conversation, turn, answered)


async def _leave_out_excluded(engine: Engine, conversation: Conversation) -> None:
    """Leave out turns whose code is excluded from prompts by now."""
    refusals = await engine.gate.refusals(uri for turn in conversation.turns for uri in turn.read)
    conversation.exclude(refusals.keys())


def _short(engine: Engine, question: str, sources: Sequence[Source]) -> str:
    """Return the question with the names of its sources, for a later prompt without its code."""
    names = list(dict.fromkeys(map(partial(_name_of, engine), sources)))
    if not names:
        return ""
    listed = ", ".join(names[:_MOST_NAMED])
    values = {"name": listed if len(names) <= _MOST_NAMED else f"{listed}, …", "instruction": question}
    return fill(shipped_prompt("shortened").body, values)


def _name_of(engine: Engine, source: Source) -> str:
    if source.uri == PASTED:
        return "pasted text"
    return f"{shown_path(engine, source.uri)}:{source.first_line + 1}-{source.last_line + 1}"


async def _answered(  # noqa: PLR0917 - private; the parts of one request
    engine: Engine,
    conversation: Conversation,
    build: Callable[[int], NewContext],
    sampling: Sampling,
    on_text: Callable[[str], None] | None,
    on_read: OnRead | None,
    on_sources: OnSources | None,
) -> tuple[Answer, NewContext]:
    """Answer the next message; returns it as it was built, before the chat template."""
    context = NewContext("", (), ())

    def draft(tokens: int) -> Draft:
        nonlocal context
        context = build(tokens)
        read = (OWN, TYPED, *uris_of(context.sources), *context.uris)
        messages = (*conversation.history, Message("user", context.text, read))
        return Draft(messages, context.sources, (*context.left_out, *conversation.shortened))

    answered = await answer_in_words(
        engine,
        "ask",
        conversation.uri,
        draft,
        sampling,
        on_text=on_text,
        on_read=on_read,
        on_sources=on_sources,
    )
    return answered, context


def _document_uri(asked: Asked) -> str:
    """Return the URI of the document in question; empty without one."""
    return "" if asked.document is None else asked.document.uri


def _added(conversation: Conversation, turn: Turn, answered: Answer) -> Reply:
    before = sum(len(code_blocks(one.answer)) for one in conversation.turns)
    conversation.turns.append(turn)
    blocks = tuple(block for one in conversation.turns for block in code_blocks(one.answer))
    return Reply(
        markdown=answered.text,
        complete=answered.complete,
        usage=answered.usage,
        sources=answered.draft.sources,
        left_out=answered.draft.left_out,
        conversation=conversation,
        blocks=blocks,
        new_blocks=len(blocks) - before,
    )


def _sampling(engine: Engine, room: ChatRoom) -> Sampling:
    return sampling_of(engine, shipped_prompt("ask"), room.output)

"""One request to the chat model: measured, fitted to the context, streamed, recorded.

Features only build the context.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TypeAlias, TypedDict, Unpack

from homebody.audit import AnswerUsage, LeftOut, PromptRecord, Source
from homebody.backend.base import OWN, TYPED, Message, ModelInfo, OnRead, Prompt, Sampling, Stats
from homebody.backend.cancellation import Ending
from homebody.context.markers import MARKED, without_marked_lines
from homebody.context.window import prompt_room
from homebody.engine import Engine, Use
from homebody.errors import BackendRefused, HomebodyError, NothingAnswered
from homebody.features.budgets import (
    LEAST_TOKENS,
    TEMPLATE_TOKENS,
    ChatRoom,
    chat_room,
    compared,
    fit,
    measure_speed,
    reason_beyond,
)
from homebody.features.surroundings import Rules, frame_tokens, project_rules, sampling_of, with_standing
from homebody.media import Media
from homebody.postprocess.noise import is_loop
from homebody.prompt.front_matter import PromptFile, render

_LOOP_CHECKED = 200
"""Characters of an answer after which it is checked for a loop again."""

OnSources: TypeAlias = Callable[[Sequence[Source]], None]
"""Receives the sources of a prompt before its answer begins."""


class Listeners(TypedDict, total=False):
    """Callbacks while the model answers.

    ``on_sources`` is called once, before the others; ``on_read`` with the reading progress, if the server
    reports it; ``on_text`` with each piece of the answer. ``ending`` ends the answer where it is.
    """

    on_text: Callable[[str], None] | None
    on_read: OnRead | None
    on_sources: OnSources | None
    ending: Ending | None


@dataclass(frozen=True, slots=True)
class ChatPrompt:
    """Messages built for a budget, and their sources."""

    messages: tuple[Message, ...]
    sources: tuple[Source, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def media(self) -> tuple[Media, ...]:
        """All pictures."""
        return tuple(media for message in self.messages for media in message.media)


@dataclass(frozen=True, slots=True)
class ChatAnswer:
    """The model's answer, or several as one.

    ``complete`` is false if the answer was cut or ended, or is not about everything that was asked;
    ``looped`` if it was stopped because it repeated itself. ``text`` is exactly as generated, so that it
    matches the server's cache when a conversation sends it again.
    """

    text: str
    complete: bool
    usage: AnswerUsage
    prompt: ChatPrompt
    looped: bool = False

    @property
    def markdown(self) -> str:
        """The text for users."""
        return self.text.strip()

    @property
    def sources(self) -> tuple[Source, ...]:
        """What went into the prompt."""
        return self.prompt.sources

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """What did not."""
        return self.prompt.left_out


@dataclass(frozen=True, slots=True)
class ChatContext:
    """The variable part of a prompt: values for its placeholders, and what they come from.

    ``uris`` are further URIs of the values' text, beside those of ``sources``. ``code_at`` is the URI and the
    line of the document where the value ``code`` begins. ``media`` are the pictures.
    """

    values: Mapping[str, str]
    sources: tuple[Source, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    uris: tuple[str, ...] = ()
    code_at: tuple[str, int] = ("", 0)
    media: tuple[Media, ...] = ()


@dataclass(frozen=True, slots=True)
class Chat:
    """A model that is ready to be asked about ``uri``: its speed, its budget, the project's rules."""

    engine: Engine
    uri: str
    info: ModelInfo
    room: ChatRoom
    rules: Rules

    def frame(self, prompt: PromptFile) -> int:
        """Tokens of everything in a prompt but its context."""
        return frame_tokens(self.engine, prompt) + self.count(self.rules.text)

    def readable(self, prompt: PromptFile, *, full: bool = False) -> int:
        """Tokens of a prompt's context that are read in time, at least 256; with ``full``, those that fit."""
        frame = self.frame(prompt)
        fits = self.room.fits - frame
        return fits if full else min(fits, max(self.room.readable - frame, LEAST_TOKENS))

    def beyond(self, prompt: PromptFile, limit: int, tokens: int) -> str:
        """Why context beyond ``limit`` is left out of a prompt that has room for ``tokens`` of it."""
        frame = self.frame(prompt)
        return reason_beyond(limit + frame, tokens + frame, self.room)

    def count(self, text: str) -> int:
        """Tokens of ``text``."""
        return self.engine.chat.tokens.count(text)

    def count_message(self, message: Message) -> int:
        """Tokens of a message, its pictures included."""
        return self.count(message.text) + sum(media.tokens for media in message.media)


async def open_chat(
    engine: Engine,
    prompt: PromptFile,
    uri: str,
    texts: Sequence[str],
    uris: Sequence[str],
    *,
    with_rules: bool = True,
    limit: int = 2000,
    patience: int = 1,
) -> Chat:
    """Prepare to ask about ``uri``: count ``texts`` (at most ``limit`` lines) exactly, measure the speed.

    ``uris`` are those that ``texts`` come from; the beginning of the last text measures the speed.
    ``patience`` multiplies ``chat.readingSeconds``.
    """
    info = await engine.chat.describe()
    await measure_speed(engine, prompt, texts[-1] if texts else "", uris)
    await engine.chat.learn_counts([prompt.body, prompt.system, *texts], [OWN, *uris], limit=limit)
    room = chat_room(engine, info, patience)
    rules = await project_rules(engine, uri, room, info.special_texts) if with_rules else Rules()
    return Chat(engine, uri, info, room, rules)


async def ask_model(
    chat: Chat,
    prompt: PromptFile,
    context: Callable[[int], ChatContext],
    *,
    feature: str = "explain",
    history: tuple[Message, ...] = (),
    output: int | None = None,
    **listeners: Unpack[Listeners],
) -> ChatAnswer:
    """Ask with ``prompt``, filled by ``context``, which is called with the tokens that its values may have.

    Raises ``NothingAnswered``: the model wrote nothing.

    Parameters
    ----------
    history
        Earlier messages of a conversation. If its system message is among them, the prompt file's own one and
        the rules are left out.
    output
        Maximum length of the answer in tokens, if that is less than ``chat.maxTokens``.
    """
    engine = chat.engine
    continues = any(message.role == "system" for message in history)
    before = sum(chat.count_message(message) for message in history)
    before += 0 if continues else chat.frame(prompt)

    def build(tokens: int) -> ChatPrompt:
        shown = context(tokens - before)
        has_media = shown.media or any(message.media for message in history)
        special = chat.info.special_texts if has_media else chat.info.texts_to_leave_out
        cleaned = {name: without_marked_lines(text, special) for name, text in shown.values.items()}
        uri, first = shown.code_at
        marked = [
            LeftOut(uri, first + line, first + line, MARKED)
            for line in (cleaned["code"].lines if "code" in cleaned else ())
        ]
        values = {name: text.text for name, text in cleaned.items()}
        read = (TYPED, *(source.uri for source in shown.sources), *shown.uris)
        *system, question = render(prompt, values, tuple(dict.fromkeys(read)))
        question = replace(question, media=shown.media)
        left_out = (*shown.left_out, *marked)
        if continues:
            return ChatPrompt((*history, question), shown.sources, left_out)
        rules = chat.rules
        messages = with_standing(engine, (*system, *history, question), rules.text, rules.sources)
        return ChatPrompt(messages, (*shown.sources, *rules.sources), (*left_out, *rules.left_out))

    most = chat.room.output if output is None else min(output, chat.room.output)
    answered = await answer(engine, feature, chat.uri, build, sampling_of(engine, prompt, most), **listeners)
    if not answered.markdown:
        message = "The model answered nothing: ask again, or choose another model."
        raise NothingAnswered(message)
    return answered


async def answer(
    engine: Engine,
    feature: str,
    uri: str,
    build: Callable[[int], ChatPrompt],
    sampling: Sampling,
    *,
    end_of: Callable[[str], int | None] | None = None,
    **listeners: Unpack[Listeners],
) -> ChatAnswer:
    """Ask the chat model once.

    ``build`` is called with the tokens that the texts of the prompt may have, and again with fewer while the
    exact count is too high, so that the server never has to cut a prompt. ``end_of`` is called with the text
    so far, and returns where the answer ends once that is known: the model is stopped there, and the answer
    is complete. An answer in a loop is stopped too.

    Raises ``ContextTooLong``: even the smallest prompt does not fit.
    """
    use = engine.chat
    info = await use.describe()
    sampling = replace(sampling, max_tokens=min(sampling.max_tokens, info.context_length // 2))
    built, prompt, tokens = await _fitted(use, info, build, sampling.max_tokens)
    sent = _shown(built.messages) if prompt.messages else prompt.text
    if on_sources := listeners.get("on_sources"):
        on_sources(built.sources)
    on_text, on_read = listeners.get("on_text"), listeners.get("on_read")
    asked, began = time.time(), time.perf_counter()
    text, outcome = "", "cancelled"
    stats: Stats | None = None
    timings: dict[str, float] = {}
    ending, looped, checked = listeners.get("ending") or Ending(), False, 0
    stream = use.backend.complete(prompt, sampling, slot=use.slot, on_read=on_read)
    use.streams += 1
    try:
        async with aclosing(stream):
            with ending:
                async for item in stream:
                    if isinstance(item, Stats):
                        stats = item
                        continue
                    timings.setdefault("first_token", (time.perf_counter() - began) * 1000)
                    text += item.text
                    if on_text is not None:
                        on_text(item.text)
                    if end_of is not None and (end := end_of(text)) is not None:
                        text = text[:end]
                        break
                    if len(text) - checked >= _LOOP_CHECKED:
                        checked = len(text)
                        if looped := is_loop(text, sent):
                            break
        outcome = "stopped in a loop" if looped else "ended by the user" if ending.is_over else "answered"
    except HomebodyError as error:
        outcome = str(error)
        raise
    finally:
        use.streams -= 1
        timings["total"] = (time.perf_counter() - began) * 1000
        if stats is not None:
            use.speed.learn(stats)
        engine.audit.record(
            PromptRecord(
                feature=feature,
                uri=uri,
                model=info.name,
                backend=info.kind,
                text=sent,
                prompt_tokens=_prompt_tokens(stats, tokens),
                context_length=info.context_length,
                sources=built.sources,
                left_out=built.left_out,
                when=asked,
                answer=text,
                outcome=outcome,
                evaluated_tokens=stats.evaluated_tokens if stats else None,
                output_tokens=stats.output_tokens if stats else None,
                # The estimate is of text.
                notes=()
                if built.media
                else compared(use, _shown(built.messages), tokens, stats, exact=info.exact_tokenizer),
                media=built.media,
                timings=timings,
            )
        )
    output = stats.output_tokens if stats and stats.output_tokens is not None else use.tokens.count(text)
    usage = AnswerUsage(_prompt_tokens(stats, tokens), output, info.context_length)
    complete = not (looped or ending.is_over) and (stats is None or stats.finish == "stop")
    return ChatAnswer(text, complete, usage, built, looped)


async def _fitted(
    use: Use, info: ModelInfo, build: Callable[[int], ChatPrompt], output: int
) -> tuple[ChatPrompt, Prompt, int]:
    """Build the messages, and shorten them until the count fits beside an answer of ``output`` tokens."""
    room = prompt_room(info.context_length, output + TEMPLATE_TOKENS)

    async def sized(tokens: int | None) -> tuple[tuple[ChatPrompt, Prompt], int, int]:
        built = build(room if tokens is None else tokens)
        try:
            prompt = await use.backend.render_chat(built.messages)
        except BackendRefused:
            prompt = await use.backend.render_chat(_merged(built.messages))
        estimated = sum(media.tokens for media in built.media) + use.tokens.count(_shown(built.messages))
        return (built, prompt), estimated, await use.backend.count_prompt(prompt)

    (built, prompt), tokens = await fit(
        sized,
        limit=info.context_length - output,
        too_long=(
            f"The request does not fit the context of {info.context_length} tokens: "
            "select less, or serve the model with a larger context."
        ),
    )
    return built, prompt, tokens


def _merged(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """Merge the system message into the first question: some templates have no system role."""
    if len(messages) < 2 or messages[0].role != "system":
        return messages
    system, question, *rest = messages
    read = (*system.sources, *question.sources)
    merged = replace(question, text=f"{system.text}\n\n{question.text}", sources=read)
    return (merged, *rest)


def _prompt_tokens(stats: Stats | None, tokens: int) -> int:
    return stats.prompt_tokens if stats and stats.prompt_tokens is not None else tokens


def _shown(messages: tuple[Message, ...]) -> str:
    return "\n\n".join(
        f"{message.role}: {''.join(part.text for part in message.parts)}" for message in messages
    )

"""The flow that every answer in words shares: measure, fit, ask. Features only build the context."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Unpack

from homebody.audit import LeftOut, Source
from homebody.backend.base import OWN, TYPED, Message, ModelInfo
from homebody.context.markers import without_marked_lines
from homebody.engine import Engine
from homebody.errors import NothingAnswered
from homebody.features.answer import Answer, ChatPrompt, Listeners, answer
from homebody.features.budgets import ChatRoom, chat_room, measure_speed
from homebody.features.project_rules import Rules, project_rules
from homebody.features.surroundings import frame_tokens, sampling_of, with_standing
from homebody.media import Media
from homebody.prompt.front_matter import PromptFile, render


@dataclass(frozen=True, slots=True)
class Context:
    """The variable part of a prompt: values for its placeholders, and what they come from.

    ``uris`` are further URIs of the values' text, beside those of ``sources``. ``code_at`` is the URI and the
    line of the document where the value ``code`` begins. ``media`` are the pictures and sounds.
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

    def count(self, text: str) -> int:
        """Tokens of ``text``."""
        return self.engine.chat.tokens.count(text)

    def count_message(self, message: Message) -> int:
        """Tokens of a message, its pictures included."""
        return self.count(message.text) + message.media_tokens


async def open_chat(
    engine: Engine,
    prompt: PromptFile,
    uri: str,
    texts: Sequence[str],
    uris: Sequence[str],
    *,
    with_rules: bool = True,
    limit: int = 2000,
) -> Chat:
    """Prepare to ask about ``uri``: count ``texts`` (at most ``limit`` lines) exactly, measure the speed.

    ``uris`` are those that ``texts`` come from; the beginning of the last text measures the speed.
    """
    info = await engine.chat.describe()
    await measure_speed(engine, prompt, texts[-1] if texts else "", uris)
    await engine.chat.learn_counts([prompt.body, prompt.system, *texts], [OWN, *uris], limit=limit)
    room = chat_room(engine, info)
    return Chat(engine, uri, info, room, await project_rules(engine, uri, room) if with_rules else Rules())


async def ask_model(
    chat: Chat,
    prompt: PromptFile,
    context: Callable[[int], Context],
    *,
    feature: str = "explain",
    history: tuple[Message, ...] = (),
    output: int | None = None,
    **listeners: Unpack[Listeners],
) -> Answer:
    """Ask with ``prompt``, filled by ``context``, which is called with the tokens that its values may have.

    Parameters
    ----------
    history
        Earlier messages of a conversation, its system message first: the prompt file's own system message
        and the rules are then left out.
    output
        Maximum length of the answer in tokens, if that is less than ``chat.maxTokens``.

    Raises
    ------
    NothingAnswered
        The model wrote nothing.

    """
    engine = chat.engine
    before = sum(chat.count_message(message) for message in history) if history else chat.frame(prompt)

    def build(tokens: int) -> ChatPrompt:
        shown = context(tokens - before)
        has_media = shown.media or any(message.media for message in history)
        special = chat.info.special_texts if has_media else chat.info.texts_to_leave_out
        cleaned = {name: without_marked_lines(text, special) for name, text in shown.values.items()}
        uri, first = shown.code_at
        marked = [
            LeftOut(uri, first + line, first + line, "holds a control token of the model")
            for line in (cleaned["code"].lines if "code" in cleaned else ())
        ]
        values = {name: text.text for name, text in cleaned.items()}
        read = (TYPED, *(source.uri for source in shown.sources), *shown.uris)
        *system, question = render(prompt, values, tuple(dict.fromkeys(read)))
        messages = (*system, replace(question, media=shown.media))
        left_out = (*shown.left_out, *marked)
        if history:
            return ChatPrompt((*history, messages[-1]), shown.sources, left_out)
        rules = chat.rules
        messages = with_standing(engine, messages, rules.text, rules.sources)
        return ChatPrompt(messages, (*shown.sources, *rules.sources), (*left_out, *rules.left_out))

    most = chat.room.output if output is None else min(output, chat.room.output)
    sampling = sampling_of(engine, prompt, most)
    answered = await answer(engine, feature, chat.uri, build, sampling, **listeners)
    if not answered.markdown:
        message = "The model answered nothing: ask again, or choose another model."
        raise NothingAnswered(message)
    return answered

"""Pictures of a question: whether the model that answers sees them, and their tokens."""

from collections.abc import Sequence
from dataclasses import replace

from homebody.audit import LeftOut
from homebody.backend.base import Message, ModelInfo, Prompt
from homebody.context.markers import without_marked_lines
from homebody.engine import Engine
from homebody.errors import MediaRefused
from homebody.media import Media


async def admitted(engine: Engine, media: Sequence[Media]) -> tuple[Media, ...]:
    """Return pictures with their tokens, counted by the server if it can.

    Raises ``MediaRefused`` if the model does not see; then nothing was sent. A server that does not report it
    gets them, and refuses them itself.
    """
    if not media:
        return ()
    info = await engine.chat.describe()
    if info.sees is False:
        message = (
            f"{info.name} answers and does not see pictures, so {media[0].name} was not sent: "
            "choose a model that does."
        )
        raise MediaRefused(message)
    counts = [await engine.chat.backend.count_prompt(Prompt((each,))) for each in media]
    return tuple(replace(each, tokens=tokens) for each, tokens in zip(media, counts, strict=True))


def readable_history(
    info: ModelInfo, messages: Sequence[Message], uri: str, media: Sequence[Media]
) -> tuple[tuple[Message, ...], list[LeftOut]]:
    """Return earlier messages as they are sent before a question with ``media``, and what is left out.

    Those are pictures that another model has seen, and, as a prompt with pictures is sent as text, lines that
    hold a control token.
    """
    taken = [() if info.sees is False else message.media for message in messages]
    special = info.special_texts if media or any(taken) else info.texts_to_leave_out
    cleaned = [without_marked_lines(message.text, special) for message in messages]
    left_out = [
        LeftOut(uri, 0, 0, f"{each.name}: {info.name} does not see pictures")
        for message in messages
        for each in message.media
        if info.sees is False
    ]
    if any(text.lines for text in cleaned):
        left_out.append(
            LeftOut(uri, 0, 0, "lines of this conversation that hold a control token of the model")
        )
    texts = zip(messages, cleaned, taken, strict=True)
    return tuple(replace(message, text=text.text, media=seen) for message, text, seen in texts), left_out

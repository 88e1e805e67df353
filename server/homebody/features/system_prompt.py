"""The system message: that of the prompt file, the project's rules, and the user's standing instructions.

Additions are at its end, and the same for every request, so that the server can reuse its cache.
"""

from collections.abc import Sequence

from homebody.audit import Source, uris_of
from homebody.backend.base import OWN, Message
from homebody.engine import Engine
from homebody.prompt.render import fill_shipped


def with_standing(
    engine: Engine,
    messages: Sequence[Message],
    rules: str = "",
    sources: Sequence[Source] = (),
    *,
    in_words: bool = True,
) -> tuple[Message, ...]:
    """Add ``rules``, ``chat.instructions`` and, for an answer ``in_words``, ``chat.language``.

    ``sources`` are those of the rules.
    """
    settings = engine.settings.chat
    language = settings.language if in_words else ""
    added = [
        text
        for text in (
            rules,
            settings.instructions,
            fill_shipped("answer-language", language=language) if language else "",
        )
        if text
    ]
    if not added:
        return tuple(messages)
    own = [message for message in messages if message.role == "system"]
    rest = [message for message in messages if message.role != "system"]
    text = "\n\n".join([*(message.text for message in own), *added])
    read = (OWN, *uris_of(sources), *(uri for message in own for uri in message.sources))
    return (Message("system", text, read), *rest)


def standing_tokens(engine: Engine) -> int:
    """Tokens that ``with_standing`` adds, without the rules."""
    (message, *_) = with_standing(engine, (Message("system", ""),))
    return engine.chat.tokens.count(message.text)

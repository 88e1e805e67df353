"""The system message: that of the prompt file, the project's rules, and the user's standing instructions.

In: rendered messages. Out: the messages with the additions at the end of the system message. These are the
same for every request, so that the server can reuse its cache.
"""

from collections.abc import Sequence

from homebody.audit import Source, uris_of
from homebody.backend.base import OWN, Message
from homebody.engine import Engine
from homebody.prompt.render import fill
from homebody.prompt.shipped import shipped_prompt


def with_standing(
    engine: Engine, messages: Sequence[Message], rules: str = "", sources: Sequence[Source] = ()
) -> tuple[Message, ...]:
    """Add ``rules``, ``chat.instructions`` and ``chat.language`` to the system message.

    ``sources`` are those of the rules.
    """
    settings = engine.settings.chat
    added = [rules] if rules else []
    if settings.instructions:
        added.append(settings.instructions)
    if settings.language:
        added.append(fill(shipped_prompt("answer-language").body, {"language": settings.language}))
    if not added:
        return tuple(messages)
    own = [message for message in messages if message.role == "system"]
    rest = [message for message in messages if message.role != "system"]
    text = "\n\n".join([*(message.text for message in own), *added])
    read = (OWN, *uris_of(sources), *(uri for message in own for uri in message.sources))
    return (Message("system", text, read), *rest)


def standing_tokens(engine: Engine, rules: str = "") -> int:
    """Tokens that ``with_standing`` adds."""
    (message, *_) = with_standing(engine, (Message("system", ""),), rules)
    return engine.chat.tokens.count(message.text)

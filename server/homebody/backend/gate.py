"""The last step before the connection: every prompt is checked here, whatever built it.

Texts carry their sources; what the rules about these are is not known here.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from homebody.backend.base import OWN, Backend, Message, Prompt, Text
from homebody.errors import ModelForbidden
from homebody.media import Media
from homebody.settings.schema import is_covered

Check: TypeAlias = Callable[[Iterable[str], Iterable[str]], Awaitable[None]]
"""Called with the sources and the texts of a prompt; raises if the prompt must not be sent."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What a call sends to the server: the arguments of ``Check``."""

    sources: Sequence[str]
    texts: Sequence[str]

    @classmethod
    def of(cls, texts: Sequence[Text | Media | Message]) -> "Outgoing":
        """Create it from texts; one without a source must not pass because of another one's."""
        known = all(text.sources for text in texts)
        # Markers alone are our own text.
        sources = [OWN, *(uri for text in texts for uri in text.sources)] if known else []
        return cls(sources, [text.text for text in texts])

    @classmethod
    def of_messages(cls, messages: Sequence[Message]) -> "Outgoing":
        """Create it from messages, with their pictures."""
        return cls.of([*messages, *(media for message in messages for media in message.media)])

    @classmethod
    def of_prompt(cls, prompt: Prompt) -> "Outgoing":
        """Create it from a prompt."""
        return cls.of(prompt.texts)

    async def check(self, backend: Backend, passes: Check | None, models: Sequence[str]) -> None:
        """Raise if it must not be sent: because of its sources or texts, or of the model of ``backend``.

        ``models`` are patterns of names; without any, every model may answer.
        """
        if models and not is_covered(name := (await backend.describe()).name, models):
            message = (
                f"The model {name} is not one that `backend.allowed_models` allows "
                f"({', '.join(models)}): serve or choose one of these."
            )
            raise ModelForbidden(message)
        if passes is not None:
            await passes(self.sources, self.texts)

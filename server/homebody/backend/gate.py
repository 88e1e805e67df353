"""The last step before the connection: every prompt is checked here, whatever built it.

Texts carry their sources; what the rules about these are is not known here.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from homebody.backend.base import (
    OWN,
    Backend,
    Message,
    ModelInfo,
    OnRead,
    Placement,
    Prompt,
    Sampling,
    SlotChoice,
    Stats,
    Stream,
    Text,
)
from homebody.errors import ModelForbidden
from homebody.media import Media
from homebody.settings.schema import is_covered

Result = TypeVar("Result")

Check: TypeAlias = Callable[[Iterable[str], Iterable[str], float], Awaitable[None]]
"""Called with the sources and the texts of a prompt, and the greatest age in seconds of an answer that may be
used again; raises if the prompt must not be sent."""

_ONE_KEYSTROKE = 0.1
"""Age in seconds, for completion: it asks anew when a request begins, and sends several prompts then."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What a call sends to the server: the arguments of ``Check``."""

    sources: Sequence[str]
    texts: Sequence[str]
    within: float = 0.0

    @classmethod
    def of(cls, texts: Sequence[Text | Media | Message], within: float = 0.0) -> "Sent":
        """Create it from texts; one without a source must not pass because of another one's."""
        known = all(text.sources for text in texts)
        # Markers alone are our own text.
        sources = [OWN, *(uri for text in texts for uri in text.sources)] if known else []
        return cls(sources, [text.text for text in texts], within)

    @classmethod
    def of_messages(cls, messages: Sequence[Message]) -> "Sent":
        """Create it from messages, with their pictures and sounds."""
        return cls.of([*messages, *(media for message in messages for media in message.media)])

    @classmethod
    def of_prompt(cls, prompt: Prompt) -> "Sent":
        """Create it from a prompt."""
        return cls.of(prompt.texts, 0.0 if prompt.is_chat else _ONE_KEYSTROKE)


class GatedBackend(Backend, ABC):
    """A backend that gets nothing that ``passes`` has not let pass, if its model is one of ``models``.

    ``models`` are patterns of names; without any, every model may answer. A subclass has the connection: it
    calls ``_check`` before each call of a connected backend.
    """

    def __init__(self, passes: Check | None, models: Sequence[str] = ()) -> None:
        self._passes = passes
        self._models = models

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why ``auto`` chose this backend; empty if there was no choice."""
        return ()

    @abstractmethod
    async def _call(self, call: Callable[[Backend], Awaitable[Result]], sent: Sent | None) -> Result:
        """Call a backend, once what is sent was checked."""

    @abstractmethod
    def _stream(self, start: Callable[[Backend], Stream], sent: Sent) -> Stream:
        """Yield the items of a stream, once what is sent was checked."""

    async def _check(self, backend: Backend, sent: Sent | None) -> None:
        if sent is None:
            return
        if self._models:
            name = (await backend.describe()).name
            if not is_covered(name, self._models):
                message = (
                    f"The model {name} is not one that `backend.allowed_models` allows "
                    f"({', '.join(self._models)}): serve or choose one of these."
                )
                raise ModelForbidden(message)
        if self._passes is not None:
            await self._passes(sent.sources, sent.texts, sent.within)

    async def describe(self) -> ModelInfo:
        """Return the facts about the served model; no text of the user is sent."""
        return await self._call(lambda backend: backend.describe(), None)

    async def count(self, texts: Sequence[str], sources: Sequence[str] = ()) -> list[int]:
        """Count tokens of texts that come from ``sources``."""
        return await self._call(lambda backend: backend.count(texts), Sent(sources, texts))

    async def count_prompt(self, prompt: Prompt) -> int:
        """Tokens of the prompt as it would be sent."""
        return await self._call(lambda backend: backend.count_prompt(prompt), Sent.of_prompt(prompt))

    async def place(
        self, prompt: Prompt, *, slot: SlotChoice = "completion", keep: SlotChoice = None
    ) -> Placement:
        """Return where a prompt belongs in the server's cache."""
        return await self._call(
            lambda backend: backend.place(prompt, slot=slot, keep=keep), Sent.of_prompt(prompt)
        )

    async def render_chat(self, messages: Sequence[Message]) -> Prompt:
        """Put messages into the model's chat template."""
        return await self._call(lambda backend: backend.render_chat(messages), Sent.of_messages(messages))

    def complete(
        self,
        prompt: Prompt,
        sampling: Sampling,
        *,
        slot: SlotChoice = "completion",
        on_read: OnRead | None = None,
    ) -> Stream:
        """Continue the prompt."""
        return self._stream(
            lambda backend: backend.complete(prompt, sampling, slot=slot, on_read=on_read),
            Sent.of_prompt(prompt),
        )

    def chat(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        *,
        slot: SlotChoice = "chat",
        on_read: OnRead | None = None,
    ) -> Stream:
        """Answer the last message."""
        return self._stream(
            lambda backend: backend.chat(messages, sampling, slot=slot, on_read=on_read),
            Sent.of_messages(messages),
        )

    async def warm(
        self,
        prompt: Prompt,
        *,
        tokens: int | None = None,
        slot: SlotChoice = "completion",
        on_read: OnRead | None = None,
    ) -> Stats:
        """Read the prompt into the server's cache."""
        return await self._call(
            lambda backend: backend.warm(prompt, tokens=tokens, slot=slot, on_read=on_read),
            Sent.of_prompt(prompt),
        )

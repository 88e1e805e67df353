"""The last step before the connection: every prompt is checked here, whatever built it.

In: prompts and messages, whose texts carry their sources. Out: the same, to the backend, if ``check`` lets
their sources pass. What the rules are is not known here.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing
from typing import TypeAlias

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
from homebody.settings.backend_schema import is_covered

Check: TypeAlias = Callable[[Iterable[str], Iterable[str], float], Awaitable[None]]
"""Called with the sources and the texts of a prompt, and the greatest age in seconds of an answer that may be
used again; raises if the prompt must not be sent."""

_ONE_KEYSTROKE = 0.02
"""Age in seconds, for completion: it asks anew when a request begins, and sends several prompts then."""


class Gated:
    """A backend that gets nothing that ``check`` has not let pass, if its model is one of ``models``.

    ``models`` are patterns of names; without any, every model may answer.
    """

    reasons: tuple[str, ...] = ()

    def __init__(self, backend: Backend, passes: Check, models: Sequence[str] = ()) -> None:
        self._backend = backend
        self._passes = passes
        self._models = models

    async def describe(self) -> ModelInfo:
        """As the backend; it is sent no text of the user."""
        return await self._backend.describe()

    async def count(self, texts: Sequence[str], sources: Sequence[str] = ()) -> list[int]:
        """Count tokens of texts that come from ``sources``."""
        await self._check_model()
        await self._passes(sources, texts, 0.0)
        return await self._backend.count(texts)

    async def count_prompt(self, prompt: Prompt) -> int:
        """As the backend."""
        await self._check_prompt(prompt)
        return await self._backend.count_prompt(prompt)

    async def place(
        self, prompt: Prompt, *, slot: SlotChoice = "completion", keep: SlotChoice = None
    ) -> Placement:
        """As the backend."""
        await self._check_prompt(prompt)
        return await self._backend.place(prompt, slot=slot, keep=keep)

    async def render_chat(self, messages: Sequence[Message]) -> Prompt:
        """As the backend."""
        await self._check(messages)
        return await self._backend.render_chat(messages)

    async def complete(
        self,
        prompt: Prompt,
        sampling: Sampling,
        *,
        slot: SlotChoice = "completion",
        on_read: OnRead | None = None,
    ) -> Stream:
        """As the backend."""
        await self._check_prompt(prompt)
        async with aclosing(self._backend.complete(prompt, sampling, slot=slot, on_read=on_read)) as stream:
            async for item in stream:
                yield item

    async def chat(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        *,
        slot: SlotChoice = "chat",
        on_read: OnRead | None = None,
    ) -> Stream:
        """As the backend."""
        await self._check(messages)
        async with aclosing(self._backend.chat(messages, sampling, slot=slot, on_read=on_read)) as stream:
            async for item in stream:
                yield item

    async def warm(
        self, prompt: Prompt, *, tokens: int | None = None, slot: SlotChoice = "completion"
    ) -> Stats:
        """As the backend."""
        await self._check_prompt(prompt)
        return await self._backend.warm(prompt, tokens=tokens, slot=slot)

    async def aclose(self) -> None:
        """Close the backend."""
        await self._backend.aclose()

    async def _check_prompt(self, prompt: Prompt) -> None:
        await self._check(prompt.texts, 0.0 if prompt.is_chat else _ONE_KEYSTROKE)

    async def _check(self, texts: Sequence[Text | Message], within: float = 0.0) -> None:
        await self._check_model()
        # One text without a source must not pass because of another one's. Markers alone are our own text.
        known = all(text.sources for text in texts)
        sources = [OWN, *(uri for text in texts for uri in text.sources)] if known else []
        await self._passes(sources, (text.text for text in texts), within)

    async def _check_model(self) -> None:
        if not self._models:
            return
        name = (await self._backend.describe()).name
        if not is_covered(name, self._models):
            message = (
                f"The model {name} is not one that `backend.allowed_models` allows "
                f"({', '.join(self._models)}): serve or choose one of these."
            )
            raise ModelForbidden(message)

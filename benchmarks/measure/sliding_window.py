"""Baseline: a plain sliding window and a debounce of 300 ms, as in most plugins.

The last tokens before the cursor and the first ones after it, cut again for every request, so that each
prompt begins at another position. Each keystroke cancels the previous request.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import aclosing

from homebody.text import Document, TextEdit
from measure.contender import Answer, Work
from measure.model import FimIds, Model

DEBOUNCE_SECONDS = 0.3
WINDOW_TOKENS = 1024
"""Tokens of prefix and suffix together: the default of Continue, the most used plugin."""

_SUFFIX_SHARE = 0.25
_OUTPUT_TOKENS = 128
_CHARACTERS = 12
"""Upper bound on the average characters of a token: text of this length has at least the wanted tokens."""


class SlidingWindow:
    """The plugin."""

    name = "sliding window"

    def __init__(self, model: Model, fim: FimIds | None) -> None:
        self._model = model
        self._fim = fim
        self._work = Work()
        self._task: asyncio.Task[None] | None = None
        self._answer: Answer | None = None

    def open(self, documents: Sequence[Document]) -> None:
        """Do nothing."""

    def moved(self, document: Document, offset: int, edit: TextEdit | None) -> None:
        """Cancel the running request, and wait for a pause."""
        self._answer = None
        if self._task is not None:
            self._task.cancel()
        if edit is not None:
            self._task = self._work.start(self._ask(document, offset))

    def answer(self) -> Answer | None:
        """The answer for the newest keystroke."""
        return self._answer

    async def aclose(self) -> None:
        """Cancel running requests."""
        await self._work.aclose()

    async def _ask(self, document: Document, offset: int) -> None:
        await asyncio.sleep(DEBOUNCE_SECONDS)
        body = {
            "prompt": await self._prompt(document, offset),
            "n_predict": _OUTPUT_TOKENS,
            "temperature": 0,
            "stop": ["\n\n"],
            "id_slot": 0,
        }
        text = ""
        async with aclosing(self._model.stream(body)) as events:
            async for event in events:
                text += event["content"]
                if self._answer is None and "\n" in text.lstrip("\n"):
                    self._answer = Answer(time.monotonic(), text)
        self._answer = Answer(self._answer.at if self._answer else time.monotonic(), text)

    async def _prompt(self, document: Document, offset: int) -> list[int]:
        suffix_tokens = int(WINDOW_TOKENS * _SUFFIX_SHARE) if self._fim else 0
        prefix_tokens = WINDOW_TOKENS - suffix_tokens
        before = document.text[max(0, offset - prefix_tokens * _CHARACTERS) : offset]
        after = document.text[offset : offset + suffix_tokens * _CHARACTERS]
        prefix, suffix = await self._model.tokenize([before, after])
        prefix, suffix = prefix[-prefix_tokens:], suffix[:suffix_tokens]
        if self._fim is None:
            return prefix
        return [self._fim.prefix, *prefix, self._fim.suffix, *suffix, self._fim.middle]

"""Baseline: a plain sliding window and a debounce of 300 ms, as most plugins do.

The last tokens before the cursor and the first ones after it, cut anew at every request, so that each
prompt begins elsewhere. The request before is cancelled by the next key.
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
"""Prefix and suffix together: the default of Continue, the most used of them."""

_SUFFIX_SHARE = 0.25
_OUTPUT_TOKENS = 128
_CHARACTERS = 12
"""No token of code is longer on average: so much text holds as many tokens as are wanted."""


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
        """Nothing is done ahead."""

    def moved(self, document: Document, offset: int, edit: TextEdit | None) -> None:
        """Cancel what runs, and wait for a pause."""
        self._answer = None
        if self._task is not None:
            self._task.cancel()
        if edit is not None:
            self._task = self._work.start(self._ask(document, offset))

    def answer(self) -> Answer | None:
        """What has come for the newest key."""
        return self._answer

    async def aclose(self) -> None:
        """End what runs."""
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

"""Interface of the contenders: each is an editor with a completion plugin.

In: documents and cursor moves. Out: the suggestion on the screen. Each sends its requests through the proxy.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from homebody.text import Document, TextEdit


@dataclass(frozen=True, slots=True)
class Answer:
    """The result at the newest position: the suggestion, or an empty text with the reason ``why``.

    ``at`` is ``time.monotonic``.
    """

    at: float
    text: str
    why: str = "shown"

    @property
    def first_line(self) -> str:
        """First line that is not blank."""
        return self.text.lstrip("\n").partition("\n")[0]


class Contender(Protocol):
    """One of the compared plugins."""

    name: str

    def open(self, documents: Sequence[Document]) -> None:
        """Open the documents."""
        ...

    def moved(self, document: Document, offset: int, edit: TextEdit | None) -> None:
        """Handle a keystroke (``document`` is the version after ``edit``), or, without an edit, a jump."""
        ...

    def answer(self) -> Answer | None:
        """The answer at the newest position; ``None`` while there is none yet."""
        ...


class Work:
    """Tasks of a contender, which end together with it."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Run a task in the background."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def aclose(self) -> None:
        """Cancel all tasks."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

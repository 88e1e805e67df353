"""What types with: an editor with a plugin, as the trace's user has it.

In: documents and cursor moves. Out: what is on the screen. Each sends its requests through the proxy.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from homebody.text import Document, TextEdit


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of the newest position: the suggestion, empty with the reason ``why``.

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
    """One of those that are compared."""

    name: str

    def open(self, documents: Sequence[Document]) -> None:
        """Open the documents."""
        ...

    def moved(self, document: Document, offset: int, edit: TextEdit | None) -> None:
        """Follow a key (``document`` is the version after ``edit``), or a jump where there is none."""
        ...

    def answer(self) -> Answer | None:
        """What stands at the newest position; ``None`` while nothing has come."""
        ...


class Work:
    """Tasks of a contender, ended with it."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Run something beside the typing."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def aclose(self) -> None:
        """End all of it."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

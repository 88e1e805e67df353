"""What the contenders share: each is an editor with a completion plugin, which asks through the proxy."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any


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

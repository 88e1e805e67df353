"""Cleaning up in spite of a cancellation.

An editor's request is easily cancelled twice: by the editor, and by the request that supersedes it. The
second cancellation would end what the first one has begun to close.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Self, TypeVar

T = TypeVar("T")


async def to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Wait for ``work`` and let it finish, even if cancelled meanwhile; raise the cancellation afterwards."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait({task})
        if not task.cancelled():
            task.exception()  # the cancellation counts
        raise


class Ending:
    """Ends a block by a cancellation that goes no further than the block.

    ``is_over`` is true once it was ended.
    """

    def __init__(self) -> None:
        self.is_over = False
        self._task: asyncio.Task[Any] | None = None

    def end(self) -> bool:
        """End the block; returns whether it runs."""
        if self._task is None:
            return False
        self.is_over = True
        return self._task.cancel()

    def __enter__(self) -> Self:
        self._task = asyncio.current_task()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        task, self._task = self._task, None
        if not self.is_over or task is None:
            return False
        # Another cancellation, at the same moment, is for the whole task.
        return task.uncancel() == 0 and kind is asyncio.CancelledError

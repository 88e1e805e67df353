"""Cleaning up in spite of a cancellation.

An editor's request is easily cancelled twice: by the editor, and by the request that supersedes it. The
second cancellation would end what the first one has begun to close.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

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

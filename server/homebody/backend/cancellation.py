"""Cancelling without losing connections.

In: coroutines of the HTTP library. Out: their results, or their cancellation after they have cleaned up.
httpx returns a connection to its pool while it handles a cancellation. A second cancellation in the
middle of that loses the connection; when all are lost, every request blocks. An editor's request is
easily cancelled twice: by the editor, and by the request that supersedes it.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def cancelled_once(
    work: Coroutine[Any, Any, T], undo: Callable[[T], Coroutine[Any, Any, object]] | None = None
) -> T:
    """Wait for ``work``. When cancelled, cancel it once and wait until it has cleaned up.

    It may still finish, just before or despite the cancellation. Then ``undo`` is called with its result,
    which no other code receives, so that opened resources are closed.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        task.cancel()
        await cleaned_up(task)
        if undo is not None and not task.cancelled() and task.exception() is None:
            await to_the_end(undo(task.result()))
        raise


async def to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Wait for ``work`` and let it finish, even if cancelled meanwhile; raise the cancellation afterwards."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await cleaned_up(task)
        raise


async def cleaned_up(task: "asyncio.Future[Any]") -> None:
    """Wait until ``task`` has ended, even if cancelled meanwhile, and ignore its outcome."""
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            continue
    if not task.cancelled():
        task.exception()

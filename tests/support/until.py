"""Wait for something that another task or process does."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

_SECONDS = 60.0

T = TypeVar("T")


async def until(happened: Callable[[], T], seconds: float = _SECONDS) -> T:
    """Return the result of ``happened()`` once it is true; fail the test after a minute."""

    async def look() -> T:
        return happened()

    return await until_answered(look, seconds)


async def until_answered(ask: Callable[[], Awaitable[T]], seconds: float = _SECONDS) -> T:
    """Return what ``await ask()`` gives once it is true; fail the test after a minute."""
    deadline = time.monotonic() + seconds
    while not (value := await ask()):
        assert time.monotonic() < deadline, "it did not happen"
        await asyncio.sleep(0.005)
    return value

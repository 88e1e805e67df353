"""Wait for something that another task does."""

import asyncio
import time
from collections.abc import Callable

_SECONDS = 10.0


async def until(happened: Callable[[], object]) -> None:
    """Return once ``happened()`` is true; fail the test after ten seconds."""
    deadline = time.monotonic() + _SECONDS
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        await asyncio.sleep(0.005)

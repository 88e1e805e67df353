"""Cancelling at any moment loses no connection."""

import asyncio

import pytest

from homebody.backend.cancellation import cancelled_once


@pytest.mark.parametrize("steps", range(1, 9))
@pytest.mark.parametrize("swallows", [False, True])
async def test_what_was_opened_is_returned_or_closed(*, steps: int, swallows: bool):
    """Even if the cancellation comes between the result and the task that awaits it."""
    opened: list[str] = []
    closed: list[str] = []

    async def opens() -> str:
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            if not swallows:
                raise
        opened.append("response")
        return "response"

    async def close(what: str) -> None:
        closed.append(what)

    waiting = asyncio.create_task(cancelled_once(opens(), close))
    for _ in range(steps):
        await asyncio.sleep(0)
    waiting.cancel()
    (handed_out,) = await asyncio.gather(waiting, return_exceptions=True)

    assert closed == ([] if handed_out == "response" else opened)

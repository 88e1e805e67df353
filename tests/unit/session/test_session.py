"""One answer in flight, and no waiter hangs after it has ended."""

import asyncio
from contextlib import aclosing

from homebody.backend.base import Piece, Stream
from homebody.engine import open_engine
from homebody.session.generation import Generation
from homebody.session.session import Session
from support.documents import at


async def _endless() -> Stream:
    await asyncio.sleep(60)
    yield Piece("x")


async def test_a_generation_cancelled_before_it_runs_has_ended(own_folders):
    """Its task never runs, so the session ends it, and no waiter hangs."""
    document, offset = at("x = █\n")
    generation = Generation(document, offset, _endless(), wanted="line")
    async with open_engine() as engine, aclosing(Session(engine)) as session:
        await session.start(generation, lambda _: None)
        await session.stop_running()
        assert not generation.is_running


async def test_a_request_waits_for_earlier_work_too(own_folders):
    """Its piece occupies the server until it is read, even if the work that replaced it never began."""
    has_begun, has_ended = asyncio.Event(), asyncio.Event()

    async def slow_to_end() -> None:
        has_begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            for _ in range(20):  # turns of the event loop: more than the work that replaced it takes to end
                await asyncio.sleep(0)
            has_ended.set()

    async with open_engine() as engine, aclosing(Session(engine)) as session:
        session.in_background("file:///a.py", slow_to_end)
        await has_begun.wait()
        session.in_background("file:///a.py", slow_to_end)
        await session.stop_background()
        assert has_ended.is_set()

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
    generation = Generation(document, offset, _endless(), multiline=False)
    async with open_engine() as engine, aclosing(Session(engine)) as session:
        await session.start(generation, lambda _: None)
        await session.stop_running()
        assert not generation.is_running

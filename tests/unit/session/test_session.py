"""One answer in flight, and no waiter hangs after it has ended."""

import asyncio
from contextlib import aclosing

from homebody.backend.base import Piece, Stream
from homebody.engine import open_engine
from homebody.session.generation import Generation
from homebody.session.session import Session
from homebody.text import Span, TextEdit
from support.documents import at


async def _endless() -> Stream:
    await asyncio.sleep(60)
    yield Piece("x")


async def test_a_generation_cancelled_before_it_runs_has_ended(own_folders):
    document, offset = at("x = █\n")
    generation = Generation(document, offset, _endless(), wanted="line")
    async with open_engine() as engine, aclosing(Session(engine)) as session:
        await session.turn.acquire()
        session.start(generation, lambda _: None)
        await session.stop_running()
        assert not generation.is_running


async def test_many_edits_of_one_change_are_one_key(own_folders):
    """A formatter's edits must not make the debounce of a slow model short, nor earn a window."""
    document, offset = at("x = █\n")
    async with open_engine() as engine, aclosing(Session(engine)) as session:
        for _ in range(20):
            session.rhythm.answered(2.0)
        before = session.rhythm.debounce()
        session.allowance.spend(1.0)
        for _ in range(3):
            session.changed([TextEdit(Span(offset, offset), "y")] * 1500, document)
        assert session.rhythm.debounce() > before / 2
        assert not session.allowance.covers(1.0)

"""The state of a document and the tickets of its requests."""

import asyncio

from homebody.session.session import DocumentState
from support.documents import at, typed


async def test_a_newer_request_makes_the_ticket_stale():
    state = DocumentState()
    document, offset = at("x = █\n")
    older = state.new_ticket(document, offset)
    waiting = asyncio.create_task(older.still_newest_after(60))
    await asyncio.sleep(0)
    newer = state.new_ticket(*typed(document, offset, "a"))
    assert not await waiting
    assert (older.stale, newer.stale) == (True, False)

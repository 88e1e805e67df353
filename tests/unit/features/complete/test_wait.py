"""How long a request waits for a block."""

import asyncio
import time

import pytest

from homebody.backend.base import Piece, Stream
from homebody.features.complete.ask import seconds_left
from homebody.features.complete.plan import place_at
from homebody.features.complete.request import request_at
from homebody.postprocess.ghost.draft import Wanted
from homebody.session.generation import Generation
from homebody.session.session import Ticket
from support.documents import at


@pytest.mark.parametrize(
    ("trigger", "wanted", "least", "most"),
    [("automatic", "block", -60.0, 1.0), ("invoked", "statement", 1.0, 8.0)],
)
async def test_an_explicit_request_waits_longer_for_a_block(world, trigger, wanted, least, most):
    async with world() as w:
        document, offset = at("def fib(n█")
        request = request_at(await place_at(w.session, document, offset), Ticket(), trigger=trigger)
        generation = _begun(document, offset, wanted=wanted)
        left = seconds_left(request, generation)
        assert left is not None
        assert least < left <= most


async def _endless() -> Stream:
    await asyncio.sleep(60)
    yield Piece("x")


def _begun(document, offset, *, wanted: Wanted) -> Generation:
    """An answer whose first token comes right now."""
    made = Generation(document, offset, _endless(), wanted=wanted)
    made.first_token_at = time.monotonic()
    return made

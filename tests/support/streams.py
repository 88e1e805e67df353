"""Answers of backends, read to their end."""

from homebody.backend.base import Piece, Sampling, Stats, Stream

MANY = Sampling(max_tokens=64)
"""More tokens than the answers of the tests have."""


async def read(stream: Stream) -> tuple[str, Stats]:
    items = [item async for item in stream]
    assert isinstance(items[-1], Stats)
    return "".join(item.text for item in items if isinstance(item, Piece)), items[-1]

"""Answers of backends, read to their end."""

from collections.abc import Iterable, Sequence
from contextlib import aclosing

from homebody.backend.base import Backend, Message, Piece, Sampling, Stats, Stream

MANY = Sampling(max_tokens=64)
"""More tokens than the answers of the tests have."""


async def any_prompt(_sources: Iterable[str], _texts: Iterable[str]) -> None:
    """Check no prompt, in place of the gate."""


async def read(stream: Stream) -> tuple[str, Stats]:
    items = [item async for item in stream]
    assert isinstance(items[-1], Stats)
    return "".join(item.text for item in items if isinstance(item, Piece)), items[-1]


async def chat(backend: Backend, messages: Sequence[Message], sampling: Sampling = MANY) -> Stream:
    """Answer the last message, as ``features.answer`` does."""
    prompt = await backend.render_chat(messages)
    async with aclosing(backend.complete(prompt, sampling, slot="chat")) as stream:
        async for item in stream:
            yield item

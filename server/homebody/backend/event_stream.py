"""Parses server-sent events and lines from a response, piece by piece.

Source: the HTML standard, section 9.2.6.
"""

from collections.abc import AsyncGenerator, AsyncIterator

import msgspec

from homebody.errors import BackendProtocolError

_LONGEST = 1024 * 1024
"""Maximum size of one line or event; those of real servers have a few thousand bytes."""


async def lines_of(chunks: AsyncIterator[bytes]) -> AsyncGenerator[str]:
    """Yield each line without its end, which is CR, LF or both: JSON may contain others unescaped.

    Raises
    ------
    BackendProtocolError
        A line does not end.

    """
    held = bytearray()
    async for chunk in chunks:
        held += chunk
        if b"\n" in chunk or b"\r" in chunk:
            lines = held.splitlines(keepends=True)
            # The line feed after a carriage return may be in the next chunk.
            held = bytearray() if lines[-1].endswith(b"\n") else lines.pop()
            for line in lines:
                yield line.rstrip(b"\r\n").decode(errors="replace")
        _limit(len(held))
    if held:
        yield held.rstrip(b"\r").decode(errors="replace")


async def events_of(chunks: AsyncIterator[bytes]) -> AsyncGenerator[str]:
    """Yield the data of each event; errors as ``{"error": …}``, whichever way the server sends them."""
    kind, data, length = "", list[str](), 0
    async for line in lines_of(chunks):
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line and data:
            whole = "\n".join(data)
            yield msgspec.json.encode({"error": whole}).decode() if kind == "error" else whole
        if not line:
            kind, data, length = "", [], 0
        elif name == "data":
            data.append(value)
            length += len(value)
            _limit(length)
        elif name == "event":
            kind = value


def _limit(length: int) -> None:
    if length > _LONGEST:
        message = "The server does not follow its API: one of its lines has no end"
        raise BackendProtocolError(message)

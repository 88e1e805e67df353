"""Parses server-sent events and lines from a response, piece by piece.

Lines end only at CR, LF or both: JSON may contain other line separators unescaped.
Source: the HTML standard, section 9.2.6; and ``error:`` fields, in which older llama.cpp versions report
errors.
"""

from collections.abc import AsyncIterator

import msgspec

_LONGEST = 1024 * 1024
"""Maximum characters of one line or event; those of real servers have a few thousand."""


class EventTooLong(ValueError):
    """A line or an event that does not end, from a broken server."""


async def lines_of(texts: AsyncIterator[str]) -> AsyncIterator[str]:
    """Yield each line without its end."""
    held: list[str] = []
    length = 0
    after_return = False
    async for text in texts:
        if not text:
            continue
        if after_return and text.startswith("\n"):
            text = text[1:]  # noqa: PLW2901 - the second half of a CR LF
        after_return = text.endswith("\r")
        *whole, rest = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for line in whole:
            yield "".join([*held, line])
            held.clear()
            length = 0
        held.append(rest)
        length += len(rest)
        if length > _LONGEST:
            raise EventTooLong
    if last := "".join(held):
        yield last


async def events_of(texts: AsyncIterator[str]) -> AsyncIterator[str]:
    """Yield the data of each event; errors as ``{"error": …}``, whichever way the server sends them."""
    kind, data, length = "", list[str](), 0
    async for line in lines_of(texts):
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line and data:
            yield _as_error("\n".join(data)) if kind == "error" else "\n".join(data)
        if not line:
            kind, data, length = "", [], 0
        elif name == "data":
            data.append(value)
            length += len(value)
            if length > _LONGEST:
                raise EventTooLong
        elif name == "event":
            kind = value
        elif name == "error":
            yield _as_error(value)


class _Reason(msgspec.Struct):
    error: object = None
    message: object = None


def _as_error(data: str) -> str:
    """Convert the text of an ``error:`` field to the same form as other errors."""
    try:
        found = msgspec.json.decode(data, type=_Reason)
    except msgspec.DecodeError:
        return msgspec.json.encode({"error": {"message": data}}).decode()
    if found.error is not None:
        return data
    return msgspec.json.encode({"error": msgspec.Raw(data.encode())}).decode()

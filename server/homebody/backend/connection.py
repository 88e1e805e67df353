"""One HTTP/1.1 connection to a model server: h11 over the streams that the guard opens."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncGenerator, Iterable

import h11

from homebody.backend.http_errors import disobedient
from homebody.errors import BackendFailed, BackendProtocolError

MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""Maximum size of one answer, in bytes; a server that sends more is considered broken.

A stream of 8k tokens with ten candidates each has about 10 MiB.
"""

_READ_BYTES = 64 * 1024


class ConnectionLost(BackendFailed):
    """The server closed the connection before the answer was complete."""


class Connection:
    """Sends one request after the other.

    Attributes
    ----------
    status
        That of the last answer.

    """

    def __init__(self, url: str, reader: StreamReader, writer: StreamWriter, *, most_bytes: int) -> None:
        self._url = url
        self._most = most_bytes
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.CLIENT)
        self._headers: dict[bytes, bytes] = {}
        self.status = 0

    @property
    def is_idle(self) -> bool:
        """Whether the last answer was read to its end, so that another request can be sent."""
        is_open = not (self._reader.at_eof() or self._writer.is_closing())
        return is_open and self._http.our_state is h11.IDLE

    def close(self) -> None:
        """Close it at once, so that the server sees that nobody reads the rest."""
        self._writer.transport.abort()

    def send(self, method: str, target: str, headers: Iterable[tuple[str, str]], content: bytes) -> None:
        """Send a request, without waiting."""
        request = h11.Request(method=method, target=target, headers=list(headers))
        for event in (request, h11.Data(content), h11.EndOfMessage()):
            self._writer.write(self._http.send(event) or b"")

    async def answered(self) -> None:
        """Wait for the head of the answer."""
        while not isinstance(answer := await self._next(), h11.Response):
            pass
        self.status, self._headers = answer.status_code, dict(answer.headers)

    def header(self, name: str) -> str:
        """Return a header of the answer; empty if it has none of that name."""
        return self._headers.get(name.encode(), b"").decode("latin-1").strip()

    async def read(self) -> bytes:
        """Return the whole body."""
        return b"".join([data async for data in self.body()])

    async def body(self) -> AsyncGenerator[bytes]:
        """Yield the body as it arrives.

        Raises
        ------
        BackendProtocolError
            It is compressed, although the request forbids that: it could expand a thousandfold. Or it has
            too many bytes.

        """
        if self.header("content-encoding").lower() not in {"", "identity"}:
            message = "The server's answer is compressed, which was not requested; switch off its compression"
            raise BackendProtocolError(message)
        seen = 0
        while isinstance(event := await self._next(), h11.Data):
            # One read may contain ten thousand chunks of a byte; other tasks run in between.
            await asyncio.sleep(0)
            seen += len(event.data)
            if seen > self._most:
                message = f"The server's answer did not end within {self._most} bytes; it was cut off"
                raise BackendProtocolError(message)
            yield bytes(event.data)
        if self._http.our_state is self._http.their_state is h11.DONE:
            self._http.start_next_cycle()

    async def _next(self) -> object:
        data = b"\n"
        try:
            while (event := self._http.next_event()) is h11.NEED_DATA:
                data = await self._reader.read(_READ_BYTES)
                self._http.receive_data(data)
        except (h11.RemoteProtocolError, OSError) as error:
            if data and isinstance(error, h11.RemoteProtocolError):
                raise disobedient(self._url, f"it does not speak HTTP ({error})") from error
            message = f"The server at {self._url} closed the connection during an answer: ask again"
            raise ConnectionLost(message) from error
        return event

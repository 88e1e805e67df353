"""Requests to one model server. Knows nothing of any server's API."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import TypeVar

import msgspec

from homebody.backend.connection import MAX_ANSWER_BYTES, Connection, ConnectionLost
from homebody.backend.event_stream import events_of, lines_of
from homebody.backend.guard import Address, AllowedHost, Resolve
from homebody.backend.http_errors import clean, disobedient, refusal, too_slow, words_of
from homebody.errors import (
    BackendError,
    BackendFailed,
    BackendProtocolError,
    BackendTimeout,
    ConnectionForbidden,
    SettingsError,
)

Decoded = TypeVar("Decoded")

DEFAULT_TIMEOUT_SECONDS = 60.0
# Connections that are kept for the next requests: one editor needs few.
_KEPT = 4


class ModelServer:
    """One base URL, its key and its connections.

    Parameters
    ----------
    timeout_seconds
        Maximum time without output, before an answer and between two pieces of a stream.

    Raises
    ------
    SettingsError
        ``url``, ``api_key`` or an entry of ``allowed_hosts`` is malformed.

    """

    def __init__(
        self,
        url: str,
        *,
        api_key: str | None = None,
        allowed_hosts: Sequence[str] = (),
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
        resolve: Resolve | None = None,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        self.url = url
        self.timeout_seconds = timeout_seconds
        hosts = [AllowedHost.parse(entry) for entry in allowed_hosts]
        self._address = Address(url, hosts, resolve=resolve)
        self._headers = [
            ("host", self._address.host_header),
            ("user-agent", "homebody"),
            ("accept", "*/*"),
            ("accept-encoding", "identity"),
        ]
        if api_key:
            if not (api_key.isascii() and api_key.isprintable()):
                message = "backend.apiKey has characters that no key has, such as a line's end"
                raise SettingsError(message)
            self._headers.append(("authorization", f"Bearer {api_key}"))
        self._most = max_answer_bytes
        self._idle: list[Connection] = []
        self._is_closed = False

    async def get(self, path: str, type_: type[Decoded], *, timeout_seconds: float | None = None) -> Decoded:
        """GET ``path`` and decode the JSON reply as ``type_``."""
        return await self._once("GET", path, None, type_, timeout_seconds)

    async def post(
        self, path: str, body: object, type_: type[Decoded], *, timeout_seconds: float | None = None
    ) -> Decoded:
        """POST ``body`` as JSON and decode the JSON reply as ``type_``."""
        return await self._once("POST", path, body, type_, timeout_seconds)

    async def events(
        self, path: str, body: object, patience: "Patience | None" = None
    ) -> AsyncGenerator[str]:
        """POST ``body`` and yield the data of each server-sent event.

        ``patience`` limits the time without text; by default every event counts as text.
        """
        async with self._open("POST", path, body) as connection:
            kind = connection.header("content-type").partition(";")[0]
            if kind != "text/event-stream":
                raise disobedient(self.url, f"it sent {clean(kind) or 'something'} instead of events")
            async with aclosing(self._paced(events_of(connection.body()), patience)) as events:
                async for data in events:
                    yield data

    async def lines(self, path: str, body: object, patience: "Patience | None" = None) -> AsyncGenerator[str]:
        """POST ``body`` and yield each line that is not empty (newline-delimited JSON).

        ``patience`` limits the time without text; by default every line counts as text.
        """
        async with (
            self._open("POST", path, body) as connection,
            aclosing(self._paced(lines_of(connection.body()), patience)) as lines,
        ):
            async for line in lines:
                if line.strip():
                    yield line

    async def aclose(self) -> None:
        """Close all connections, those of running requests when these end."""
        self._is_closed = True
        while self._idle:
            self._idle.pop().close()

    def decode(self, content: bytes | str, type_: type[Decoded]) -> Decoded:
        """Decode a JSON reply, or one event of a stream.

        Raises
        ------
        BackendProtocolError
            It is not JSON, or does not have that shape.

        """
        try:
            return msgspec.json.decode(content, type=type_)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            start = content[:80] if isinstance(content, str) else content[:80].decode(errors="replace")
            message = (
                f"The server at {self.url} gave an answer that does not follow its API ({error}): {start!r}"
            )
            raise BackendProtocolError(message) from error

    async def _once(
        self, method: str, path: str, body: object, type_: type[Decoded], timeout_seconds: float | None
    ) -> Decoded:
        async with self._open(method, path, body, timeout_seconds) as connection:
            async with self._within(timeout_seconds):
                content = await connection.read()
            return self.decode(content, type_)

    @asynccontextmanager
    async def _open(
        self, method: str, path: str, body: object, seconds: float | None = None
    ) -> AsyncGenerator[Connection]:
        """Send a request, and yield its connection once the server has answered with success."""
        content = b"" if body is None else msgspec.json.encode(body)
        headers = [*self._headers, ("content-length", str(len(content)))]
        if content:
            headers.append(("content-type", "application/json"))
        connection = await self._send(method, self._address.path + path, headers, content, seconds)
        try:
            if connection.status != 200:
                raise await self._refusal(connection)
            yield connection
        finally:
            if connection.is_idle and not self._is_closed and len(self._idle) < _KEPT:
                self._idle.append(connection)
            else:
                connection.close()

    async def _send(
        self, method: str, target: str, headers: list[tuple[str, str]], content: bytes, seconds: float | None
    ) -> Connection:
        while True:
            connection, is_new = await self._connection()
            try:
                connection.send(method, target, headers, content)
                async with self._within(seconds):
                    await connection.answered()
            except BaseException as error:
                connection.close()
                # The server may have closed a kept connection at this moment; nothing was answered yet.
                if is_new or not isinstance(error, ConnectionLost):
                    raise
            else:
                return connection

    async def _connection(self) -> tuple[Connection, bool]:
        """Return a kept connection that the server has not closed, or a new one, and whether it is new."""
        while self._idle:
            if (connection := self._idle.pop()).is_idle:
                return connection, False
            connection.close()
        streams = await self._address.connect()
        return Connection(self.url, *streams, most_bytes=self._most), True

    @asynccontextmanager
    async def _within(self, seconds: float | None = None) -> AsyncGenerator[None]:
        """Limit the time of what is awaited, by default to that of the server."""
        limit = seconds or self.timeout_seconds
        try:
            async with asyncio.timeout(limit):
                yield
        except TimeoutError as error:
            raise too_slow(self.url, limit) from error

    async def _paced(self, items: AsyncGenerator[str], patience: "Patience | None") -> AsyncGenerator[str]:
        """Yield ``items`` until the time limit of ``patience``."""
        limits = patience or Patience(self.timeout_seconds)
        async with aclosing(items):
            while True:
                if patience is None:
                    limits.heard()
                try:
                    async with asyncio.timeout_at(limits.deadline):
                        item = await anext(items)
                except StopAsyncIteration:
                    return
                except TimeoutError as error:
                    raise too_slow(self.url, self.timeout_seconds) from error
                yield item

    async def _refusal(self, connection: Connection) -> BackendError:
        """Return the error for an answer that is not 200."""
        if 300 <= connection.status < 400:
            return ConnectionForbidden(
                f"The server at {self.url} redirects to {clean(connection.header('location')) or 'nowhere'}; "
                "Homebody follows no redirects: set backend.url to the server's own address"
            )
        try:
            async with self._within():
                words = words_of(await connection.read())
        except (BackendFailed, BackendTimeout):
            words = "no reason given"
        return refusal(self.url, connection.status, words)


class Patience:
    """The time limit of one answer, starting with its request: so many seconds without text.

    Pings, empty pieces and progress reports without progress do not extend it. The number of tokens limits
    the answer as a whole.
    """

    def __init__(self, silent_seconds: float) -> None:
        self._seconds = silent_seconds
        self.heard()

    def heard(self) -> None:
        """Record that text arrived, or that the reading of the prompt made progress."""
        self.deadline = asyncio.get_running_loop().time() + self._seconds

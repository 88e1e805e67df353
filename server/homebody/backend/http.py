"""Requests to one model server; every failure is translated into an error of this package.

With ``guard`` and ``http_errors``, the only module that knows httpx.
"""

import asyncio
import socket
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec

from homebody.backend.cancellation import to_the_end
from homebody.backend.event_stream import events_of, lines_of
from homebody.backend.guard import AllowedHost, GuardedTransport
from homebody.backend.http_errors import (
    clean,
    disobedient,
    redirected,
    refusal,
    too_slow,
    translate,
    words_of,
)
from homebody.errors import BackendProtocolError, HomebodyError, SettingsError
from homebody.settings.keys import shorten
from homebody.settings.schema import URL_FORMS, is_server_url

Decoded = TypeVar("Decoded")
Item = TypeVar("Item")

DEFAULT_TIMEOUT_SECONDS = 60.0
# A loopback port answers immediately or not at all; a team's server may be a few routers away.
_CONNECT_SECONDS = 5.0


class ModelServer:
    """One base URL and its key.

    Parameters
    ----------
    url
        ``http://…``, ``https://…`` or ``unix:///path/to/socket`` (POSIX only).
    timeout_seconds
        Maximum time without output, before an answer and between two pieces of a stream.

    Raises
    ------
    SettingsError
        ``url`` or an entry of ``allowed_hosts`` is malformed.

    """

    def __init__(
        self,
        url: str,
        *,
        api_key: str | None = None,
        allowed_hosts: Sequence[str] = (),
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
    ) -> None:
        self._base, self._unix_socket = _split_url(url)
        self.url = url
        self.timeout_seconds = timeout_seconds
        self._hosts = [AllowedHost.parse(entry) for entry in allowed_hosts]
        self._headers = {"user-agent": "homebody", "accept-encoding": "identity", "connection": "close"}
        if api_key:
            self._headers["authorization"] = f"Bearer {api_key}"

    async def get(self, path: str, type_: type[Decoded], *, timeout_seconds: float | None = None) -> Decoded:
        """GET ``path`` and decode the JSON reply as ``type_``."""
        return await self._once("GET", path, None, type_, timeout_seconds)

    async def post(
        self, path: str, body: object, type_: type[Decoded], *, timeout_seconds: float | None = None
    ) -> Decoded:
        """POST ``body`` as JSON and decode the JSON reply as ``type_``."""
        return await self._once("POST", path, body, type_, timeout_seconds)

    async def events(self, path: str, body: object, patience: "Patience") -> AsyncGenerator[str]:
        """POST ``body`` and yield the data of each server-sent event; ``patience`` limits the silence."""
        async with self._open("POST", path, body) as response:
            kind = response.headers.get("content-type", "").partition(";")[0]
            if kind != "text/event-stream":
                raise disobedient(self.url, f"it sent {clean(kind) or 'something'} instead of events")
            async with aclosing(self._paced(events_of(response.aiter_bytes()), patience)) as events:
                async for data in events:
                    yield data

    async def lines(self, path: str, body: object, patience: "Patience") -> AsyncGenerator[str]:
        """POST ``body`` and yield each line that is not empty (newline-delimited JSON)."""
        async with (
            self._open("POST", path, body) as response,
            aclosing(self._paced(lines_of(response.aiter_bytes()), patience)) as lines,
        ):
            async for line in lines:
                if line.strip():
                    yield line

    async def _once(
        self, method: str, path: str, body: object, type_: type[Decoded], timeout_seconds: float | None
    ) -> Decoded:
        limit = timeout_seconds or self.timeout_seconds
        try:
            async with asyncio.timeout(limit), self._open(method, path, body) as response:
                content = await response.aread()
        except TimeoutError as error:
            raise too_slow(self.url, _silent(limit)) from error
        except httpx.HTTPError as error:
            raise translate(self.url, error) from error
        return self.decode(content, type_)

    def decode(self, content: bytes | str, type_: type[Decoded]) -> Decoded:
        """Decode a JSON reply, or one event of a stream.

        Raises
        ------
        BackendProtocolError
            It is not JSON, or does not have that shape.

        """
        try:
            return msgspec.json.decode(content, type=type_)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            start = content[:80] if isinstance(content, str) else content[:80].decode(errors="replace")
            message = (
                f"The server at {self.url} gave an answer that does not follow its API ({error}): {start!r}"
            )
            raise BackendProtocolError(message) from error

    @asynccontextmanager
    async def _open(self, method: str, path: str, body: object) -> AsyncGenerator[httpx.Response]:
        """Send a request, and yield the successful response with its body unread.

        Each request has a connection of its own: httpcore's pool loses connections to requests that are
        cancelled (of 400 cancelled at any moment before their answer, up to 18), and most requests of a
        typing user are. A new connection to this machine costs half a millisecond.
        """
        client = self._client()
        try:
            content = None if body is None else msgspec.json.encode(body)
            headers = {} if content is None else {"content-type": "application/json"}
            request = client.build_request(method, path, content=content, headers=headers)
            try:
                async with asyncio.timeout(self.timeout_seconds):
                    response = await client.send(request, stream=True)
            except TimeoutError as error:
                raise too_slow(self.url, _silent(self.timeout_seconds)) from error
            except httpx.HTTPError as error:
                raise translate(self.url, error) from error
            try:
                if response.status_code != 200:
                    raise await self._refusal(response)
                yield response
            finally:
                await to_the_end(response.aclose())
        finally:
            await to_the_end(client.aclose())

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=self._base,
            headers=self._headers,
            transport=GuardedTransport(self._hosts, unix_socket=self._unix_socket),
            trust_env=False,
            follow_redirects=False,
            # Timeouts use ``asyncio.timeout``, because servers send pings that reset httpx's read timeout.
            timeout=httpx.Timeout(None, connect=min(_CONNECT_SECONDS, self.timeout_seconds)),
        )

    async def _paced(self, items: AsyncIterator[Item], patience: "Patience") -> AsyncGenerator[Item]:
        """Yield ``items`` until the time limit of ``patience``."""
        while True:
            try:
                async with asyncio.timeout_at(patience.deadline):
                    item = await anext(items)
            except StopAsyncIteration:
                return
            except TimeoutError as error:
                raise too_slow(self.url, _silent(self.timeout_seconds)) from error
            except httpx.HTTPError as error:
                raise translate(self.url, error) from error
            yield item

    async def _refusal(self, response: httpx.Response) -> HomebodyError:
        """Return the error for a response that is not 200."""
        if 300 <= response.status_code < 400:
            return redirected(self.url, response.headers.get("location", "nowhere"))
        try:
            async with asyncio.timeout(self.timeout_seconds):
                words = words_of(await response.aread())
        except (httpx.HTTPError, TimeoutError):
            words = "no reason given"
        return refusal(self.url, response.status_code, words)


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


def _silent(seconds: float) -> str:
    return f"sent nothing for {seconds:g} s"


def _split_url(url: str) -> tuple[str, str | None]:
    """Return httpx's base URL and the Unix socket's path, if it is one."""
    if not is_server_url(url):
        message = f"backend.url: {shorten(url)} is not the address of a server; it has to be {URL_FORMS}"
        raise SettingsError(message)
    parts = urlsplit(url)
    if parts.scheme == "unix":
        if not hasattr(socket, "AF_UNIX") or sys.platform == "win32":
            message = "backend.url: Unix sockets work on Linux and macOS only; use http://127.0.0.1:PORT"
            raise SettingsError(message)
        return "http://localhost", parts.path
    return url, None

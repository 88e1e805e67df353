"""Requests to one model server; every failure becomes an error of this package, with the server's own words.

With ``guard``, the only module that knows httpx.
"""

import asyncio
import socket
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from typing import TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec

from homebody.backend.cancellation import to_the_end
from homebody.backend.event_stream import events_of, lines_of
from homebody.backend.guard import AllowedHost, GuardedTransport
from homebody.errors import (
    BackendError,
    BackendFailed,
    BackendLoading,
    BackendProtocolError,
    BackendRefused,
    BackendTimeout,
    BackendUnavailable,
    ConnectionForbidden,
    ContextTooLong,
    HomebodyError,
    SettingsError,
)
from homebody.settings.keys import shorten
from homebody.settings.schema import URL_FORMS, is_server_url

Decoded = TypeVar("Decoded")

DEFAULT_TIMEOUT_SECONDS = 60.0
# A loopback port answers immediately or not at all; a team's server may be a few routers away.
_CONNECT_SECONDS = 5.0


class Patience:
    """The time limit of one answer, starting with its request: so many seconds without text.

    Pings, empty pieces and progress reports without progress do not extend it. The number of tokens limits
    the answer as a whole.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.heard()

    def heard(self) -> None:
        """Record that text arrived, or that the reading of the prompt made progress."""
        self.deadline = asyncio.get_running_loop().time() + self.seconds


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

    async def get(self, path: str, type_: type[Decoded]) -> Decoded:
        """GET ``path`` and decode the JSON reply as ``type_``."""
        return await self._once(path, None, type_)

    async def post(self, path: str, body: object, type_: type[Decoded]) -> Decoded:
        """POST ``body`` as JSON and decode the JSON reply as ``type_``."""
        return await self._once(path, body, type_)

    async def _once(self, path: str, body: object, type_: type[Decoded]) -> Decoded:
        patience = Patience(self.timeout_seconds)
        async with self._limited(patience), self._open(path, body) as response:
            content = await response.aread()
        return self.decode(content, type_)

    def events(self, path: str, body: object, patience: Patience) -> AsyncGenerator[str]:
        """POST ``body`` and yield the data of each server-sent event; ``patience`` limits the silence."""
        return self._stream(path, body, patience, events_of, "text/event-stream")

    def lines(self, path: str, body: object, patience: Patience) -> AsyncGenerator[str]:
        """POST ``body`` and yield each line that is not empty (newline-delimited JSON)."""
        return self._stream(path, body, patience, lines_of, "")

    async def _stream(
        self,
        path: str,
        body: object,
        patience: Patience,
        parse: Callable[[AsyncIterator[bytes]], AsyncGenerator[str]],
        wanted: str,
    ) -> AsyncGenerator[str]:
        async with self._open(path, body) as response:
            kind = response.headers.get("content-type", "").partition(";")[0]
            if wanted and kind != wanted:
                raise _disobedient(self.url, f"it sent {_clean(kind) or 'something'} instead of events")
            async with aclosing(parse(response.aiter_bytes())) as items:
                while True:
                    async with self._limited(patience):
                        item = await anext(items, None)
                    if item is None:
                        return
                    if item.strip():
                        yield item

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
    async def _open(self, path: str, body: object) -> AsyncGenerator[httpx.Response]:
        """Send a request, and yield the successful response with its body unread.

        Each request has a connection of its own: httpcore's pool loses connections to requests that are
        cancelled (of 400 cancelled at any moment before their answer, up to 18), and most requests of a
        typing user are. A new connection to this machine costs half a millisecond.
        """
        client = httpx.AsyncClient(
            base_url=self._base,
            headers=self._headers,
            transport=GuardedTransport(self._hosts, unix_socket=self._unix_socket),
            trust_env=False,
            follow_redirects=False,
            # Timeouts use ``asyncio.timeout``, because servers send pings that reset httpx's read timeout.
            timeout=httpx.Timeout(None, connect=min(_CONNECT_SECONDS, self.timeout_seconds)),
        )
        try:
            request = client.build_request("GET", path)
            if body is not None:
                headers = {"content-type": "application/json"}
                content = msgspec.json.encode(body)
                request = client.build_request("POST", path, content=content, headers=headers)
            async with self._limited(Patience(self.timeout_seconds)):
                response = await client.send(request, stream=True)
            try:
                if response.status_code != 200:
                    raise await self._refusal(response)
                yield response
            finally:
                await to_the_end(response.aclose())
        finally:
            await to_the_end(client.aclose())

    @asynccontextmanager
    async def _limited(self, patience: Patience) -> AsyncGenerator[None]:
        """Translate the failures of a connection, silence among them."""
        try:
            async with asyncio.timeout_at(patience.deadline):
                yield
        except TimeoutError as error:
            message = (
                f"The server at {self.url} sent nothing for {patience.seconds:g} s; "
                "if it is that slow, raise backend.timeoutSeconds"
            )
            raise BackendTimeout(message) from error
        except httpx.HTTPError as error:
            raise _translated(self.url, error) from error

    async def _refusal(self, response: httpx.Response) -> HomebodyError:
        """Return the error for a response that is not 200, with the server's own message."""
        status, words, server = response.status_code, "no reason given", f"The server at {self.url}"
        if 300 <= status < 400:
            location = _clean(response.headers.get("location", "nowhere"))
            return ConnectionForbidden(
                f"{server} redirects to {location}; Homebody follows no redirects: "
                "set backend.url to the server's own address"
            )
        with suppress(HomebodyError):
            async with self._limited(Patience(self.timeout_seconds)):
                content = await response.aread()
            words = _reported(content[:_MOST_READ].decode(errors="replace")).words
        # 503 while loading or without a free slot; 500, 502 and 504 when the model's process broke.
        if status == 503 and "load" in words.lower():
            return BackendLoading(f"{server} is still loading its model ({words})")
        if status == 503:
            return BackendFailed(f"{server} is unavailable: {words}")
        if status in {500, 502, 504}:
            return BackendFailed(f"{server} failed ({status}): {words}")
        if status == 400 and _tells_length(words):
            return _too_long(self.url, words)
        return StatusRefused(f"{server} refused ({status}): {words}{_ADVICE.get(status, '')}", status, words)


class StatusRefused(BackendRefused):
    """A refused request, with the HTTP status that backends check."""

    def __init__(self, message: str, status: int, words: str) -> None:
        super().__init__(message)
        self.status = status
        self.words = words

    @property
    def needs_key(self) -> bool:
        """Whether the server requires another key."""
        return self.status in {401, 403}


_ADVICE = {
    401: "; check backend.apiKey",
    403: "; check backend.apiKey",
    404: "; if another kind of server is there, set backend.kind (--backend)",
}


def failure(url: str, error: object) -> BackendError | ContextTooLong:
    """Return the error that a server reports within a stream."""
    reported = _reported(error)
    words = reported.words
    if reported.type == "exceed_context_size_error" or _tells_length(words):
        return _too_long(url, words)
    code = reported.code if isinstance(reported.code, int) else 500
    kind = BackendLoading if code == 503 else BackendRefused if 400 <= code < 500 else BackendFailed
    return kind(f"The server at {url} failed: {words}")


def _too_long(url: str, words: str) -> ContextTooLong:
    return ContextTooLong(
        f"The server at {url} says: {words}; nothing was cut; backend.contextLength limits prompts"
    )


def _tells_length(words: str) -> bool:
    """Whether a refusal is about the prompt's length: matches vLLM, SGLang, llama.cpp and LM Studio."""
    lower = words.lower()
    return "context" in lower and any(word in lower for word in ("length", "size", "window", "exceed"))


def _disobedient(url: str, what: str) -> BackendProtocolError:
    """Return the error for an answer that is not as the server's API describes."""
    return BackendProtocolError(f"The server at {url} does not follow its API: {what}")


def _translated(url: str, error: httpx.HTTPError) -> BackendError:
    """Return the error for a failure of the connection."""
    what = _clean(str(error)) or type(error).__name__
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        why = "" if what == "All connection attempts failed" else f" ({what})"
        return BackendUnavailable(f"Nothing answers at {url}{why}: start the server, or correct backend.url")
    if isinstance(error, httpx.UnsupportedProtocol | httpx.DecodingError):
        return _disobedient(url, what)
    if isinstance(error, httpx.RemoteProtocolError) and "disconnect" not in what and "closed" not in what:
        return BackendProtocolError(f"The server at {url} does not speak HTTP: {what}")
    return BackendFailed(f"The server at {url} closed the connection during an answer ({what}): ask again")


_LONGEST = 300
_MOST_READ = 64 * 1024
"""Bytes of a refusal that are looked at: 64 MiB would stop the event loop for five seconds."""


class _Reported(msgspec.Struct):
    """An error: ``error.message`` (OpenAI, llama.cpp), ``error`` (Ollama), ``detail``."""

    error: object = None
    message: object = None
    detail: object = None
    code: object = None
    type: object = None
    words: str = ""


def _reported(error: object) -> _Reported:
    """Read an error: a text, JSON in a text, or an object, which may be within another one."""
    text = error if isinstance(error, str) else ""
    try:
        decoded: object = msgspec.json.decode(text) if text else error
        reported = msgspec.convert(decoded, _Reported)
        if reported.error:
            return _reported(reported.error)
        said = reported.message or reported.detail or decoded
        text = said if isinstance(said, str) else msgspec.json.encode(said).decode()
    except (msgspec.DecodeError, RecursionError):
        reported = _Reported()
    reported.words = _clean(text) or "no reason given"
    return reported


def _clean(words: str) -> str:
    """Convert untrusted text to one printable line of bounded length."""
    line = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    return line if len(line) <= _LONGEST else line[:_LONGEST] + "…"


def _split_url(url: str) -> tuple[str, str | None]:
    """Return httpx's base URL and the Unix socket's path, if it is one."""
    if not is_server_url(url):
        message = f"backend.url: {shorten(url)} is not the address of a server; it has to be {URL_FORMS}"
        raise SettingsError(message)
    parts = urlsplit(url)
    if parts.scheme != "unix":
        return url, None
    if not hasattr(socket, "AF_UNIX") or sys.platform == "win32":
        message = "backend.url: Unix sockets work on Linux and macOS only; use http://127.0.0.1:PORT"
        raise SettingsError(message)
    return "http://localhost", parts.path

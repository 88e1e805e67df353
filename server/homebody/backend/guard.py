"""The one gate that every request of Homebody passes on its way out.

In: httpx requests. Out: connections to loopback addresses, Unix sockets and the hosts that the user
allows, to nothing else.
A name server is asked for names that the user allows and for no others: the question would leave the
machine. What it answers is what is connected to, so that a name cannot answer twice differently.
Knows nothing of models; does not follow redirects, and nothing above it does.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

import httpx

from homebody.errors import BackendProtocolError, BackendUnavailable, ConnectionForbidden, SettingsError

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]

MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""Bytes of one answer after which the server is taken for broken.

A stream of 8k tokens with ten candidates each has about 10 MiB.
"""


_CHUNKS_AT_ONCE = 200
"""Chunks of an answer after which the event loop gets its turn, although more have arrived."""


@dataclass(frozen=True, slots=True)
class AllowedHost:
    """One entry of ``backend.allowedHosts``: this host, on this port."""

    host: str
    port: int

    @classmethod
    def parse(cls, entry: str) -> "AllowedHost":
        """Read ``host:port``, ``192.0.2.7:8000`` or ``[fd00::7]:8000``.

        Raises
        ------
        SettingsError
            The entry does not name both.

        """
        try:
            url = urlsplit(f"//{entry.strip()}")
            host, port = url.hostname, url.port
        except ValueError:
            host = port = url = None
        if not host or not port or not url or url.path or url.query or url.username is not None:
            message = f'backend.allowedHosts: "{entry}" is no host with a port; write "gpu.example.org:8000"'
            raise SettingsError(message)
        return cls(_plain(host), port)


class GuardedTransport(httpx.AsyncBaseTransport):
    """Resolves, checks, connects to what was checked, and counts what comes back.

    Raises
    ------
    ConnectionForbidden
        The request would have left the machine.
    BackendUnavailable
        The name has no address.

    """

    def __init__(
        self,
        allowed: Iterable[AllowedHost] = (),
        *,
        unix_socket: str | None = None,
        resolve: Resolve | None = None,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        self._allowed = frozenset(allowed)
        self._resolve = resolve or _system_resolve
        self._max_answer_bytes = max_answer_bytes
        self._unix_socket = unix_socket
        # A context that knows no authority: plain HTTP never uses it, and if it ever did, no
        # certificate would pass. Loading the real ones takes 20 ms that plain HTTP need not pay.
        self._plain = httpx.AsyncHTTPTransport(
            verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            trust_env=False,
            uds=unix_socket,
            limits=_LIMITS,
        )
        self._tls: httpx.AsyncHTTPTransport | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send ``request`` if it stays at home."""
        if self._unix_socket is not None:
            return self._capped(await self._plain.handle_async_request(request))
        host = request.url.host
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        addresses = await self._checked_addresses(host, port)
        request.extensions = {**request.extensions, "sni_hostname": host}
        transport = self._transport(request.url.scheme)
        original = request.url
        for position, address in enumerate(addresses):
            # "Host" was set when the request was built and still names what the user wrote.
            request.url = original.copy_with(host=address)
            try:
                return self._capped(await transport.handle_async_request(request))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if position == len(addresses) - 1:
                    raise
            finally:
                request.url = original
        message = f"the name {host} has no address; check backend.url"
        raise BackendUnavailable(message)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._plain.aclose()
        if self._tls is not None:
            await self._tls.aclose()

    def _transport(self, scheme: str) -> httpx.AsyncHTTPTransport:
        if scheme != "https":
            return self._plain
        if self._tls is None:
            # The system's authorities, where a company's own one is found as well.
            self._tls = httpx.AsyncHTTPTransport(
                verify=ssl.create_default_context(), trust_env=False, limits=_LIMITS
            )
        return self._tls

    async def _checked_addresses(self, host: str, port: int) -> Sequence[str]:
        name = _plain(host)
        if name == "localhost" or name.endswith(".localhost"):
            return _LOCALHOST
        address = _written_address(name)
        if AllowedHost(name, port) in self._allowed:
            return await self._resolve(name, port) if address is None else [address]
        if address is None or not is_loopback(address):
            where = host if address in {None, name} else f"{host} ({address})"
            message = (
                f"{where} is not on this machine; nothing was sent. If it is your own server, add "
                f'"{_with_port(host, port)}" to backend.allowedHosts in your user settings'
            )
            if address is None:
                message += "; if it is this machine, write 127.0.0.1 for it"
            raise ConnectionForbidden(message)
        return [address]

    def _capped(self, response: httpx.Response) -> httpx.Response:
        """Bound what an answer may come to; a compressed one could be a thousand times as long."""
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in {"", "identity"}:
            response.stream = _Refused(response.stream)
            return response
        stream = response.stream
        if isinstance(stream, httpx.AsyncByteStream):
            response.stream = _CappedStream(stream, self._max_answer_bytes)
        return response


# One editor needs few connections; an idle one is kept for as long as llama.cpp keeps it.
_LIMITS = httpx.Limits(max_connections=16, max_keepalive_connections=4, keepalive_expiry=5.0)
# RFC 6761: localhost and names below it are the loopback whatever a resolver says, and need not be asked for.
_LOCALHOST = ("127.0.0.1", "::1")


def is_loopback(address: str) -> bool:
    """Whether ``address`` is this machine: 127.0.0.0/8, ``::1``, or the former mapped into IPv6."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.scope_id is not None:
            return False
        if parsed.ipv4_mapped is not None:
            return parsed.ipv4_mapped.is_loopback
    return parsed.is_loopback


class _Refused(httpx.AsyncByteStream):
    """The body of an answer that is compressed, although the request says that it must not be."""

    def __init__(self, stream: object) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        message = "the server's answer is compressed, which was not asked for; switch compression off there"
        raise BackendProtocolError(message)
        yield b""

    async def aclose(self) -> None:
        if isinstance(self._stream, httpx.AsyncByteStream):
            await self._stream.aclose()


class _CappedStream(httpx.AsyncByteStream):
    """The body of an answer, which ends in an error when it grows beyond all measure."""

    def __init__(self, stream: httpx.AsyncByteStream, limit: int) -> None:
        self._stream = stream
        self._limit = limit

    async def __aiter__(self) -> AsyncIterator[bytes]:
        seen = 0
        number = 0
        async for chunk in self._stream:
            number += 1
            if number % _CHUNKS_AT_ONCE == 0:
                # What was received at once may be ten thousand chunks of a byte; others run in between.
                await asyncio.sleep(0)
            seen += len(chunk)
            if seen > self._limit:
                message = f"the server's answer did not end within {self._limit} bytes; it was cut off"
                raise BackendProtocolError(message)
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


def _written_address(name: str) -> str | None:
    """Return the address that ``name`` spells, also as the system reads ``127.1``; ``None`` for a name."""
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        pass
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return None
    return str(found[0][4][0])


async def _system_resolve(name: str, port: int) -> Sequence[str]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        message = f"the name {name} cannot be resolved ({error}); check backend.url"
        raise BackendUnavailable(message) from error
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _plain(host: str) -> str:
    """Return the host as it is compared: lower case, no brackets, no final dot, addresses canonical."""
    name = host.strip("[]").rstrip(".").lower()
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name


def _with_port(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

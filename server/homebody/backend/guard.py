"""Checks the address of every request that Homebody sends.

Only loopback addresses, Unix sockets and the hosts that the user allows are connected to.
Only names that the user allows are resolved by a name server, because the query leaves the machine. The
connection uses the resolved address, so that a second lookup cannot return another one.
Neither this module nor its callers follow redirects.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias
from urllib.parse import urlsplit

import httpx

from homebody.errors import BackendProtocolError, BackendUnavailable, ConnectionForbidden, SettingsError

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]

MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""Maximum size of one answer, in bytes; a server that sends more is considered broken.

A stream of 8k tokens with ten candidates each has about 10 MiB.
"""


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
            The entry does not have both a host and a port.

        """
        try:
            url = urlsplit(f"//{entry.strip()}")
            host, port = url.hostname, url.port
        except ValueError:
            host = port = url = None
        if not host or not port or not url or url.path or url.query or url.username is not None:
            message = f'backend.allowedHosts: "{entry}" is not a host and port; write "gpu.example.org:8000"'
            raise SettingsError(message)
        return cls(_plain(host), port)


@cache
def authorities() -> ssl.SSLContext:
    """Load the system's certificate authorities, which may include a company's own; takes 20 ms once."""
    return ssl.create_default_context()


class GuardedTransport(httpx.AsyncBaseTransport):
    """Resolves and checks the address, connects to the checked address, and limits the size of the answer.

    All requests have the same scheme.

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
        self._inner: httpx.AsyncHTTPTransport | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send ``request`` if its address is allowed."""
        if self._inner is None:
            # Without certificate authorities for plain HTTP, which uses none: they take 20 ms to load.
            tls = authorities() if request.url.scheme == "https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            self._inner = httpx.AsyncHTTPTransport(verify=tls, trust_env=False, uds=self._unix_socket)
        if self._unix_socket is not None:
            return self._capped(await self._inner.handle_async_request(request))
        host = request.url.host
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        addresses = await self._checked_addresses(host, port)
        request.extensions = {**request.extensions, "sni_hostname": host}
        original = request.url
        for position, address in enumerate(addresses):
            # "Host" was set when the request was built, and still has the name that the user wrote.
            request.url = original.copy_with(host=address)
            try:
                return self._capped(await self._inner.handle_async_request(request))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if position == len(addresses) - 1:
                    raise
            finally:
                request.url = original
        message = f"The name {host} has no address; check backend.url"
        raise BackendUnavailable(message)

    async def aclose(self) -> None:
        """Close all connections."""
        if self._inner is not None:
            await self._inner.aclose()

    async def _checked_addresses(self, host: str, port: int) -> Sequence[str]:
        name = _plain(host)
        if name == "localhost" or name.endswith(".localhost"):
            return _LOCALHOST
        address = _written_address(name)
        if AllowedHost(name, port) in self._allowed:
            return await self._resolve(name, port) if address is None else [address]
        if address is None or not is_loopback(address):
            where = host if address in {None, name} else f"{host} ({address})"
            entry = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            message = (
                f"{where} is not on this machine; nothing was sent. If it is your own server, add "
                f'"{entry}" to backend.allowedHosts in your user settings'
            )
            if address is None:
                message += "; if it is this machine, write 127.0.0.1 for it"
            raise ConnectionForbidden(message)
        return [address]

    def _capped(self, response: httpx.Response) -> httpx.Response:
        if isinstance(response.stream, httpx.AsyncByteStream):
            encoding = response.headers.get("content-encoding", "").strip().lower()
            is_plain = encoding in {"", "identity"}
            response.stream = _CappedStream(response.stream, self._max_answer_bytes if is_plain else None)
        return response


# RFC 6761: localhost and its subdomains are always loopback, so they are not resolved.
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


class _CappedStream(httpx.AsyncByteStream):
    """The body of an answer; raises an error when it exceeds the maximum size.

    Without a ``limit`` it is compressed, although the request forbids that: it could expand a thousandfold.
    """

    def __init__(self, stream: httpx.AsyncByteStream, limit: int | None) -> None:
        self._stream = stream
        self._limit = limit

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._limit is None:
            message = "The server's answer is compressed, which was not requested; switch off its compression"
            raise BackendProtocolError(message)
        seen = 0
        async for chunk in self._stream:
            # One read may contain ten thousand chunks of a byte; other tasks run in between.
            await asyncio.sleep(0)
            seen += len(chunk)
            if seen > self._limit:
                message = f"The server's answer did not end within {self._limit} bytes; it was cut off"
                raise BackendProtocolError(message)
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


def _written_address(name: str) -> str | None:
    """Return the address in ``name``, also in short forms such as ``127.1``; ``None`` for a host name."""
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
        message = f"The name {name} cannot be resolved ({error}); check backend.url"
        raise BackendUnavailable(message) from error
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _plain(host: str) -> str:
    """Normalize a host for comparison: lower case, no brackets, no final dot, canonical addresses."""
    name = host.strip("[]").rstrip(".").lower()
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name

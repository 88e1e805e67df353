"""Opens every connection to a model server, after checking its address.

Only loopback addresses, Unix sockets and the hosts that the user allows are connected to. Only allowed names
are resolved by a name server, because the query leaves the machine. The connection uses the resolved address,
so that a second lookup cannot return another one.
"""

import asyncio
import ipaddress
import os
import socket
import ssl
import sys
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias
from urllib.parse import urlsplit

from homebody.errors import BackendUnavailable, ConnectionForbidden, SettingsError
from homebody.settings.keys import shorten
from homebody.settings.schema import URL_FORMS, is_server_url

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]

# A loopback port answers immediately or not at all; a team's server may be a few routers away.
_CONNECT_SECONDS = 5.0


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


class Address:
    """The address of one model server, as the user wrote it.

    Parameters
    ----------
    url
        ``http://…``, ``https://…`` or ``unix:///path/to/socket`` (POSIX only).
    resolve
        Resolves the names that are ``allowed``; the system's resolver by default.

    Raises
    ------
    SettingsError
        ``url`` is malformed.

    """

    def __init__(
        self, url: str, allowed: Iterable[AllowedHost] = (), *, resolve: Resolve | None = None
    ) -> None:
        if not is_server_url(url):
            message = f"backend.url: {shorten(url)} is not the address of a server; it has to be {URL_FORMS}"
            raise SettingsError(message)
        parts = urlsplit(url)
        is_unix = parts.scheme == "unix"
        if is_unix and sys.platform == "win32":
            message = "backend.url: Unix sockets work on Linux and macOS only; use http://127.0.0.1:PORT"
            raise SettingsError(message)
        self.url = url
        self.host_header = "localhost" if is_unix else parts.netloc.lower()
        self.path = "" if is_unix else parts.path.rstrip("/")
        self._socket = parts.path if is_unix else None
        self._host = parts.hostname or ""
        self._is_tls = parts.scheme == "https"
        self._port = parts.port or (443 if self._is_tls else 80)
        self._allowed = frozenset(allowed)
        self._resolve = resolve or _system_resolve

    async def connect(self) -> tuple[StreamReader, StreamWriter]:
        """Connect, if the address is allowed.

        Raises
        ------
        ConnectionForbidden
            The connection would have left the machine.
        BackendUnavailable
            Nothing answers there, or the name has no address.

        """
        why = " (the name has no address)"
        for address in [self._socket] if self._socket else await self._checked_addresses():
            try:
                async with asyncio.timeout(_CONNECT_SECONDS):
                    return await self._open(address)
            except TimeoutError:
                why = f" (no connection within {_CONNECT_SECONDS:g} s)"
            except ConnectionRefusedError:
                why = ""
            except ssl.SSLError as error:
                why = f" ({error})"
            except OSError as error:
                why = f" ({os.strerror(error.errno) if error.errno else error})"
        message = f"Nothing answers at {self.url}{why}: start the server, or correct backend.url"
        raise BackendUnavailable(message)

    async def _open(self, address: str) -> tuple[StreamReader, StreamWriter]:
        if self._socket and sys.platform != "win32":
            return await asyncio.open_unix_connection(address)
        tls, name = (self._tls, self._host) if self._is_tls else (None, None)
        return await asyncio.open_connection(address, self._port, ssl=tls, server_hostname=name)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """The system's certificate authorities, which may include a company's own."""
        return ssl.create_default_context()

    async def _checked_addresses(self) -> Sequence[str]:
        name = _plain(self._host)
        if name == "localhost" or name.endswith(".localhost"):
            return _LOCALHOST
        address = _written_address(name)
        if AllowedHost(name, self._port) in self._allowed:
            return await self._resolve(name, self._port) if address is None else [address]
        if address is None or not is_loopback(address):
            host = self._host
            where = host if address in {None, name} else f"{host} ({address})"
            entry = f"[{host}]:{self._port}" if ":" in host else f"{host}:{self._port}"
            message = (
                f"{where} is not on this machine; nothing was sent. If it is your own server, add "
                f'"{entry}" to backend.allowedHosts in your user settings'
            )
            if address is None:
                message += "; if it is this machine, write 127.0.0.1 for it"
            raise ConnectionForbidden(message)
        return [address]


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

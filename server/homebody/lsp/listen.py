"""Waits on a port of this machine for the client: the first connection that sends a header of LSP.

Other connections (a port scanner, a web page, one that sends nothing) are closed and do not block the editor.
"""

import ipaddress
import select
import socket
import sys
from contextlib import suppress

from homebody.errors import UsageError
from homebody.lsp.frames import FramingError, find_header

# Connections that have not sent a whole header yet; beyond this the oldest is closed.
_MOST_UNDECIDED = 16
_CHUNK = 64 * 1024


def open_listener(host: str, port: int) -> socket.socket:
    """Listen on ``host:port``; port 0 takes a free one. The address is printed on stderr.

    Raises
    ------
    UsageError
        ``host`` is not an address of this machine itself, or the port is taken.

    """
    _check_loopback(host)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        message = f"Cannot listen on {host}:{port} ({reason}); take another port, or 0 for any free one."
        raise UsageError(message) from error
    sys.stderr.write(f"homebody: listening on {host}:{listener.getsockname()[1]}\n")
    sys.stderr.flush()
    return listener


def wait_for_client(listener: socket.socket) -> tuple[socket.socket, bytes]:
    """Return the first connection that has sent a header of LSP, and everything that it has sent."""
    undecided: dict[socket.socket, bytearray] = {}
    listener.settimeout(0)
    while True:
        for ready in select.select([listener, *undecided], [], [])[0]:
            if ready is listener:
                with suppress(OSError):  # it was closed again before it was accepted
                    connection, _ = listener.accept()
                    connection.settimeout(0)
                    undecided[connection] = bytearray()
            elif (has_header := _read(ready, undecided[ready])) is not False:
                received = bytes(undecided.pop(ready))
                if has_header:
                    for other in undecided:
                        other.close()
                    ready.settimeout(None)
                    return ready, received
                ready.close()
        while len(undecided) > _MOST_UNDECIDED:
            oldest = next(iter(undecided))
            del undecided[oldest]
            oldest.close()


def _read(connection: socket.socket, buffer: bytearray) -> bool | None:
    """Whether a whole header has arrived; ``None`` if none can follow."""
    try:
        received = connection.recv(_CHUNK)
    except BlockingIOError:
        return False
    except OSError:
        return None
    if not received:
        return None
    buffer += received
    try:
        return find_header(buffer) is not None
    except FramingError as error:
        sys.stderr.write(f"homebody: closed a connection that does not use LSP: {error}\n")
        sys.stderr.flush()
        return None


def _check_loopback(host: str) -> None:
    try:
        is_loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        message = f"{host!r} is not an address of this machine itself; use 127.0.0.1, ::1 or localhost."
        raise UsageError(message)

"""Transfers bytes to and from the client: over stdin and stdout, or one TCP connection on this machine.

The first connection that begins with a header of LSP is served. Others before it (a web page, one that sends
nothing) are closed.
"""

import asyncio
import ipaddress
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from homebody.errors import UsageError
from homebody.mailbox import (
    MOST_WAITING_BYTES,
    MOST_WAITING_LOG_BYTES,
    Inbox,
    LogHandler,
    Outbox,
    end_soon,
)

if TYPE_CHECKING:
    from homebody.lsp.server import Server

logger = logging.getLogger(__name__)

# Maximum number of read messages that wait for the event loop; then the client has to wait.
_MOST_UNHANDLED = 1_000
# Maximum time, in seconds, for the client to read the remaining output at the end.
_LAST_SECONDS = 2.0
# Time, in seconds, in which a connection has to send something.
_SILENT_SECONDS = 2.0

_CHUNK = 64 * 1024
_NAMES = (b"content-length", b"content-type")
_LONGEST_HEADER = 4096
# An opened document is sent as a whole; no supported document is nearly this large.
_LONGEST_BODY = 512 * 1024 * 1024


class FramingError(Exception):
    """The bytes are not LSP messages; there is no way to find the next one."""


def serve_stdio(server: "Server") -> int:
    """Serve the client on stdin and stdout until it disconnects. Returns the exit code."""
    incoming, outgoing = os.dup(0), os.dup(1)
    # Other output, including that of native code, must not get between messages.
    os.dup2(2, 1)
    return _run(server, lambda size: os.read(incoming, size), lambda data: os.write(outgoing, data))


def serve_tcp(server: "Server", host: str, port: int) -> int:
    """Serve the first client that connects to ``host:port``. Returns the exit code.

    Raises
    ------
    UsageError
        ``host`` is not an address of this machine itself, or the port is taken.

    """
    with open_listener(host, port) as listener:
        try:
            connection, received = wait_for_client(listener)
        except KeyboardInterrupt:
            return 130
    first = [received]
    with connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return _run(server, lambda size: first.pop() if first else connection.recv(size), connection.send)


def _run(server: "Server", read: Callable[[int], bytes], send: Callable[[memoryview], int]) -> int:
    # A full pipe of log records must not block the event loop either.
    log = Outbox(lambda data: os.write(2, data), most_bytes=MOST_WAITING_LOG_BYTES)
    handler = LogHandler(log)
    logging.getLogger().addHandler(handler)
    try:
        return asyncio.run(_serve(server, read, send))
    except KeyboardInterrupt:
        return 130
    finally:
        logging.getLogger().removeHandler(handler)
        log.close(_LAST_SECONDS)


async def _serve(server: "Server", read: Callable[[int], bytes], send: Callable[[memoryview], int]) -> int:
    """Serve until the client disconnects. Returns the exit code: 1 if it did not use LSP, or not read."""
    wrong: list[FramingError] = []

    def bodies() -> Iterator[bytes]:
        try:
            yield from read_bodies(read)
        except FramingError as error:
            wrong.append(error)
            sys.stderr.write(f"homebody: the client does not use LSP: {error}\n")

    inbox = Inbox(bodies(), _MOST_UNHANDLED, partial(end_soon, 1))
    signal.signal(signal.SIGTERM, inbox.stop)
    outbox = Outbox(send, on_gone=inbox.stop)
    server.connect(outbox, inbox.stop)
    code: object = 0
    try:
        while (body := await inbox.next()) is not None:
            server.handle_body(body)
            # The task of a request takes its snapshot before the next message changes the document.
            await asyncio.sleep(0)
    except SystemExit as left:  # pygls answers `exit` so
        code = left.code
        end_soon(1)
    await server.aclose()
    if outbox.is_full:
        logger.error("the client left %d MiB unread, so the server ends", MOST_WAITING_BYTES >> 20)
        return 1
    outbox.close(_LAST_SECONDS)
    return 1 if code or wrong else 0


def read_bodies(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """Yield the body of each message until the source ends, even in the middle of a message.

    Only LSP's own two headers are accepted. A web page that posts to the port of ``--tcp`` is refused
    immediately, because its browser sends a request line and other headers first.

    Parameters
    ----------
    read
        Returns at most as many bytes as asked for, at least one; none at the end.

    Raises
    ------
    FramingError
        A header is not LSP's, or a length is out of bounds.

    """
    buffer = bytearray()
    while True:
        while (header := find_header(buffer)) is None:
            if not (more := read(_CHUNK)):
                return
            buffer += more
        start, length = header
        del buffer[:start]
        while len(buffer) < length:
            if not (more := read(max(_CHUNK, length - len(buffer)))):
                return
            buffer += more
        yield bytes(buffer[:length])
        del buffer[:length]


def find_header(buffer: bytearray) -> tuple[int, int] | None:
    """Start of the body and its length, both in bytes; ``None`` while the header is incomplete.

    Raises
    ------
    FramingError
        The bytes cannot be the beginning of a header of LSP.

    """
    beginning = bytes(buffer[: len(_NAMES[0])]).lower()
    if not any(name.startswith(beginning) or beginning.startswith(name) for name in _NAMES):
        message = f"{bytes(buffer[:80])!r} is not a header of LSP"
        raise FramingError(message)
    end = buffer.find(b"\r\n\r\n", 0, _LONGEST_HEADER)
    if end >= 0:
        return end + 4, _length(bytes(buffer[:end]))
    if len(buffer) >= _LONGEST_HEADER:
        message = f"the header of a message is longer than {_LONGEST_HEADER} bytes"
        raise FramingError(message)
    return None


def _length(header: bytes) -> int:
    """Length of the body in bytes, from a complete header."""
    length = -1
    for line in header.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        digits = value.strip()
        match name.strip().lower():
            # No valid length has twenty digits, and int() refuses thousands of digits.
            case b"content-length" if digits.isdigit() and len(digits) <= 20:
                length = int(digits)
            case b"content-type" if colon:
                pass
            case _:
                message = f"{line[:80]!r} is not a header of LSP"
                raise FramingError(message)
    if not 0 <= length <= _LONGEST_BODY:
        message = f"a message of {length} bytes" if length >= 0 else "a message without its length"
        raise FramingError(message)
    return length


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
        # Its own text names the address once more.
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error
        message = f"Cannot listen on {host}:{port} ({reason}); take another port, or 0 for any free one."
        raise UsageError(message) from error
    sys.stderr.write(f"homebody: listening on {host}:{listener.getsockname()[1]}\n")
    sys.stderr.flush()
    return listener


def wait_for_client(listener: socket.socket) -> tuple[socket.socket, bytes]:
    """Return the first connection that begins with a header of LSP, and what it has sent."""
    while True:
        connection, _ = listener.accept()
        connection.settimeout(_SILENT_SECONDS)
        with suppress(OSError):
            received = connection.recv(_CHUNK)
            try:
                find_header(bytearray(received))
            except FramingError as error:
                sys.stderr.write(f"homebody: closed a connection that does not use LSP: {error}\n")
                sys.stderr.flush()
                received = b""
            if received:
                connection.settimeout(None)
                return connection, received
        connection.close()


def _check_loopback(host: str) -> None:
    try:
        is_loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        message = f"{host!r} is not an address of this machine itself; use 127.0.0.1, ::1 or localhost."
        raise UsageError(message)

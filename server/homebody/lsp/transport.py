"""Transfers bytes to and from the client: over stdin and stdout, or one TCP connection on this machine.

The first connection that begins with a header of LSP is served. Others before it (a web page, one that sends
nothing) are closed.
"""

import asyncio
import ipaddress
import logging
import os
import re
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, BinaryIO

from homebody import mailbox
from homebody.errors import UsageError

if TYPE_CHECKING:
    from homebody.lsp.server import Server

logger = logging.getLogger(__name__)

# Maximum number of read messages that wait for the event loop; then the client has to wait.
_MOST_UNHANDLED = 1_000
# Time, in seconds, in which a connection has to send something.
_SILENT_SECONDS = 2.0

# Only LSP's own two headers: the browser of a web page that posts to the port sends others first.
_HEADER = re.compile(rb"(?i:content-length *: *([0-9]{1,20})|content-type *:.*) *\r\n")
_BEGINNING = b"content-"
_LONGEST_LINE = 4096
# An opened document is sent as a whole; no supported document is nearly this large.
_LONGEST_BODY = 512 * 1024 * 1024


class FramingError(Exception):
    """The bytes are not LSP messages; there is no way to find the next one."""


def serve_stdio(server: "Server") -> int:
    """Serve the client on stdin and stdout until it disconnects. Returns the exit code."""
    incoming, outgoing = os.fdopen(os.dup(0), "rb"), os.dup(1)
    # Other output, including that of native code, must not get between messages.
    os.dup2(2, 1)
    return _run(server, incoming, partial(os.write, outgoing))


def serve_tcp(server: "Server", host: str, port: int) -> int:
    """Serve the first client that connects to ``host:port``; port 0 takes a free one. Returns the exit code.

    The address is printed on stderr.

    Raises
    ------
    UsageError
        ``host`` is not an address of this machine itself, or the port is taken.

    """
    with _listener(host, port) as listener:
        _say(f"listening on {host}:{listener.getsockname()[1]}")
        try:
            connection = _first_client(listener)
        except KeyboardInterrupt:
            return 130
    with connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return _run(server, connection.makefile("rb"), connection.send)


def _run(server: "Server", stream: BinaryIO, send: Callable[[memoryview], int]) -> int:
    # A full pipe of log records must not block the event loop either.
    log = mailbox.Outbox(lambda data: os.write(2, data), most_bytes=mailbox.MOST_WAITING_LOG_BYTES)
    handler = mailbox.LogHandler(log)
    logging.getLogger().addHandler(handler)
    try:
        return asyncio.run(_serve(server, stream, send))
    except KeyboardInterrupt:
        return 130
    finally:
        logging.getLogger().removeHandler(handler)
        log.close()


async def _serve(server: "Server", stream: BinaryIO, send: Callable[[memoryview], int]) -> int:
    """Serve until the client disconnects. Returns the exit code: 1 if it did not use LSP, or not read."""
    wrong: list[FramingError] = []

    def bodies() -> Iterator[bytes]:
        try:
            yield from read_bodies(stream)
        except FramingError as error:
            wrong.append(error)
            _say(f"the client does not use LSP: {error}")

    inbox = mailbox.Inbox(bodies(), _MOST_UNHANDLED, partial(mailbox.end_soon, 1))
    signal.signal(signal.SIGTERM, inbox.stop)
    outbox = mailbox.Outbox(send, on_gone=inbox.stop)
    server.stop = inbox.stop
    server.protocol.set_writer(outbox)
    code: object = 0
    try:
        while (body := await inbox.next()) is not None:
            server.protocol.handle_body(body)
            # The task of a request takes its snapshot before the next message changes the document.
            await asyncio.sleep(0)
    except SystemExit as left:  # pygls answers `exit` so
        code = left.code
        mailbox.end_soon(1)
    await server.aclose()
    if outbox.is_full:
        logger.error("the client left %d MiB unread, so the server ends", mailbox.MOST_WAITING_BYTES >> 20)
        return 1
    outbox.close()
    return 1 if code or wrong else 0


def read_bodies(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the body of each message until the stream ends, even in the middle of a message.

    Raises
    ------
    FramingError
        A header is not LSP's, or a length is out of bounds.

    """
    while (length := _next_length(stream)) is not None:
        body = stream.read(length)
        if len(body) == length:
            yield body


def _next_length(stream: BinaryIO) -> int | None:
    """Read a header. Returns the length of its body in bytes, ``None`` at the end of the stream."""
    length = -1
    while line := stream.readline(_LONGEST_LINE):
        if line == b"\r\n":
            if not 0 <= length <= _LONGEST_BODY:
                message = f"a message of {length} bytes" if length >= 0 else "a message without its length"
                raise FramingError(message)
            return length
        if (header := _HEADER.fullmatch(line)) is None:
            message = f"{line[:80]!r} is not a header of LSP"
            raise FramingError(message)
        length = int(header[1] or length)
    return None


def _listener(host: str, port: int) -> socket.socket:
    try:
        is_loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        message = f"{host!r} is not an address of this machine itself; use 127.0.0.1, ::1 or localhost."
        raise UsageError(message)
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except (OSError, OverflowError) as error:
        # Its own text names the address once more.
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error
        message = f"Cannot listen on {host}:{port} ({reason}); take another port, or 0 for any free one."
        raise UsageError(message) from error


def _first_client(listener: socket.socket) -> socket.socket:
    """Return the first connection that begins with a header of LSP."""
    while True:
        connection, _ = listener.accept()
        connection.settimeout(_SILENT_SECONDS)
        with suppress(OSError):
            beginning = connection.recv(len(_BEGINNING), socket.MSG_PEEK).lower()
            if beginning and _BEGINNING.startswith(beginning):
                connection.settimeout(None)
                return connection
        _say("closed a connection that does not use LSP")
        connection.close()


def _say(message: str) -> None:
    sys.stderr.write(f"homebody: {message}\n")
    sys.stderr.flush()

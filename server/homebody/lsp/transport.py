"""Bytes to and from the client: over stdin and stdout, or over one TCP connection on this machine.

In: a server. Out: the exit code of its process.
Knows nothing of messages beyond their frames.
"""

import asyncio
import ipaddress
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from typing import BinaryIO, Protocol

from homebody.errors import UsageError
from homebody.lsp.frames import FramingError, read_bodies
from homebody.lsp.lifetime import end_within


class Server(Protocol):
    """What a transport needs of a server."""

    def connect(self, writer: "Writer", stop: Callable[[], None]) -> None:
        """Begin: send to ``writer``; call ``stop`` (from any thread) to end."""
        ...

    def handle_body(self, body: bytes) -> None:
        """Handle one message."""
        ...

    @property
    def exit_code(self) -> int | None:
        """Set once the client has sent ``exit``."""
        ...

    async def aclose(self) -> None:
        """End all work and give back what was opened."""
        ...


class Writer:
    """Whole messages to a stream, each at once."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, data: bytes) -> None:
        """Write and flush; raises ``OSError`` when the client has gone."""
        self._stream.write(data)
        self._stream.flush()

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()


def serve_stdio(server: Server) -> int:
    """Serve the client at stdin and stdout until it goes. Returns the exit code."""
    incoming = os.dup(0)
    # Whatever else writes to stdout, native code too, must not get between messages.
    with open(os.dup(1), "wb") as outgoing:  # noqa: PTH123 - a file descriptor, not a path
        os.dup2(2, 1)
        return _run(server, lambda size: os.read(incoming, size), outgoing)


def serve_tcp(server: Server, host: str, port: int) -> int:
    """Serve the first client that connects to ``host:port``. Returns the exit code.

    Port 0 takes a free one. The address is told on stderr.

    Raises
    ------
    UsageError
        ``host`` is not an address of this machine's own, or the port is taken.

    """
    _check_loopback(host)
    try:
        listener = socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=1
        )
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        message = f"Cannot listen on {host}:{port} ({reason}); take another port, or 0 for any free one."
        raise UsageError(message) from error
    with listener:
        sys.stderr.write(f"homebody: listening on {host}:{listener.getsockname()[1]}\n")
        sys.stderr.flush()
        connection, _ = listener.accept()
    with connection, connection.makefile("wb") as outgoing:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return _run(server, connection.recv, outgoing)


def _check_loopback(host: str) -> None:
    try:
        is_loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        message = f"{host!r} is not this machine's own address; use 127.0.0.1, ::1 or localhost."
        raise UsageError(message)


def _run(server: Server, read: Callable[[int], bytes], outgoing: BinaryIO) -> int:
    try:
        asyncio.run(_serve(server, read, Writer(outgoing)))
    except KeyboardInterrupt:
        return 130
    return server.exit_code or 0


async def _serve(server: Server, read: Callable[[int], bytes], writer: Writer) -> None:
    loop = asyncio.get_running_loop()
    bodies: asyncio.Queue[bytes | None] = asyncio.Queue()

    def post(body: bytes | None) -> None:
        try:
            loop.call_soon_threadsafe(bodies.put_nowait, body)
        except RuntimeError:
            # The loop has ended.
            return

    def stop() -> None:
        post(None)

    def stop_on_signal(_signal: int, _frame: object) -> None:
        stop()

    signal.signal(signal.SIGTERM, stop_on_signal)
    threading.Thread(target=_pump, args=(read, post), name="homebody-input", daemon=True).start()
    server.connect(writer, stop)
    while server.exit_code is None and (body := await bodies.get()) is not None:
        server.handle_body(body)
        # The task of a request takes its snapshot before the next message changes the document.
        await asyncio.sleep(0)
    end_within()
    await server.aclose()


def _pump(read: Callable[[int], bytes], post: Callable[[bytes | None], None]) -> None:
    """Move bodies from the client to the event loop, and end with it."""
    try:
        for body in read_bodies(read):
            post(body)
    except FramingError as error:
        sys.stderr.write(f"homebody: the client does not speak LSP here: {error}\n")
    except OSError:
        pass
    end_within()
    post(None)

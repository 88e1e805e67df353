"""Bytes to and from the client: over stdin and stdout, or over one TCP connection on this machine.

In: a server. Out: the exit code of its process.
Knows nothing of messages beyond their frames.
"""

import asyncio
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from typing import BinaryIO, Protocol

from homebody.lsp.frames import FramingError, read_bodies
from homebody.lsp.lifetime import end_within
from homebody.lsp.listen import open_listener, wait_for_client


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
        """Cancel all work and close what was opened."""
        ...


class Writer:
    """Whole messages to a stream, each at once."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, data: bytes) -> None:
        """Write and flush; raises ``OSError`` when the client is gone."""
        self._stream.write(data)
        self._stream.flush()

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()


def serve_stdio(server: Server) -> int:
    """Serve the client at stdin and stdout until it disconnects. Returns the exit code."""
    incoming = os.dup(0)
    # Output of anything else, native code included, must not get between messages.
    with open(os.dup(1), "wb") as outgoing:  # noqa: PTH123 - a file descriptor, not a path
        os.dup2(2, 1)
        return _run(server, lambda size: os.read(incoming, size), outgoing)


def serve_tcp(server: Server, host: str, port: int) -> int:
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
    with connection, connection.makefile("wb") as outgoing:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return _run(server, lambda size: first.pop() if first else connection.recv(size), outgoing)


def _run(server: Server, read: Callable[[int], bytes], outgoing: BinaryIO) -> int:
    try:
        is_lsp = asyncio.run(_serve(server, read, Writer(outgoing)))
    except KeyboardInterrupt:
        return 130
    return server.exit_code or (0 if is_lsp else 1)


async def _serve(server: Server, read: Callable[[int], bytes], writer: Writer) -> bool:
    """Serve until the client disconnects. Returns whether all its input was LSP."""
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
        # The event loop may be writing to a client that does not read.
        end_within()
        stop()

    signal.signal(signal.SIGTERM, stop_on_signal)
    pump = _Pump(read, post)
    threading.Thread(target=pump.run, name="homebody-input", daemon=True).start()
    server.connect(writer, stop)
    while server.exit_code is None and (body := await bodies.get()) is not None:
        server.handle_body(body)
        # The task of a request takes its snapshot before the next message changes the document.
        await asyncio.sleep(0)
    end_within()
    await server.aclose()
    return pump.is_lsp


class _Pump:
    """Moves bodies from the client to the event loop, and ends with the client."""

    def __init__(self, read: Callable[[int], bytes], post: Callable[[bytes | None], None]) -> None:
        self._read = read
        self._post = post
        self.is_lsp = True

    def run(self) -> None:
        """Run in a thread: reading blocks."""
        try:
            for body in read_bodies(self._read):
                self._post(body)
        except FramingError as error:
            self.is_lsp = False
            sys.stderr.write(f"homebody: the client does not speak LSP here: {error}\n")
        except OSError:
            pass
        end_within()
        self._post(None)

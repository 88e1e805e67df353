"""Transfers bytes to and from the client: over stdin and stdout, or one TCP connection on this machine."""

import asyncio
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from homebody.lsp.frames import FramingError, read_bodies
from homebody.lsp.listen import open_listener, wait_for_client
from homebody.lsp.process import end_within
from homebody.outbox import MOST_WAITING_BYTES, MOST_WAITING_LOG_BYTES, LogHandler, Outbox

if TYPE_CHECKING:
    from homebody.lsp.server import Server

logger = logging.getLogger(__name__)

# Maximum number of read messages that wait for the event loop; then the client has to wait.
_MOST_UNHANDLED = 1_000
# Maximum time, in seconds, for the client to read the remaining output at the end.
_LAST_SECONDS = 2.0


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
    loop = asyncio.get_running_loop()
    bodies: asyncio.Queue[bytes | None] = asyncio.Queue()
    unhandled = threading.Semaphore(_MOST_UNHANDLED)

    def post(body: bytes | None) -> None:
        try:
            loop.call_soon_threadsafe(bodies.put_nowait, body)
        except RuntimeError:
            # The loop has ended.
            return

    def stop() -> None:
        post(None)

    def stop_on_signal(_signal: int, _frame: object) -> None:
        end_within()
        stop()

    def read_on(body: bytes) -> None:
        unhandled.acquire()
        post(body)

    wrong: list[FramingError] = []
    signal.signal(signal.SIGTERM, stop_on_signal)
    reader = threading.Thread(target=_pump, args=(read, read_on, stop, wrong), daemon=True)
    reader.name = "homebody-input"
    reader.start()
    outbox = Outbox(send, on_gone=stop)
    server.connect(outbox, stop)
    code: object = 0
    try:
        while (body := await bodies.get()) is not None:
            server.handle_body(body)
            unhandled.release()
            # The task of a request takes its snapshot before the next message changes the document.
            await asyncio.sleep(0)
    except SystemExit as left:  # pygls answers `exit` so
        code = left.code
    end_within()
    await server.aclose()
    if outbox.is_full:
        logger.error("the client left %d MiB unread, so the server ends", MOST_WAITING_BYTES >> 20)
        return 1
    outbox.close(_LAST_SECONDS)
    return 1 if code or wrong else 0


def _pump(
    read: Callable[[int], bytes],
    post: Callable[[bytes], None],
    stop: Callable[[], None],
    wrong: list[FramingError],
) -> None:
    """Pass messages on until the client disconnects, in a thread because reading blocks."""
    try:
        for body in read_bodies(read):
            post(body)
    except FramingError as error:
        wrong.append(error)
        sys.stderr.write(f"homebody: the client does not use LSP: {error}\n")
    except OSError:
        pass
    end_within()
    stop()

"""Reads and writes the messages of a client in threads, so that a slow one does not block the event loop."""

import asyncio
import logging
import os
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from queue import SimpleQueue

MOST_WAITING_BYTES = 64 * 1024 * 1024
"""Bytes that may be queued for a client; a client that leaves more unread counts as disconnected."""

MOST_WAITING_LOG_BYTES = 256 * 1024
"""Bytes of log records that may be queued for a reader; further records are dropped."""


_LAST_SECONDS = 2.0


class Outbox:
    """Sends whole messages to one reader.

    Parameters
    ----------
    send
        Writes some of the bytes, at least one, and returns how many; may block. ``OSError`` or
        ``ValueError`` when the reader has disconnected.
    on_gone
        Called when ``send`` fails, from the writing thread, and when the queue is full.
    most_bytes
        Bytes that may be queued; a single message may be longer.

    Attributes
    ----------
    is_full
        Whether a message was refused because the queue was full.

    """

    def __init__(
        self,
        send: Callable[[memoryview], int],
        on_gone: Callable[[], None] = lambda: None,
        most_bytes: int = MOST_WAITING_BYTES,
    ) -> None:
        self._send = send
        self._on_gone = on_gone
        self._most_bytes = most_bytes
        self.is_full = False
        self._is_gone = False
        # No lock that both threads hold: the system may suspend the writing thread at any point, and the
        # event loop would wait for it. Each count has one thread that changes it.
        self._waiting: SimpleQueue[bytes | None] = SimpleQueue()
        self._taken = 0
        self._written = 0
        # A daemon thread: it may be blocked for ever when the process ends.
        self._thread = threading.Thread(target=self._run, name="homebody-output", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        """Queue a message, unless the reader has disconnected or the queue is full. Not thread-safe."""
        size = self._taken - self._written
        if self._is_gone or (size and size + len(data) > self._most_bytes):
            if not (self._is_gone or self.is_full):
                self.is_full = True
                self._on_gone()
            return
        self._taken += len(data)
        self._waiting.put(data)

    def close(self) -> None:
        """Send no more messages, and give the reader two seconds to read the queue."""
        self._waiting.put(None)
        self._thread.join(_LAST_SECONDS)

    def _run(self) -> None:
        while (data := self._waiting.get()) is not None:
            left = memoryview(data)
            try:
                while left:
                    left = left[self._send(left) :]
            except (OSError, ValueError):
                self._is_gone = True
                self._on_gone()
                return
            self._written += len(data)


class Inbox:
    """The messages of one client, for the event loop that made it.

    Parameters
    ----------
    messages
        Yields the messages; may block, and ends or raises ``OSError`` when the client has disconnected.
    most
        Messages that may wait for the event loop; then the client has to wait.
    on_stop
        Called at the end, from any thread, and maybe again; the event loop may be blocked then.

    """

    def __init__(self, messages: Iterable[bytes], most: int, on_stop: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._room = threading.Semaphore(most)
        self._on_stop = on_stop
        threading.Thread(target=self._run, args=(messages,), name="homebody-input", daemon=True).start()

    async def next(self) -> bytes | None:
        """Return the next message; ``None`` at the end."""
        message = await self._queue.get()
        if message is not None:
            self._room.release()
        return message

    def stop(self, *_signal: object) -> None:
        """End the messages; from any thread."""
        self._on_stop()
        self._post(None)

    def _run(self, messages: Iterable[bytes]) -> None:
        with suppress(OSError):
            for message in messages:
                self._room.acquire()
                self._post(message)
        self.stop()

    def _post(self, message: bytes | None) -> None:
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._queue.put_nowait, message)


_END_SECONDS = 5.0


def end_soon(code: int) -> None:
    """End this process in five seconds: meanwhile the model's process is stopped, and caches are closed."""
    timer = threading.Timer(_END_SECONDS, os._exit, (code,))
    timer.daemon = True
    timer.start()


class LogHandler(logging.Handler):
    """Sends log records to an outbox; a record is dropped if the outbox is full."""

    def __init__(self, outbox: Outbox) -> None:
        super().__init__(logging.WARNING)
        self._outbox = outbox

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        try:
            self._outbox.write(f"{self.format(record)}\n".encode(errors="replace"))
        except Exception:  # noqa: BLE001 - as in every handler, a bad record must not stop the program
            self.handleError(record)

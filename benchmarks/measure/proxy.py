"""A loopback proxy in front of the model that records the requests of each contender and their cost.

Bytes are forwarded unchanged in both directions, and a closed client connection is closed to the server too.
So all contenders are measured in the same way, including cancelled requests.
"""

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import msgspec

_PROGRESS = re.compile(rb'"prompt_progress":\{"total":(\d+),"cache":(\d+),"processed":(\d+)')
_TIMINGS = re.compile(rb'"timings":\{"cache_n":(\d+),"prompt_n":(\d+)')
_CONTENT = re.compile(rb'"content":"[^"]')
_KEPT = 4096
"""Bytes of a reply that are searched again together with the next ones: an event may arrive in two parts."""


@dataclass(slots=True)
class ModelRequest:
    """One request to ``/completion`` or ``/infill``.

    ``evaluated`` and ``reused`` are prompt tokens, ``None`` if the server never reported them: the request
    was cancelled while its prompt was being read. ``ended`` is when the reply was complete, or the client
    closed the connection. Times are ``time.monotonic``.
    """

    began: float
    prompt_tokens: int
    most_tokens: int
    evaluated: int | None = None
    reused: int | None = None
    first_text: float | None = None
    ended: float | None = None

    @property
    def is_warm_up(self) -> bool:
        """Whether nothing was to be generated."""
        return self.most_tokens == 0


@dataclass(slots=True)
class _Exchange:
    """The newest request on one connection, and the end of its reply so far."""

    request: ModelRequest | None = None
    seen: bytes = b""

    def end(self) -> None:
        """Record that the reply ended, or that the client closed the connection."""
        if self.request is not None and self.request.ended is None:
            self.request.ended = time.monotonic()


class CountingProxy:
    """Make it with ``open_proxy``. ``on_answer`` is called when a request's first text arrives."""

    def __init__(self, upstream: str) -> None:
        self._upstream = urlsplit(upstream)
        self.url = ""
        self.requests: list[ModelRequest] = []
        self.on_answer: Callable[[ModelRequest], None] | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward one connection."""
        up_reader, up_writer = await asyncio.open_connection(self._upstream.hostname, self._upstream.port)
        exchange = _Exchange()
        ways = [
            asyncio.create_task(self._ask(reader, up_writer, exchange)),
            asyncio.create_task(self._answer(up_reader, writer, exchange)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            exchange.end()
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for end in (writer, up_writer):
                end.close()
                with suppress(OSError):
                    await end.wait_closed()

    async def _ask(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, exchange: _Exchange
    ) -> None:
        with suppress(asyncio.IncompleteReadError, OSError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
                body = await reader.readexactly(int(length[1])) if length else b""
                # What came for the request before says nothing of this one.
                exchange.request, exchange.seen = None, b""
                if head.startswith((b"POST /completion ", b"POST /infill ")):
                    exchange.request = _read_request(body)
                    self.requests.append(exchange.request)
                writer.write(head + body)
                await writer.drain()

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, exchange: _Exchange
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
                exchange.seen = exchange.seen[-_KEPT:] + data
                if exchange.request is not None:
                    self._look(exchange, exchange.request)

    def _look(self, exchange: _Exchange, request: ModelRequest) -> None:
        seen = exchange.seen
        if found := _TIMINGS.findall(seen):
            request.reused, request.evaluated = map(int, found[-1])
            request.prompt_tokens = request.reused + request.evaluated
            exchange.end()
        elif found := _PROGRESS.findall(seen):
            _, cached, processed = map(int, found[-1])
            request.reused, request.evaluated = cached, processed - cached
        if request.first_text is None and not request.is_warm_up and _CONTENT.search(seen):
            request.first_text = time.monotonic()
            if self.on_answer is not None:
                self.on_answer(request)


@asynccontextmanager
async def open_proxy(upstream: str) -> AsyncGenerator[CountingProxy]:
    """Open a proxy for ``upstream`` on a free port."""
    proxy = CountingProxy(upstream)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0, limit=2**24)
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        server.close()


def _read_request(body: bytes) -> ModelRequest:
    made: dict[str, Any] = msgspec.json.decode(body)
    prompt = made.get("prompt")
    # The prompt that ``/infill`` builds is only known from its reply.
    tokens = len(prompt) if isinstance(prompt, list) else 0
    return ModelRequest(time.monotonic(), tokens, made.get("n_predict", 0))

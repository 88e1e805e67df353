"""A small real HTTP server on loopback, for doubles of model servers and for misbehaving ones.

It runs in a separate thread, so that tests with and without an event loop can use it. A handler gets each
request and a ``Reply``, with which it can also cut the answer, send nothing, or send nonsense.
"""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Request:
    """One request that arrived."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False, default=b"")

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.target).query).items()}

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Reply:
    """The handler's answer; a reply that was begun and not ended is cut."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer
        self.ended = False

    @property
    def client_is_gone(self) -> bool:
        return self._reader.at_eof()

    async def json(self, content: object, status: int = 200, headers: Mapping[str, str] = {}) -> None:
        await self.whole(
            json.dumps(content).encode(), status, {"content-type": "application/json", **headers}
        )

    async def whole(self, body: bytes, status: int = 200, headers: Mapping[str, str] = {}) -> None:
        await self._head(status, {**headers, "content-length": str(len(body))})
        self.writer.write(body)
        await self.writer.drain()
        self.ended = True

    async def begin(self, content_type: str, status: int = 200) -> None:
        """Begin a stream; ``send`` parts of it, then ``end`` it."""
        await self._head(status, {"content-type": content_type, "transfer-encoding": "chunked"})

    async def send(self, data: str | bytes) -> None:
        data = data.encode() if isinstance(data, str) else data
        self.writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        await self.writer.drain()

    async def event(self, content: object) -> None:
        await self.send(f"data: {content if isinstance(content, str) else json.dumps(content)}\n\n")

    async def line(self, content: object) -> None:
        await self.send(json.dumps(content) + "\n")

    async def end(self) -> None:
        self.writer.write(b"0\r\n\r\n")
        await self.writer.drain()
        self.ended = True

    async def _head(self, status: int, headers: Mapping[str, str]) -> None:
        lines = [f"HTTP/1.1 {status} Said", *(f"{name}: {value}" for name, value in headers.items())]
        self.writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        await self.writer.drain()


Handler = Callable[[Request, Reply], Awaitable[None]]


class LoopbackServer:
    """Serves while the ``with`` lasts; can be stopped and started again on the same port."""

    def __init__(self, handler: Handler, *, host: str = "127.0.0.1") -> None:
        self._handler = handler
        self._host = host
        self._port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._server: asyncio.Server | None = None
        self.requests: list[Request] = []
        self.connections = 0

    @property
    def url(self) -> str:
        return f"http://{f'[{self._host}]' if ':' in self._host else self._host}:{self._port}"

    @property
    def port(self) -> int:
        return self._port

    @property
    def open_connections(self) -> int:
        return len(self._open)

    def paths(self) -> list[str]:
        """Method and path of all received requests."""
        return [f"{request.method} {request.path}" for request in self.requests]

    def bodies(self, path: str) -> list[Any]:
        """JSON bodies of all requests to ``path``, in order."""
        return [request.json for request in self.requests if request.path == path]

    def start(self) -> None:
        self._do(self._start())

    def stop(self) -> None:
        """Stop listening and cut all connections."""
        self._do(self._stop())

    def __enter__(self) -> Self:
        self._thread.start()
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Awaitable[None]) -> None:
        async def run() -> None:
            await work

        asyncio.run_coroutine_threadsafe(run(), self._loop).result()

    async def _start(self) -> None:
        self._server = await asyncio.start_server(self._connected, self._host, self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        if self._server is None:
            return
        # asyncio (3.11) loses a connection that it is about to accept when the server is closed.
        while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
            for task, writer in self._open.items():
                task.cancel()
                writer.transport.abort()
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        self._server.close()
        self._server = None

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.create_task(self._serve(reader, writer))
        self._open[task] = writer
        task.add_done_callback(self._open.pop)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await _read_request(reader)) is not None:
                self.requests.append(request)
                reply = Reply(reader, writer)
                await self._handler(request, reply)
                if not reply.ended:
                    return
        except (ConnectionError, asyncio.CancelledError, asyncio.IncompleteReadError):
            pass
        finally:
            # The task is over once its connection is: what is still to be written keeps a connection open.
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


async def _read_request(reader: asyncio.StreamReader) -> Request | None:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = await reader.readline()
        if not line:
            return None
        head += line
    first, *rest = head.decode("latin-1").strip().split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)
    }
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Request(method, target, headers, body)

"""The connection to the client: answers its requests, and sends requests and notifications to it.

In: lines. Out: lines, among them exactly one response for each request.
Knows nothing of sessions or models.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from homebody.acp.wire import Call, Id, Json, Response, decode, encode, error_fields
from homebody.jsonrpc import INTERNAL_ERROR, INVALID_REQUEST, RpcError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reply:
    """A result, and a function to call once it is sent."""

    result: Json
    then: Callable[[], None] | None = None


Handler: TypeAlias = Callable[[str, object], Awaitable[Reply]]


class Connection:
    """One client. ``write`` sends one line; ``connect`` sets who handles calls."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self._handler: Handler = _refuse
        self._waiting: dict[object, asyncio.Future[object]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._last_id = 0

    def connect(self, handler: Handler) -> None:
        """Pass requests and notifications to ``handler``."""
        self._handler = handler

    def handle_line(self, line: bytes) -> None:
        """Handle one message; blank lines are ignored."""
        if not line.strip():
            return
        try:
            message = decode(line)
        except RpcError as error:
            self._send({"id": None, "error": error_fields(error)})
            return
        if isinstance(message, Response):
            self._answered(message)
        else:
            self.start(self._handle(message))

    def start(self, work: Awaitable[None]) -> asyncio.Task[None]:
        """Run ``work`` in the background until it or the connection ends."""

        async def run() -> None:
            await work

        task = asyncio.create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def notify(self, method: str, params: Json) -> None:
        """Send a notification."""
        self._send({"method": method, "params": params})

    async def request(self, method: str, params: Json) -> object:
        """Send a request and return its result. A cancelled call ignores the client's response.

        Raises
        ------
        RpcError
            The client answered with an error.

        """
        self._last_id += 1
        number = self._last_id
        future = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        try:
            self._send({"id": number, "method": method, "params": params})
            return await future
        finally:
            del self._waiting[number]

    async def aclose(self) -> None:
        """Cancel everything that is still running."""
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _handle(self, call: Call) -> None:
        try:
            reply = await self._handler(call.method, call.params)
        except RpcError as error:
            self._fail(call.id, error)
        except Exception as error:
            logger.exception("%s failed", call.method)
            message = f"Internal error ({type(error).__name__}); the log of `homebody acp` has more."
            self._fail(call.id, RpcError(INTERNAL_ERROR, message))
        else:
            if call.id is not None:
                self._send({"id": call.id, "result": reply.result})
            if reply.then is not None:
                reply.then()

    def _fail(self, call_id: Id | None, error: RpcError) -> None:
        if call_id is None:
            logger.info("ignored a notification: %s", error)
        else:
            self._send({"id": call_id, "error": error_fields(error)})

    def _answered(self, response: Response) -> None:
        future = self._waiting.get(response.id) if isinstance(response.id, int) else None
        if future is None or future.done():
            return
        if response.error is not None:
            future.set_exception(response.error)
        else:
            future.set_result(response.result)

    def _send(self, message: Json) -> None:
        try:
            self._write(encode(message))
        except OSError:
            # The client has disconnected; the end of stdin ends this process.
            logger.info("the client has stopped reading")


async def _refuse(method: str, _params: object) -> Reply:
    message = f"The agent is not ready for {method} yet."
    raise RpcError(INVALID_REQUEST, message)

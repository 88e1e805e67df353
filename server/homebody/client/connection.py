"""JSON-RPC from the client's side: requests, notifications, and the server's own requests.

In: a stream to and from a server. Out: results, and calls of handlers.
Knows nothing of documents or of Homebody's methods; ``editor`` does.
"""

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from homebody.jsonrpc import METHOD_NOT_FOUND, RpcError

Json: TypeAlias = dict[str, Any]
Handler: TypeAlias = Callable[[Any], Awaitable[object]]

# From the range that JSON-RPC leaves to implementations; no server sends it.
_ENDED = -32099


class ServerError(RpcError):
    """The server answered with an error; ``code`` is LSP's."""

    def __init__(self, code: int, message: str, data: object = None) -> None:
        super().__init__(code, message)
        self.data = data


class ServerEnded(ServerError):
    """The server's process ended before it answered."""

    def __init__(self) -> None:
        super().__init__(_ENDED, "The server has ended.")


class Connection:
    """One connection to one server.

    Attributes
    ----------
    on_request
        Handlers of the server's requests, by method.
    on_notification
        Called with the method and the params of each notification.

    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.on_request: dict[str, Handler] = {}
        self.on_notification: Callable[[str, Any], None] = lambda _method, _params: None
        self._reader = reader
        self._writer = writer
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[object]] = {}
        self._answers: set[asyncio.Task[None]] = set()
        self._ended = False

    async def request(self, method: str, params: object = None) -> Any:  # noqa: ANN401 - any JSON
        """Send a request and wait for its result; cancelling this cancels the request.

        Raises
        ------
        ServerError
            The server answered with an error, or ended.

        """
        msg_id = next(self._ids)
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._waiting[msg_id] = future
        self._send({"jsonrpc": "2.0", "id": msg_id, "method": method, "params": params})
        try:
            return await future
        except asyncio.CancelledError:
            self.notify("$/cancelRequest", {"id": msg_id})
            raise
        finally:
            self._waiting.pop(msg_id, None)

    def notify(self, method: str, params: object = None) -> None:
        """Send a notification."""
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    async def run(self) -> None:
        """Read messages until the server ends."""
        try:
            while body := await _read_body(self._reader):
                self._take(json.loads(body))
        finally:
            self._ended = True
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(ServerEnded())

    def _take(self, message: Json) -> None:
        if "method" not in message:
            self._settle(message)
        elif "id" in message:
            task = asyncio.ensure_future(self._answer(message))
            self._answers.add(task)
            task.add_done_callback(self._answers.discard)
        else:
            self.on_notification(message["method"], message.get("params"))

    def _settle(self, message: Json) -> None:
        future = self._waiting.pop(message["id"], None)
        if future is None or future.done():
            return
        if (error := message.get("error")) is None:
            future.set_result(message.get("result"))
        else:
            future.set_exception(ServerError(error["code"], error["message"], error.get("data")))

    async def _answer(self, message: Json) -> None:
        answer: Json = {"jsonrpc": "2.0", "id": message["id"]}
        if (handler := self.on_request.get(message["method"])) is None:
            answer["error"] = {
                "code": METHOD_NOT_FOUND,
                "message": "This client does not support the method.",
            }
        else:
            answer["result"] = await handler(message.get("params"))
        self._send(answer)

    def _send(self, message: Json) -> None:
        body = json.dumps(message).encode()
        # A pipe accepts bytes for a while after its reader has ended.
        if self._ended or self._writer.is_closing():
            raise ServerEnded
        self._writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))


async def _read_body(reader: asyncio.StreamReader) -> bytes | None:
    """Read one message; ``None`` at the end."""
    length = 0
    try:
        while (line := (await reader.readuntil(b"\r\n")).strip()) != b"":
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return await reader.readexactly(length)
    except (asyncio.IncompleteReadError, OSError):
        return None

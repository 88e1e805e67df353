"""A server with the handlers of a test, without a process: messages in, what it sends out."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from homebody.lsp.server import Server

URI = "file:///a.py"
INLINE = {
    "textDocument": {"uri": URI},
    "position": {"line": 0, "character": 0},
    "context": {"triggerKind": 2},
}


class Wire:
    """A server with the handlers of a test; what it sends is kept."""

    def __init__(self, answer: Callable[[Any], Awaitable[object]] | None = None) -> None:
        self.sent: list[dict[str, Any]] = []
        self.gate = asyncio.Event()
        self.heard: list[object] = []

        async def run(_server: Server, params: object) -> object:
            return await answer(params) if answer else None

        def hear(_server: Server, params: object) -> None:
            self.heard.append(params)

        self.server = Server()
        protocol = self.server.protocol
        protocol.on_request("textDocument/inlineCompletion", run, superseded=[])
        protocol.on_request("test/run", run)
        protocol.on_notice("test/note", hear)
        protocol.on_notice("textDocument/didOpen", hear)
        self.server.protocol.set_writer(self)

    def write(self, data: bytes) -> None:
        self.sent.append(json.loads(data.partition(b"\r\n\r\n")[2]))

    def close(self) -> None:
        pass

    def take(self, message: object) -> None:
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        self.server.protocol.handle_body(body)

    async def ask(self, method: str, params: object = None, msg_id: object = 1) -> dict[str, Any]:
        """Send a request, let the server work, and return its newest message."""
        self.call(method, params, msg_id)
        await turn()
        return self.sent[-1]

    def call(self, method: object, params: object = None, msg_id: object = 1) -> None:
        self.take({"jsonrpc": "2.0", "id": msg_id, "method": method, "params": params})

    async def initialized(self) -> "Wire":
        await self.ask("initialize", {"processId": None, "rootUri": None, "capabilities": {}}, "init")
        self.sent.clear()
        return self


async def turn() -> None:
    """Let tasks start, end, and send their responses."""
    for _ in range(5):
        await asyncio.sleep(0)

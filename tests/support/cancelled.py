"""Commands that a test cancels while the server works, by both of LSP's ways."""

import asyncio
import itertools
from dataclasses import dataclass
from typing import Any

from pygls.exceptions import JsonRpcException

from support.editor import CAPABILITIES, Client
from support.until import until

BARS = CAPABILITIES | {"window": {"workDoneProgress": True}}
"""Capabilities of a client that shows progress bars."""
WAYS = ("$/cancelRequest", "window/workDoneProgress/cancel")
CANCELLED = -32800
"""LSP's error code for a request that was cancelled."""

_COUNT = itertools.count()


@dataclass(frozen=True)
class Sent:
    """A command on its way.

    Attributes
    ----------
    id
        Id of the request.
    bar
        Token of its progress bar.
    result
        Its result, to come.

    """

    client: Client
    id: int
    bar: str
    result: "asyncio.Future[object]"

    @property
    def progress(self) -> list[dict[str, Any]]:
        return progress(self.client, self.bar)

    async def shows(self, text: str) -> None:
        """Wait until a message of the bar has this text."""
        await until(lambda: any(text in shown.get("message", "") for shown in self.progress))

    def cancel(self, way: str) -> None:
        self.client.notify(way, {"id": self.id} if way == WAYS[0] else {"token": self.bar})

    async def outcome(self) -> object:
        try:
            return await self.result
        except JsonRpcException as error:
            return error.code


async def send(client: Client, command: str, argument: dict[str, Any]) -> Sent:
    """Send a command; returns once it is on its way."""
    bar = f"bar-{next(_COUNT)}"
    params = {"command": command, "arguments": [argument], "workDoneToken": bar}
    task = asyncio.ensure_future(client.request("workspace/executeCommand", params))
    await asyncio.sleep(0)
    return Sent(client, client.last_id, bar, task)


def progress(client: Client, token: str) -> list[dict[str, Any]]:
    """Values of ``$/progress`` with this token, in order."""
    shown = [params for method, params in client.notifications if method == "$/progress"]
    return [params["value"] for params in shown if params["token"] == token]

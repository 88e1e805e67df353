"""A real server process under the fuzzer: sends messages, and checks that each request is answered once."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil

from support.folders import own_environ

Json = dict[str, Any]

# The unchanged language server with one additional request: the text of a document.
_SERVER = """
import sys
from homebody.lsp.methods import create_server
from homebody.lsp.process import share_interpreter
from homebody.lsp.transport import serve_stdio

async def text(_server, params):
    document = server.documents.find(params["uri"])
    return document and {"version": document.version, "text": document.text}

share_interpreter()
server = create_server()
server.protocol.on_request("fuzz/text", text)
sys.exit(serve_stdio(server))
"""
_LONGEST_SECONDS = 60.0
CAPABILITIES: Json = {
    "workspace": {"applyEdit": True, "configuration": True, "workspaceEdit": {"documentChanges": True}},
    "window": {"workDoneProgress": True},
    "textDocument": {"inlineCompletion": {}},
}


class Broken(AssertionError):
    """A law is violated."""


def _fail(reason: str) -> None:
    raise Broken(reason)


class Driver:
    """One server process.

    ``on_edit`` applies a workspace edit: the ``didChange`` params, or ``None`` to refuse; ``tokens``
    are those of the server's progress bars.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.sent = 0
        self.on_edit: Callable[[Json], list[Json] | None] = lambda _edit: None
        self.tokens: list[Any] = []
        self._process = process
        self._asked: dict[int, Json] = {}
        self._results: dict[int, Any] = {}
        self._settled = asyncio.Event()
        self._broken: list[str] = []

    @property
    def newest(self) -> list[int]:
        """Ids of requests that are not answered yet."""
        return list(self._asked)

    def ask(self, method: str, params: object) -> int:
        """Send a request; returns its id."""
        msg_id = self.sent + 1
        self._asked[msg_id] = {"jsonrpc": "2.0", "id": msg_id, "method": method, "params": params}
        self.send(self._asked[msg_id])
        return msg_id

    def notify(self, method: str, params: object) -> None:
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def send(self, message: object) -> None:
        self.send_body(json.dumps(message).encode())

    def send_body(self, body: bytes) -> None:
        assert self._process.stdin
        if self._process.returncode is not None:
            _fail("the server has ended")
        self.sent += 1
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    async def settle(self) -> None:
        """Wait until every request is answered; raises ``Broken`` if a law is violated."""
        try:
            async with asyncio.timeout(_LONGEST_SECONDS):
                while self._asked and not self._broken:
                    self._settled.clear()
                    await self._settled.wait()
        except TimeoutError:
            self._broken.append(f"not answered: {list(self._asked.values())[:3]}")
        if self._broken:
            _fail("; ".join(self._broken[:3]))

    async def result(self, method: str, params: object) -> Any:
        msg_id = self.ask(method, params)
        await self.settle()
        return self._results.pop(msg_id, None)

    def memory(self) -> int:
        """Resident bytes of the server's process."""
        return psutil.Process(self._process.pid).memory_info().rss

    async def read(self) -> None:
        """Take messages until the server ends."""
        reader = self._process.stdout
        assert reader is not None
        try:
            while True:
                header = await reader.readuntil(b"\r\n\r\n")
                body = await reader.readexactly(int(header.split(b":")[1].split(b"\r\n")[0]))
                self._take(json.loads(body))
        except asyncio.IncompleteReadError:
            if self._asked:
                self._broken.append("the server ended with requests open")
            self._settled.set()

    def _take(self, message: Json) -> None:
        if "bug" in json.dumps(message):
            self._broken.append(f"a message says that something is a bug: {message}")
        if "method" in message and "id" in message:
            self.send({"jsonrpc": "2.0", "id": message["id"], "result": self._answer(message)})
        elif message.get("id") is not None:
            asked = self._asked.pop(message["id"], None)
            if asked is None:
                self._broken.append(f"answered twice, or never asked: {message}")
            elif asked["method"].startswith("fuzz/"):
                self._results[message["id"]] = message.get("result")
        self._settled.set()

    def _answer(self, request: Json) -> object:
        match request["method"]:
            case "workspace/applyEdit":
                changes = self.on_edit(request["params"]["edit"])
                for change in changes or ():
                    self.notify("textDocument/didChange", change)
                return {"applied": changes is not None}
            case "workspace/configuration":
                return [None]
            case "window/workDoneProgress/create":
                self.tokens.append(request["params"]["token"])
        return None


@asynccontextmanager
async def start(folder: Path, encoding: str, replies: list[Json]) -> AsyncIterator[Driver]:
    """Start a server whose folders are all below ``folder``; its stderr goes to ``folder/stderr``."""
    script = folder / "script.json"
    script.write_text(json.dumps({"name": "scripted", "reply": replies}))
    workspace = folder / "workspace"
    workspace.mkdir(exist_ok=True)
    with (folder / "stderr").open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _SERVER),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
            env=own_environ(folder),
            limit=2**26,
        )
    driver = Driver(process)
    reading = asyncio.create_task(driver.read())
    params = {
        "processId": os.getpid(),
        "rootUri": workspace.as_uri(),
        "capabilities": CAPABILITIES | {"general": {"positionEncodings": [encoding]}},
        "initializationOptions": {
            "backend": {"kind": "scripted", "model": str(script)},
            "completion": {"menu": "always"},
        },
    }
    try:
        driver.ask("initialize", params)
        await driver.settle()
        driver.notify("initialized", {})
        driver.ask("workspace/executeCommand", {"command": "homebody.showPrompt"})
        await driver.settle()
        yield driver
        driver.ask("shutdown", None)
        await driver.settle()
        driver.notify("exit", None)
        code = await asyncio.wait_for(process.wait(), _LONGEST_SECONDS)
        errors = (folder / "stderr").read_text("utf-8", "replace")
        if code != 0 or "Traceback" in errors or "bug" in errors:
            _fail(f"the server ended with {code}: {errors[:4000]}")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)

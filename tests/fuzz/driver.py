"""A real server process under the fuzzer: sends messages, counts answers, measures how long they take.

In: messages. Out: every response by id, with its time; violations as ``Broken``.
"""

import asyncio
import json
import os
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil

Json = dict[str, Any]

_SERVER = Path(__file__).with_name("server.py")
_LONGEST_SECONDS = 60.0
CAPABILITIES: Json = {
    "workspace": {"applyEdit": True, "configuration": True, "workspaceEdit": {"documentChanges": True}},
    "window": {"workDoneProgress": True},
    "textDocument": {"inlineCompletion": {}},
}


class Broken(AssertionError):
    """A law is violated."""


class Driver:
    """One server process.

    Attributes
    ----------
    sent, requests
        Number of messages sent so far, and of requests among them.
    twice, bugs, mismatches
        Number of requests answered twice, of messages that call something a bug, and of texts that differ
        from the editor's.
    slowest
        Longest time from a request to its answer, in seconds, with the request.
    on_edit
        Applies a workspace edit; returns the ``didChange`` params, or ``None`` to refuse.

    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.sent = self.requests = 0
        self.twice = self.bugs = self.mismatches = 0
        self.slowest: tuple[float, Json] = (0.0, {})
        self.on_edit: Callable[[Json], list[Json] | None] = lambda _edit: None
        self._process = process
        self._asked: dict[int, tuple[float, Json]] = {}
        self._answers: Counter[int] = Counter()
        self._results: dict[int, Any] = {}
        self._settled = asyncio.Event()
        self._tokens: list[Any] = []
        self._broken: list[str] = []

    @property
    def newest(self) -> list[int]:
        """Ids of requests that are not answered yet."""
        return list(self._asked)

    @property
    def unanswered(self) -> int:
        """Number of requests that are not answered yet."""
        return len(self._asked)

    @property
    def tokens(self) -> list[Any]:
        """Tokens of progress bars that the server created."""
        return self._tokens

    def ask(self, method: str, params: object) -> int:
        """Send a request; returns its id."""
        msg_id = self.sent + 1
        self.requests += 1
        message = {"jsonrpc": "2.0", "id": msg_id, "method": method, "params": params}
        self._asked[msg_id] = time.monotonic(), message
        self.send(message)
        return msg_id

    def notify(self, method: str, params: object) -> None:
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def send(self, message: object) -> None:
        """Send anything that JSON can write."""
        self.send_body(json.dumps(message).encode())

    def send_body(self, body: bytes) -> None:
        if self._process.stdin is None or self._process.returncode is not None:
            self._fail("the server has ended")
        self.sent += 1
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    async def settle(self) -> None:
        """Wait until every request is answered.

        Raises
        ------
        Broken
            A law is violated.

        """
        try:
            async with asyncio.timeout(_LONGEST_SECONDS):
                while self._asked and not self._broken:
                    self._settled.clear()
                    await self._settled.wait()
        except TimeoutError:
            self._broken.append(f"not answered: {[message for _, message in self._asked.values()][:3]}")
        if self._broken:
            self._fail("; ".join(self._broken[:3]))

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
            self.bugs += 1
            self._broken.append(f"a message says that something is a bug: {message}")
        if "method" not in message:
            self._take_answer(message)
        elif "id" in message:
            self.send({"jsonrpc": "2.0", "id": message["id"], "result": self._answer(message)})
        self._settled.set()

    def _take_answer(self, message: Json) -> None:
        msg_id = message["id"]
        if msg_id is None:
            return
        self._answers[msg_id] += 1
        asked = self._asked.pop(msg_id, None)
        if asked is None or self._answers[msg_id] > 1:
            self.twice += 1
            self._broken.append(f"answered twice, or never asked: {message}")
            return
        began, request = asked
        self.slowest = max(self.slowest, (time.monotonic() - began, request), key=lambda found: found[0])
        if request["method"].startswith("fuzz/"):
            self._results[msg_id] = message.get("result")

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
                self._tokens.append(request["params"]["token"])
                return None
            case _:
                return None

    def _fail(self, reason: str) -> None:
        raise Broken(reason)


@asynccontextmanager
async def start(
    folder: Path, encoding: str, replies: list[Json], environ: Mapping[str, str] | None = None
) -> AsyncIterator[Driver]:
    """Start a server whose folders are all below ``folder``; its stderr goes to ``folder/stderr``."""
    script = folder / "script.json"
    script.write_text(json.dumps({"name": "scripted", "reply": replies}))
    folders = {
        f"HOMEBODY_{kind}_DIR": str(folder / kind.lower()) for kind in ("CONFIG", "CACHE", "STATE", "DATA")
    }
    workspace = folder / "workspace"
    workspace.mkdir(exist_ok=True)
    with (folder / "stderr").open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(_SERVER),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
            env={**(os.environ if environ is None else environ), **folders},
            limit=2**26,
        )
    driver = Driver(process)
    reading = asyncio.create_task(driver.read())
    try:
        driver.ask(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": workspace.as_uri(),
                "capabilities": CAPABILITIES | {"general": {"positionEncodings": [encoding]}},
                "initializationOptions": {
                    "backend": {"kind": "scripted", "model": str(script)},
                    "completion": {"menu": "always"},
                },
            },
        )
        await driver.settle()
        driver.notify("initialized", {})
        driver.ask("workspace/executeCommand", {"command": "homebody.showPrompt"})
        await driver.settle()
        driver.slowest = (0.0, {})
        yield driver
        driver.ask("shutdown", None)
        await driver.settle()
        driver.notify("exit", None)
        if (code := await asyncio.wait_for(process.wait(), _LONGEST_SECONDS)) != 0:
            message = f"the server ended with {code}"
            raise Broken(message)
        errors = (folder / "stderr").read_text("utf-8", "replace")
        if "Traceback" in errors or "bug" in errors:
            raise Broken(errors[:4000])
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)

"""`homebody acp` by the lines that clients send: recorded ones, odd ones, too long ones, none."""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import acp
import psutil
import pytest

from support.acp_editor import scripted_agent
from support.tracked import ROOT

# No fork of a process of the tests: some of these tests look at its signals, memory and children.
PROGRAM = [str(Path(sys.executable).with_name("homebody"))]
CODE = "def area(w, h):\n    return w * h\n"
DOCUMENTED = CODE.replace("):\n", '):\n    """Return the area."""\n')
_SECONDS = 120

# The lines of one edit as clients write them: initialize, session/new, session/prompt, any response.
# acpx's were recorded with Homebody, Zed's were published by a user who recorded another agent, and those of
# JetBrains IDEs have the form of published logs. FOLDER, "SESSION", "TEXT", "ID" and "RESULT" are filled in.
CLIENTS = {path.stem: path for path in sorted((ROOT / "tests" / "cases" / "acp").glob("*.jsonl"))}


@dataclass
class Wire:
    """A running agent, and every message that it sent, in order."""

    process: asyncio.subprocess.Process
    received: list[dict[str, Any]] = field(default_factory=list)

    async def send(self, *lines: str | bytes | dict[str, Any]) -> None:
        assert self.process.stdin
        for line in lines:
            text = json.dumps(line) if isinstance(line, dict) else line
            self.process.stdin.write((text.encode() if isinstance(text, str) else text) + b"\n")
            await self.process.stdin.drain()

    async def next(self) -> dict[str, Any]:
        assert self.process.stdout
        line = await self.process.stdout.readline()
        assert line, "the agent has ended"
        message = json.loads(line)
        assert message["jsonrpc"] == "2.0"
        self.received.append(message)
        return message

    async def answer(self, request_id: object) -> dict[str, Any]:
        while True:
            message = await self.next()
            if "method" not in message and message["id"] == request_id:
                return message

    async def new_session(self, folder: Path, number: int = 0) -> str:
        params = {"cwd": str(folder), "mcpServers": []}
        await self.send({"id": f"new {number}", "method": "session/new", "params": params})
        return (await self.answer(f"new {number}"))["result"]["sessionId"]

    @property
    def index_processes(self) -> int:
        number = 0
        for child in psutil.Process(self.process.pid).children():
            with suppress(psutil.NoSuchProcess):  # it has just ended
                number += "homebody.workspace.indexer" in child.cmdline()
        return number


Start = Callable[..., AbstractAsyncContextManager[Wire]]


@pytest.fixture
def start(environ: Mapping[str, str], scripted) -> Start:
    @asynccontextmanager
    async def run(replies: Any = "x", **model: object) -> AsyncGenerator[Wire]:
        async with asyncio.timeout(_SECONDS):
            process = await asyncio.create_subprocess_exec(
                *scripted_agent(scripted(replies, **model), PROGRAM),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env=dict(environ),
                limit=2**24,
            )
            assert process.stdin
            try:
                yield Wire(process)
                process.stdin.close()
                assert process.stdout
                await process.stdout.read()
                await process.wait()
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()

    return run


@pytest.mark.parametrize("client", CLIENTS)
async def test_an_edit_by_the_lines_of_real_clients(client: str, start: Start, workspace: Path):
    initialize, new, prompt, response = CLIENTS[client].read_text().splitlines()
    (workspace / "app.py").write_text(CODE)
    buffer = CODE
    async with start(f"```python\n{DOCUMENTED}```") as wire:
        await wire.send(initialize)
        greeting = await wire.answer(json.loads(initialize)["id"])
        await wire.send(new.replace("FOLDER", str(workspace)))
        session = await wire.next()
        session_id = session["result"]["sessionId"]
        await wire.send(prompt.replace("SESSION", session_id).replace("TEXT", "/docstring app.py area"))
        while (message := await wire.next()).get("id") != json.loads(prompt)["id"] or "method" in message:
            if "id" not in message:
                continue
            assert message["params"]["sessionId"] == session_id
            result: object = {}
            match message["method"]:
                case "fs/read_text_file":
                    result = {"content": buffer}
                case "session/request_permission":
                    result = {"outcome": {"outcome": "selected", "optionId": "yes"}}
                case "fs/write_text_file":
                    buffer = message["params"]["content"]
            line = response.replace('"ID"', json.dumps(message["id"])).replace('"RESULT"', json.dumps(result))
            await wire.send(line)

    assert greeting["result"]["protocolVersion"] == 1
    assert greeting["result"]["authMethods"] == []
    # Clients drop updates of a session that they do not know yet.
    assert wire.received[1] == session
    assert message["result"] == {"stopReason": "end_turn"}
    assert buffer == DOCUMENTED
    (permission,) = [one for one in wire.received if one.get("method") == "session/request_permission"]
    diff, *_notes = permission["params"]["toolCall"]["content"]
    assert diff == {
        "type": "diff",
        "path": str(workspace / "app.py"),
        "oldText": CODE,
        "newText": DOCUMENTED,
    }


async def test_the_agent_ends_with_its_input_in_the_middle_of_an_answer(start: Start, workspace: Path):
    """An editor that is killed leaves no process behind."""
    async with start([{"text": "word " * 200, "piece_delay_ms": 1000}]) as wire:
        session = await wire.new_session(workspace)
        question = {"sessionId": session, "prompt": [{"type": "text", "text": "Go on."}]}
        await wire.send({"id": 1, "method": "session/prompt", "params": question})
        while "agent_message_chunk" not in json.dumps(await wire.next()):
            pass
        assert wire.process.stdin
        wire.process.stdin.close()
        assert await wire.process.wait() == 0


ODD_PARAMS = [
    "null",
    "5",
    "[]",
    "{}",
    '"\\ud800"',
    '{"sessionId":5,"prompt":5,"cwd":5,"configId":5,"value":5}',
    '{"sessionId":"\\ud800","prompt":[],"cwd":"/\\ud800","mcpServers":[],"configId":"\\udfff","value":""}',
    '{"sessionId":"no","prompt":[{"type":"text"}],"cwd":"/\\u0000","mcpServers":{},"value":true,"type":"boolean"}',
    '{"sessionId":"no","prompt":[{"type":"unknown"}],"cwd":"relative","mcpServers":[],"configId":"model"}',
    '{"protocolVersion":"x","clientCapabilities":5,"clientInfo":[],"_meta":{"self":1,"session_id":2}}',
    '{"protocolVersion":1e999}',
    '{"prompt":' + "[" * 500 + "]" * 500 + "}",
]
METHODS = [
    *acp.AGENT_METHODS.values(),
    *acp.CLIENT_METHODS.values(),
    "_own",
    "$/cancel_request",
    "",
    "\\ud800",
]


async def test_every_request_is_answered_exactly_once(start: Start):
    forms = ["{}", '"{}"', '"\\ud800{}"', "-{}"]
    cases = [(method, params) for method in METHODS for params in ODD_PARAMS]
    async with start() as wire:
        missing: set[str] = set()
        for number, (method, params) in enumerate(cases, 1):
            own_id = forms[number % len(forms)].format(number)
            await wire.send(f'{{"id":{own_id},"method":"{method}","params":{params}}}')
            await wire.send(f'{{"method":"{method}","params":{params}}}')
            missing.add(json.dumps(json.loads(own_id)))
        while missing:
            message = await wire.next()
            assert "data" not in message.get("error", {})
            missing.remove(json.dumps(message["id"]))


async def test_chats_of_one_folder_share_an_index(start: Start, workspace: Path, tmp_path: Path):
    """Twenty chats in ten folders at once: at most ten processes of the index."""
    folders = [tmp_path / f"folder {number}" for number in range(10)]
    for folder in folders:
        folder.mkdir()
        (folder / "app.py").write_text(CODE)
    async with start() as wire:
        for number in range(20):
            params = {"cwd": str(folders[number % 10]), "mcpServers": []}
            await wire.send({"id": number, "method": "session/new", "params": params})
        waiting = set(range(20))
        while waiting:
            assert wire.index_processes <= 10
            waiting.discard((await wire.next()).get("id"))


async def test_the_oldest_chat_is_dropped_with_its_engine(start: Start, workspace: Path, tmp_path: Path):
    """Clients that never close a chat leave sixteen of them open, at most."""
    first = tmp_path / "first"
    first.mkdir()
    async with start() as wire:
        dropped = await wire.new_session(first, -1)
        for number in range(16):
            await wire.new_session(workspace, number)
        question = {"sessionId": dropped, "prompt": [{"type": "text", "text": "Hello?"}]}
        await wire.send({"id": 1, "method": "session/prompt", "params": question})
        assert (await wire.answer(1))["error"]["code"] == -32002

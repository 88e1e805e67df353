"""Commands are cancelled by both of LSP's ways, before and in the middle of the answer."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest
from pygls.exceptions import JsonRpcException

from support.editor import CAPABILITIES, Client
from support.git import staged
from support.until import until

URI = "file:///w/app.py"
CODE = "def area(width, height):\n    result = width * height\n    return result\n"
NEW = "def area(width, height):\n    return width * height\n"
GOOD = f"```python\n{NEW}```"
HERE = {"textDocument": {"uri": URI}}
BODY = {"start": {"line": 1, "character": 4}, "end": {"line": 1, "character": 4}}
BARS = CAPABILITIES | {"window": {"workDoneProgress": True}}
WAYS = ("$/cancelRequest", "window/workDoneProgress/cancel")
STAGES = ("before the first word", "in the middle of the answer")
CANCELLED = -32800


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("stage", STAGES)
async def test_a_command_is_cancelled_at_each_stage_in_both_ways(serve, gate, workspace, stage, way):
    """The document and the conversation are as before, nothing comes late, and the next command works."""
    (workspace / "staged.py").write_text(f"# {stage}\nx = 1\n")
    staged(workspace)
    replies = [
        {"contains": STAGES[0], "text": GOOD, "gate_file": gate},
        {"contains": STAGES[1], "text": GOOD, "gate_file": gate, "gate_after": 3},
        {"text": GOOD},
    ]
    async with serve(replies, capabilities=BARS, opens={URI: CODE}) as client:
        edit = await client.execute("homebody.refactor", _edit("Shorter.") | {"apply": False})
        known = await client.execute("homebody.ask", {"question": "What is it?"})
        conversation = {"conversationId": known["conversationId"]}
        saved = await client.execute("homebody.openConversation", conversation)
        other = {"uri": "file:///w/other.py"}
        for command, argument in (
            ("refactor", _edit(stage)),
            ("refine", {"edit": edit["id"], "instruction": stage}),
            ("ask", {"question": f"Why {stage}?"}),
            ("ask", {"question": f"Why {stage}?"} | conversation),
            ("commitMessage", {"folder": workspace.as_uri()}),
            ("explain", {"text": f"Error: {stage}"}),
            ("explain", {"textDocument": other}),
        ):
            if argument.get("textDocument") == other:
                client.open(other["uri"], f"# {stage}\n{CODE}")
            is_edit = command in {"refactor", "refine"}
            by_bar = {"status": "cancelled", "notes": []} if is_edit and way == WAYS[1] else CANCELLED
            assert await _cancelled(client, command, argument, stage, way) == by_bar, (command, argument)
        heard = len(client.notifications)
        assert client.documents[URI].text == CODE
        assert await client.execute("homebody.openConversation", conversation) == saved
        assert len(await client.execute("homebody.conversations")) == 1
        await client.execute("homebody.ask", {"question": "And now?"} | conversation)
        late = [p for m, p in client.notifications[heard:] if m == "$/progress" and "text" in p["value"]]
        assert (late, client.messages) == ([], [])


@pytest.mark.parametrize("command", ["refactor", "ask", "explain"])
async def test_a_cancel_right_after_its_request_counts(serve, gate, command):
    """Emacs sends it for the request's own token, without waiting for the progress bar."""
    async with serve([{"text": GOOD, "gate_file": gate}], capabilities=BARS, opens={URI: CODE}) as client:
        argument = {"refactor": _edit("Shorter."), "ask": {"question": "Why?"}, "explain": HERE}[command]
        params = {"command": f"homebody.{command}", "arguments": [argument], "workDoneToken": "bar"}
        running = asyncio.ensure_future(client.request("workspace/executeCommand", params))
        await asyncio.sleep(0)  # it is sent
        client.notify(WAYS[1], {"token": "bar"})

        by_bar = {"status": "cancelled", "notes": []} if command == "refactor" else CANCELLED
        assert await _outcome(running) == by_bar


@pytest.mark.parametrize("command", ["refactor", "refine", "apply"])
async def test_a_request_is_cancelled_while_the_editor_applies_the_edit(serve, command):
    """It is answered as cancelled; the editor decides whether it applies the edit."""
    async with serve(GOOD, capabilities=BARS, opens={URI: CODE}) as client:
        asked, allowed = asyncio.Event(), asyncio.Event()
        take = client.on_request["workspace/applyEdit"]

        async def applied_late(params: object) -> object:
            asked.set()
            await allowed.wait()
            return await take(params)

        first = await client.execute("homebody.refactor", _edit("Shorter.") | {"apply": False})
        answer = await client.execute("homebody.ask", {"question": "How?"} | HERE)
        client.on_request["workspace/applyEdit"] = applied_late
        argument = {
            "refactor": _edit("Shorter."),
            "refine": {"edit": first["id"], "instruction": "Now."},
            "apply": {"conversationId": answer["conversationId"], "block": 0} | HERE,
        }[command]
        running = asyncio.ensure_future(client.execute(f"homebody.{command}", argument))
        await asked.wait()
        client.notify("$/cancelRequest", {"id": client.last_id})
        assert await _outcome(running) == CANCELLED
        allowed.set()
        await until(lambda: client.documents[URI].text == NEW)


def _edit(instruction: str) -> dict[str, Any]:
    return HERE | {"range": BODY, "instruction": instruction}


async def _cancelled(client: Client, command: str, argument: dict[str, Any], stage: str, way: str) -> object:
    bar, stream = f"bar-{client.last_id}", f"stream-{client.last_id}"
    if command in {"ask", "explain", "commitMessage"}:
        argument = argument | {"token": stream}
    params = {"command": f"homebody.{command}", "arguments": [argument], "workDoneToken": bar}
    running = asyncio.ensure_future(client.request("workspace/executeCommand", params))
    await until(lambda: _progress(client, bar))
    if stage == STAGES[1] and "token" in argument:
        await until(lambda: any(value.get("text") for value in _progress(client, stream)))
    elif stage == STAGES[1]:
        await until(lambda: "characters" in str(_progress(client, bar)))
    client.notify(way, {"id": client.last_id} if way == WAYS[0] else {"token": bar})
    return await _outcome(running)


async def _outcome(running: Awaitable[object]) -> object:
    try:
        return await running
    except JsonRpcException as error:
        return error.code


def _progress(client: Client, token: str) -> list[dict[str, Any]]:
    return [p["value"] for m, p in client.notifications if m == "$/progress" and p["token"] == token]

"""Unusual messages: each gets an answer, none is reported as a bug, and the server continues."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest
from pygls.exceptions import JsonRpcException

from homebody.text import Span
from support.editor import Client
from support.until import until

URI = "file:///w/app.py"
CODE = "def area(width, height):\n    return width * height\n"
BODY = Span(29, 50)
RANGE = {"start": {"line": 1, "character": 4}, "end": {"line": 1, "character": 8}}
FAR = {"line": 2**31, "character": 0}
REFACTOR = {"textDocument": {"uri": URI}, "range": RANGE, "action": "docstring"}


@pytest.fixture
async def client(serve):
    async with serve("x + 1") as client:
        client.open(URI, CODE)
        await client.execute("homebody.showPrompt")
        yield client


async def _answer(asked: Awaitable[Any]) -> tuple[Any, JsonRpcException | None]:
    try:
        return await asked, None
    except JsonRpcException as error:
        return None, error


async def _goes_on(client: Client) -> None:
    client.documents.pop("file:///w/good.py", None)
    client.open("file:///w/good.py", "y = ")
    assert [
        item["insertText"] for item in await client.complete("file:///w/good.py", 0, 4, invoked=True)
    ] == ["x + 1"]
    assert [message for message in client.messages if "bug" in message] == []
    assert client.status["kind"] == "Normal"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        (
            {"command": "homebody.refactor", "arguments": [REFACTOR | {"range": {"start": FAR, "end": FAR}}]},
            -32602,
        ),
        (
            {"command": "homebody.explain", "arguments": [{"textDocument": {"uri": URI}, "range": FAR}]},
            -32602,
        ),
        ({"command": "homebody.refactor", "arguments": [REFACTOR], "workDoneToken": [1]}, -32602),
        ({"command": "homebody.explain", "arguments": [REFACTOR], "workDoneToken": {"a": 1}}, -32602),
        ({"command": "homebody.\ud800", "arguments": []}, -32602),
        ({"command": "homebody.explain", "arguments": [{"textDocument": {"uri": "\ud800"}}]}, -32602),
    ],
    ids=["far range", "far position", "list token", "object token", "command", "uri"],
)
async def test_odd_arguments_are_refused_as_invalid(client: Client, params: dict[str, Any], code: int):
    answer, error = await _answer(client.request("workspace/executeCommand", params))

    assert error.code == code if error else answer["status"] == "refused"
    assert "bug" not in str(error)
    await _goes_on(client)


async def test_a_second_command_with_the_same_token_is_refused(serve, gate):
    async with serve([{"text": "It multiplies.", "gate_file": gate.path}]) as client:
        client.open(URI, CODE)
        params = {
            "command": "homebody.explain",
            "arguments": [{"textDocument": {"uri": URI}}],
            "workDoneToken": "mine",
        }
        first = asyncio.ensure_future(client.request("workspace/executeCommand", params))
        await until(lambda: any(method == "$/progress" for method, _ in client.notifications))
        with pytest.raises(JsonRpcException, match="in use") as caught:
            await client.request("workspace/executeCommand", params)
        gate.open()

        assert caught.value.code == -32602
        assert (await first)["markdown"] == "It multiplies."
        assert (await client.request("workspace/executeCommand", params))["markdown"] == "It multiplies."


@pytest.mark.parametrize("answer", [None, {"applied": "no"}])
async def test_an_odd_answer_to_an_edit_is_a_refusal(client: Client, answer: object):
    """The command ends with a reason, for any answer of the editor."""

    async def answered(_params: object) -> object:
        return answer

    client.on_request["workspace/applyEdit"] = answered
    result = await client.refactor(URI, BODY, action="docstring")

    assert result["status"] in {"refused", "applied"}
    assert "bug" not in result.get("reason", "")
    await _goes_on(client)

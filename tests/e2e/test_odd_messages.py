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
LONG = "x" * 300
ODD_URIS = (
    "file:///w/a%00b.py",
    "file:///w/\ud800.py",
    "file://[",
    "file:////[",
    "//[",
    f"file:///w/{LONG}.py",
    "file:///w/%ff%fe.py",
    "file:",
    "",
    ":",
    "untitled:\udc00",
    "vscode-notebook-cell:///w/%00#x",
)


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


async def test_half_a_surrogate_pair_in_an_instruction_or_a_selected_item_is_answered(client: Client):
    """Text that cannot be encoded is replaced before it is put into a prompt."""
    result = await client.refactor(URI, BODY, instruction="use \ud83d here")
    params = {
        "textDocument": {"uri": URI},
        "position": {"line": 1, "character": 8},
        "context": {"triggerKind": 1, "selectedCompletionInfo": {"range": RANGE, "text": "\ude00"}},
    }
    ghost = await client.request("textDocument/inlineCompletion", params)

    assert result["status"] in {"applied", "refused", "unchanged"}
    assert "bug" not in result.get("reason", "")
    assert "items" in ghost
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


async def test_odd_uris_never_cause_an_internal_error(client: Client):
    for uri in ODD_URIS:
        client.open(uri, "y = \n", "python")
        client.notify("textDocument/didFocus", {"textDocument": {"uri": uri}, "position": FAR})
        client.notify("textDocument/didFocus", {"textDocument": {"uri": uri}})
        client.type(uri, 4, "x")
        assert isinstance(await client.complete(uri, 0, 5, invoked=True), list)
        answer, error = await _answer(client.explain(uri))
        assert "bug" not in str(error), uri
        assert error or "markdown" in answer
        changes = [{"uri": uri, "type": kind} for kind in (1, 2, 3)]
        client.notify("workspace/didChangeWatchedFiles", {"changes": changes})
        client.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
        client.close(uri)
    await _goes_on(client)


async def test_a_change_that_cannot_be_read_ends_the_service_of_its_document(client: Client):
    """After a lost change, suggestions would be for another text; a message tells the user what to do."""
    far = {"start": FAR, "end": FAR}
    identifier = {"uri": URI, "version": 2}
    change = {"textDocument": identifier, "contentChanges": [{"range": far, "text": "x"}]}
    client.notify("textDocument/didChange", change)
    assert await client.complete(URI, 1, 4, invoked=True) == []
    (message,) = client.messages
    assert "close the file and open it again" in message
    whole = {"textDocument": identifier | {"version": 3}, "contentChanges": [{"text": "y = "}]}
    client.notify("textDocument/didChange", whole)

    assert [item["insertText"] for item in await client.complete(URI, 0, 4)] == ["x + 1"]


async def test_a_failure_is_one_message_and_a_failed_command_none(serve):
    async with serve([{"fault": "refused"}]) as client:
        client.open(URI, CODE)
        await client.execute("homebody.showPrompt")
        with pytest.raises(JsonRpcException, match="refused the request"):
            await client.explain(URI)
        assert client.messages == []
        document = client.documents[URI]
        for _ in range(20):
            document = client.type(URI, 29, "x")
            assert await client.complete(URI, *document.position_of(30)) == []
        kinds = [
            status["kind"] for method, status in client.notifications if method.endswith("didChangeStatus")
        ]

        assert len(client.messages) <= 1
        assert kinds.count("Error") <= 3
        assert kinds[-1] == "Error"

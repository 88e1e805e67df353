"""Notifications, and the server's own requests: what the client sends never stops the server."""

import asyncio

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from homebody.lsp.server import Server
from support.wire import Wire, turn


async def test_notifications_are_never_answered():
    wire = await Wire().initialized()
    for method, params in (
        ("test/note", 1),
        ("test/unknown", {}),
        ("textDocument/didOpen", 3),
        ("$/cancelRequest", {"id": []}),
        ("$/cancelRequest", None),
        ("$/setTrace", {"value": "off"}),
    ):
        wire.take({"jsonrpc": "2.0", "method": method, "params": params})
    await turn()

    assert wire.heard == [1]
    assert wire.sent == []


async def test_a_notification_that_fails_shows_no_message(caplog: pytest.LogCaptureFixture):
    wire = await Wire().initialized()
    lost: list[object] = []

    def fail(_server: Server, _params: object) -> None:
        raise KeyError

    wire.server.protocol.on_notice("test/fail", fail, unreadable=lambda _server, params: lost.append(params))
    wire.take({"method": "test/fail", "params": {"x": 1}})
    await turn()

    assert wire.sent == []
    assert lost == [{"x": 1}]
    assert "a bug" in caplog.text


@pytest.mark.parametrize(
    "answer",
    [
        {"error": {"code": -32601, "message": "no"}},
        {"error": "odd"},
        {"error": {"code": "x"}},
        {"result": 3},
        {"result": None},
        {"error": None},
    ],
)
async def test_a_malformed_answer_of_the_client_is_an_error_for_the_caller(answer: dict[str, object]):
    wire = await Wire().initialized()
    edit = types.ApplyWorkspaceEditParams(types.WorkspaceEdit())
    asked = asyncio.ensure_future(wire.server.workspace_apply_edit_async(edit))
    await turn()
    wire.take({"jsonrpc": "2.0", "id": wire.sent[0]["id"], **answer})
    with pytest.raises(JsonRpcException):
        await asked


async def test_answers_to_nothing_are_ignored():
    wire = await Wire().initialized()
    for msg_id in ("x", 3, True, 1.5, None, []):
        wire.take({"jsonrpc": "2.0", "id": msg_id, "result": None})
    assert wire.sent == []


async def test_the_server_ends_when_the_client_is_gone():
    """Once nothing can be sent, the server stops instead of failing at each message."""
    wire = await Wire().initialized()
    stopped: list[bool] = []

    def write(_data: bytes) -> None:
        raise BrokenPipeError

    wire.write = write
    wire.server.connect(wire, lambda: stopped.append(True))
    wire.server.show_message("x")
    wire.server.show_message("y")

    assert stopped == [True]

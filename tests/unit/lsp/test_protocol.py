"""One response for each request, for any messages and any behaviour of handlers."""

import asyncio
from typing import Any

import pytest
from pygls.exceptions import JsonRpcContentModified

from homebody.errors import BackendUnavailable, UnknownAction
from support.wire import INLINE, Wire, turn


def _error(message: dict[str, Any]) -> tuple[int, str]:
    return message["error"]["code"], message["error"]["message"]


async def test_params_that_do_not_parse_are_answered_with_what_is_wrong():
    wire = await Wire().initialized()
    code, message = _error(await wire.ask("textDocument/inlineCompletion", {"position": 3}))
    assert code == -32602
    assert "textDocument/inlineCompletion" in message


@pytest.mark.parametrize(
    ("raised", "code", "message"),
    [
        (UnknownAction("There is no action `x`."), -32602, "There is no action `x`."),
        (BackendUnavailable("Nothing answers."), -32803, "Nothing answers."),
        (JsonRpcContentModified("no"), -32801, "no"),
        (KeyError("x"), -32603, "Homebody failed here, which is a bug: KeyError: 'x'"),
    ],
)
async def test_errors_of_handlers_are_answered(raised: Exception, code: int, message: str):
    async def fail(_params: object) -> object:
        raise raised

    wire = await Wire(fail).initialized()

    assert _error(await wire.ask("test/run")) == (code, message)
    assert len(wire.sent) == 1


async def test_the_newest_request_wins_and_the_older_is_empty():
    gate = asyncio.Event()

    async def wait(_params: object) -> object:
        await gate.wait()
        return ["done"]

    wire = await Wire(wait).initialized()
    other = INLINE | {"textDocument": {"uri": "file:///b.py"}}
    for msg_id, params in enumerate((INLINE, other, INLINE)):
        wire.call("textDocument/inlineCompletion", params, msg_id)
    await turn()
    assert [(m["id"], m["result"]) for m in wire.sent] == [(0, [])]
    gate.set()
    await turn()

    assert {m["id"]: m["result"] for m in wire.sent} == {0: [], 1: ["done"], 2: ["done"]}


async def test_nothing_is_served_before_initialize_and_initialize_only_once():
    """A request that comes too early, and a second `initialize`, are errors."""
    wire = Wire()
    assert (await wire.ask("test/run"))["error"]["code"] == -32002
    await wire.initialized()
    again = {"processId": None, "rootUri": None, "capabilities": {}}
    assert (await wire.ask("initialize", again))["error"]["code"] == -32600


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", -32700),
        (b'{"jsonrpc": "2.0", "id": NaN, "method": "test/run"}', -32700),
        (b"[" * 100_000, -32700),
        (b"\xff", -32700),
        (b"[]", -32600),
        (b"{}", -32600),
        (b'{"id": {}, "method": "test/run"}', -32600),
        (b'{"id": null, "method": "test/run"}', -32600),
        (b'{"id": true, "method": "test/run"}', -32600),
        (b'{"id": 1e999, "method": "test/run"}', -32600),
    ],
)
async def test_an_invalid_message_is_answered_with_an_error(body: bytes, code: int):
    wire = await Wire().initialized()
    wire.take(body)
    assert [(m["id"], m["error"]["code"]) for m in wire.sent] == [(None, code)]


async def test_halves_of_characters_are_replaced_but_in_the_id():
    """Editors send them, as of a cut emoji; a prompt with one could not be encoded."""

    async def echo(params: object) -> object:
        return params

    wire = await Wire(echo).initialized()
    wire.take(rb'{"id": "\udfff", "method": "test/run", "params": ["\ud83d\ude00 \ud83d", "\\ud800"]}')
    await turn()
    [message] = wire.sent
    assert (message["id"], message["result"]) == ("\udfff", ["\N{GRINNING FACE} \ufffd", "\\ud800"])

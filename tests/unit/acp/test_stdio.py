"""One line of a client: a message, or an error with what is known of its id."""

import io
import json
from collections.abc import Callable
from typing import Any

import acp
import pytest

from homebody.acp.stdio import Transport, to_message


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"{broken", -32700),
        (b"\xff\xfe", -32700),
        (b"[" * 100_000, -32700),
        (b"9" * 5000, -32700),
        (b"[]", -32600),
        (b"3", -32600),
        (b'{"id":1}', -32600),
        (b'{"id":null,"method":"initialize"}', -32600),
        (b'{"id":true,"method":"initialize"}', -32600),
        (b'{"id":1e999,"method":"initialize"}', -32600),
        (b'{"id":[],"method":"initialize"}', -32600),
        (b'{"id":1,"method":["initialize"]}', -32600),
    ],
)
def test_a_line_that_is_no_message_is_refused(line: bytes, code: int):
    with pytest.raises(acp.RequestError) as refused:
        to_message(line)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("line", "message"),
    [
        # Kotlin's serializer of JetBrains IDEs names the type.
        (
            b'{"type":"com.agentclientprotocol.rpc.JsonRpcRequest","id":2,"method":"m","jsonrpc":"2.0"}',
            {"id": 2, "method": "m", "params": None},
        ),
        (b'{"method":"m","params":{"_meta":{"cwd":1},"cwd":"/"}}', {"method": "m", "params": {"cwd": "/"}}),
        (b'{"id":"\\ud800","method":"m"}', {"id": "\ud800", "method": "m", "params": None}),
        (
            b'{"id":1,"method":"m","params":["\\ud83d\\ude00 \\ud83d"]}',
            {"id": 1, "method": "m", "params": ["\N{GRINNING FACE} \N{REPLACEMENT CHARACTER}"]},
        ),
        (b'{"id":1,"result":null,"error":null}', {"id": 1, "result": None}),
        (b'{"id":1,"result":null,"error":"no"}', {"id": 1, "error": {}}),
        (b'{"id":{},"result":3}', {"id": None, "result": 3}),
        # avante.nvim reports a failed write as a result.
        (b'{"id":1,"result":"no such folder"}', {"id": 1, "error": {"message": "no such folder"}}),
    ],
)
def test_a_message_is_what_the_package_can_handle(line: bytes, message: dict[str, Any]):
    assert to_message(line) == message


async def test_an_error_has_no_data():
    """Some clients crash at `data: null`; what the package reports there is in the message."""
    sent: list[bytes] = []
    transport = Transport(io.BytesIO(), _collect(sent))
    for error in (
        acp.RequestError.method_not_found("x"),
        acp.RequestError.invalid_params({"errors": [{"loc": ("a", 0), "msg": "no"}]}),
        acp.RequestError(-32002, "gone"),
        acp.RequestError.internal_error({"details": "secret"}),
    ):
        await transport.send({"id": 1, "error": error.to_error_obj()})
    transport.flush()
    lines = b"".join(sent).splitlines()

    assert [json.loads(line)["error"] for line in lines] == [
        {"code": -32601, "message": "Method not found: x"},
        {"code": -32602, "message": "Invalid params: a.0: no"},
        {"code": -32002, "message": "gone"},
        {"code": -32603, "message": "Internal error: the log of `homebody acp` has more"},
    ]


def _collect(sent: list[bytes]) -> Callable[[memoryview], int]:
    def send(data: memoryview) -> int:
        sent.append(bytes(data))
        return len(data)

    return send

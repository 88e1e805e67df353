"""One response for each request, for any messages and any behaviour of handlers."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types

from homebody.errors import BackendUnavailable, UnknownAction
from homebody.jsonrpc import RpcError
from homebody.lsp.protocol import Handlers, Request
from homebody.lsp.server import Server

URI = "file:///a.py"
INLINE = {
    "textDocument": {"uri": URI},
    "position": {"line": 0, "character": 0},
    "context": {"triggerKind": 2},
}


class Wire:
    """A server with the handlers of a test; what it sends is kept."""

    def __init__(self, answer: Callable[[Any], Awaitable[object]] | None = None) -> None:
        self.sent: list[dict[str, Any]] = []
        self.gate = asyncio.Event()
        self.heard: list[object] = []

        async def run(params: Any) -> object:
            return await answer(params) if answer else None

        async def initialize(_params: Any) -> object:
            return {}

        async def shutdown(_params: Any) -> object:
            self.server.protocol.end_requests()

        self.server = Server()
        self.server.protocol.handlers = Handlers(
            requests={
                "initialize": Request(initialize),
                "shutdown": Request(shutdown),
                "textDocument/inlineCompletion": Request(run, lambda p: p.text_document.uri, list),
                "test/run": Request(run),
            },
            notifications={"test/note": self.heard.append},
        )
        self.server.connect(self, lambda: None)

    def write(self, data: bytes) -> None:
        """Keep a message that the server sends."""
        self.sent.append(json.loads(data.partition(b"\r\n\r\n")[2]))

    def take(self, message: object) -> None:
        """Pass a message to the server."""
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        self.server.handle_body(body)

    async def ask(self, method: str, params: object = None, msg_id: object = 1) -> dict[str, Any]:
        """Send a request, let the server work, and return its newest message."""
        self.call(method, params, msg_id)
        await turn()
        return self.sent[-1]

    def call(self, method: object, params: object = None, msg_id: object = 1) -> None:
        """Send a request."""
        self.take({"jsonrpc": "2.0", "id": msg_id, "method": method, "params": params})

    async def initialized(self) -> "Wire":
        """Initialize the connection."""
        await self.ask("initialize", {"processId": None, "rootUri": None, "capabilities": {}}, "init")
        self.sent.clear()
        return self


async def turn() -> None:
    """Let tasks start, end, and send their responses."""
    for _ in range(5):
        await asyncio.sleep(0)


def _error(message: dict[str, Any]) -> tuple[int, str]:
    return message["error"]["code"], message["error"]["message"]


async def test_params_that_do_not_parse_are_answered_with_what_is_wrong():
    """A client that sends invalid params immediately gets an error with the method's name."""
    wire = await Wire().initialized()
    code, message = _error(await wire.ask("textDocument/inlineCompletion", {"position": 3}))

    assert code == -32602
    assert "textDocument/inlineCompletion" in message


async def test_unknown_methods_are_answered():
    """An unknown method is an error, and the editor shows no message."""
    wire = await Wire().initialized()

    assert (await wire.ask("textDocument/hover"))["error"]["code"] == -32601
    assert len(wire.sent) == 1


@pytest.mark.parametrize(
    ("raised", "code", "message"),
    [
        (UnknownAction("There is no action `x`."), -32602, "There is no action `x`."),
        (BackendUnavailable("Nothing answers."), -32803, "Nothing answers."),
        (RpcError(-32801, "no"), -32801, "no"),
        (KeyError("x"), -32603, "Homebody failed here, which is a bug: KeyError: 'x'"),
    ],
)
async def test_errors_of_handlers_are_answered(raised: Exception, code: int, message: str):
    """Each kind of error has its code, and its one sentence is the message."""

    async def fail(_params: object) -> object:
        raise raised

    wire = await Wire(fail).initialized()

    assert _error(await wire.ask("test/run")) == (code, message)
    assert len(wire.sent) == 1


async def test_an_expected_error_names_its_class():
    """A script can tell errors apart without reading sentences."""

    async def fail(_params: object) -> object:
        raise BackendUnavailable("Nothing answers.")  # noqa: EM101, TRY003 - the message is the test's

    wire = await Wire(fail).initialized()

    assert (await wire.ask("test/run"))["error"]["data"] == {"kind": "BackendUnavailable"}


async def test_a_result_that_cannot_be_sent_is_answered_by_an_error():
    """The client gets a response even if a handler's result is invalid."""

    async def odd(_params: object) -> object:
        return {"x": object()}

    wire = await Wire(odd).initialized()

    assert (await wire.ask("test/run"))["error"]["code"] == -32603


async def test_a_cancelled_request_is_answered_and_its_work_ended():
    """The handler is cancelled, and the request still gets its response."""
    ended: list[str] = []

    async def wait(_params: object) -> object:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("yes")

    wire = await Wire(wait).initialized()
    wire.call("test/run", msg_id="a")
    await turn()
    wire.take({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": "a"}})
    await turn()

    assert [m["error"]["code"] for m in wire.sent] == [-32800]
    assert ended == ["yes"]


async def test_a_request_cancelled_before_it_begins_is_answered():
    """Also if a request and its cancellation arrive in one packet."""
    wire = await Wire().initialized()
    wire.call("test/run", msg_id=7)
    wire.take({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": 7}})
    await turn()

    assert [(m["id"], m["error"]["code"]) for m in wire.sent] == [(7, -32800)]


async def test_the_newest_request_wins_and_the_older_is_empty():
    """At the next key the older answer is an empty list at once; other documents are not touched."""
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


async def test_shutting_down_answers_what_runs_and_refuses_what_comes():
    """After `shutdown` no request is left open, and later ones are errors."""

    async def wait(_params: object) -> object:
        await asyncio.Event().wait()
        return None

    wire = await Wire(wait).initialized()
    wire.call("test/run", msg_id=1)
    await turn()
    await wire.ask("shutdown", msg_id=2)
    await wire.ask("test/run", msg_id=3)

    answers = {m["id"]: m.get("error", {}).get("code") for m in wire.sent}
    assert answers == {1: -32800, 2: None, 3: -32600}


async def test_nothing_is_served_before_initialize_and_initialize_only_once():
    """A request that comes too early, and a second `initialize`, are errors."""
    wire = Wire()
    assert (await wire.ask("test/run"))["error"]["code"] == -32002
    await wire.initialized()
    again = {"processId": None, "rootUri": None, "capabilities": {}}

    assert (await wire.ask("initialize", again))["error"]["code"] == -32600


async def test_an_id_in_use_is_refused():
    """Two requests of one id get two responses, the second an error."""
    gate = asyncio.Event()

    async def wait(_params: object) -> object:
        await gate.wait()
        return "ok"

    wire = await Wire(wait).initialized()
    wire.call("test/run")
    assert (await wire.ask("test/run"))["error"]["code"] == -32600
    gate.set()
    await turn()

    assert wire.sent[-1]["result"] == "ok"


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
    """An invalid message without an id is answered with the id null, as JSON-RPC requires."""
    wire = await Wire().initialized()
    wire.take(body)

    assert [(m["id"], m["error"]["code"]) for m in wire.sent] == [(None, code)]


async def test_a_request_without_a_method_is_refused_by_its_id():
    """Every message with an id gets a response with this id."""
    wire = await Wire().initialized()
    wire.call(5, msg_id="x")

    assert [(m["id"], m["error"]["code"]) for m in wire.sent] == [("x", -32600)]


async def test_notifications_are_never_answered():
    """Unknown and malformed ones, and cancellations of unknown ids, are ignored."""
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
    """The server's own requests end for any response of the client."""
    wire = await Wire().initialized()
    edit = types.ApplyWorkspaceEditParams(types.WorkspaceEdit())
    asked = asyncio.ensure_future(wire.server.request(types.WORKSPACE_APPLY_EDIT, edit))
    await turn()
    wire.take({"jsonrpc": "2.0", "id": wire.sent[0]["id"], **answer})
    with pytest.raises(RpcError):
        await asked


async def test_answers_to_nothing_are_ignored():
    """A response without a request, or a second one, has no effect."""
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


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
methods = st.sampled_from(
    ["test/run", "textDocument/inlineCompletion", "textDocument/didOpen", "test/note", "initialize", "x", ""]
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            methods | json_values,
            json_values | st.just(INLINE),
            st.integers(0, 3) | st.text(max_size=1) | st.none(),
        ),
        max_size=12,
    )
)
def test_every_request_gets_exactly_one_response(messages: list[tuple[object, object, object]]):
    """Methods, params and ids of all kinds, some ids twice: as many responses as requests."""

    async def run() -> list[object]:
        async def wait(_params: object) -> object:
            await asyncio.sleep(0)
            return None

        wire = await Wire(wait).initialized()
        for method, params, msg_id in messages:
            wire.call(method, params, msg_id)
        await turn()
        return [message["id"] for message in wire.sent]

    asked = [msg_id for _, _, msg_id in messages]
    assert Counter(asyncio.run(run())) == Counter(asked)

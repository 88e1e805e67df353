"""Malformed input to the real process: one response for each request, and the server continues."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pygls.exceptions import JsonRpcException

from homebody.text import Span, TextEdit
from support.editor import Client
from support.until import until

URI = "file:///w/app.py"
REQUESTS = (
    "textDocument/inlineCompletion",
    "textDocument/completion",
    "textDocument/codeAction",
    "workspace/executeCommand",
    "initialize",
    "textDocument/hover",
    "$/unknown",
    "",
)
NOTIFICATIONS = (
    "textDocument/didOpen",
    "textDocument/didChange",
    "textDocument/didClose",
    "textDocument/didSave",
    "textDocument/didFocus",
    "textDocument/didShowCompletion",
    "textDocument/didPartiallyAcceptCompletion",
    "notebookDocument/didOpen",
    "notebookDocument/didChange",
    "notebookDocument/didClose",
    "workspace/didChangeWatchedFiles",
    "workspace/didChangeWorkspaceFolders",
    "window/workDoneProgress/cancel",
    "initialized/not",
    "$/cancelRequest",
    "$/setTrace",
)

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6)
    | st.sampled_from([URI, "file:///w/other.py", "git:x", "homebody.explain", "homebody.refactor", "\ud800"])
)
keys = st.sampled_from(
    ["textDocument", "uri", "version", "position", "line", "character", "range", "start", "end", "context",
     "triggerKind", "command", "arguments", "contentChanges", "text", "languageId", "item", "id", "token",
     "notebookDocument", "cells", "cellTextDocuments", "change", "structure", "array", "event", "added"]
)  # fmt: skip
garbage = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=5),
    max_leaves=12,
)
# Partly valid messages: those that pass the first checks reach the handlers.
positions = st.fixed_dictionaries({"line": st.integers(0, 9), "character": st.integers(0, 99)})
plausible = st.fixed_dictionaries(
    {},
    optional={
        "textDocument": st.fixed_dictionaries(
            {"uri": st.sampled_from([URI, "file:///w/none.py", "git:x"])},
            optional={
                "version": st.integers(0, 3),
                "languageId": st.text(max_size=3),
                "text": st.text(max_size=9),
            },
        ),
        "position": positions,
        "range": st.fixed_dictionaries({"start": positions, "end": positions}),
        "context": st.fixed_dictionaries(
            {}, optional={"triggerKind": garbage, "diagnostics": garbage, "only": garbage}
        ),
        "command": st.sampled_from(
            ["homebody.explain", "homebody.refactor", "homebody.toggle", "homebody.status"]
        ),
        "arguments": st.lists(garbage, max_size=2),
        "contentChanges": st.lists(
            st.fixed_dictionaries({"text": st.text(max_size=5)}) | garbage, max_size=2
        ),
    },
)
params = garbage | plausible


@pytest.fixture
async def garbage_eater(serve):
    """A server that has a document open."""
    async with serve("x + 1") as client:
        client.open(URI, "def area(width):\n    return width\n")
        await client.execute("homebody.showPrompt")
        yield client


async def test_every_request_is_answered_once_even_if_malformed(garbage_eater: Client):
    """Hundreds of malformed messages: one answer per id, no message shown, and the server still works."""
    client = garbage_eater
    settled: list[int] = []
    handle_message = client.protocol.handle_message

    def count(message: Any) -> None:
        if hasattr(message, "id") and not hasattr(message, "method"):
            settled.append(message.id)
        handle_message(message)

    client.protocol.handle_message = count

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(st.sampled_from((*REQUESTS, *NOTIFICATIONS)), params), max_size=8))
    def send(messages: list[tuple[str, Any]]) -> None:
        for method, payload in messages:
            if method in REQUESTS:
                asked.append(asyncio.ensure_future(client.request(method, payload)))
            else:
                client.notify(method, payload)

    asked: list[asyncio.Future[Any]] = []
    send()
    answers = await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 60)
    status = await client.execute("homebody.status")

    assert [a for a in answers if isinstance(a, RuntimeError) or getattr(a, "code", None) == -32603] == []
    assert max(Counter(settled).values()) == 1
    assert len(settled) == len(asked) + 1
    assert status["kind"] in {"Normal", "Inactive"}
    assert [message for message in client.messages if "out of order" not in message] == []


async def test_many_fast_keystrokes_are_all_answered(serve):
    """Keystrokes are faster than the model: every request is answered, the last one with a suggestion."""
    script = [{"text": "return width", "probability": 0.9, "delay_ms": 20, "piece_delay_ms": 10}]
    async with serve(script) as client:
        document = client.open(URI, "def area(width):\n    \n")
        await client.execute("homebody.showPrompt")
        asked = []
        for key in "return widt" * 6:
            document = client.type(URI, 21, key)
            asked.append(asyncio.ensure_future(client.complete(URI, 1, 5)))
            await asyncio.sleep(0.005)
        document = client.change(URI, _everything(document, "def area(width):\n    \n"))
        asked.append(asyncio.ensure_future(client.complete(URI, 1, 4, invoked=True)))
        answers = await asyncio.wait_for(asyncio.gather(*asked), 60)

        assert len(answers) == 67
        assert answers[-1][0]["insertText"] == "return width"


async def test_after_many_undos_the_suggestion_matches_the_document(serve):
    """Thirty keystrokes are typed and undone three times, faster than the model answers."""
    replies = [{"text": "WHOLE", "contains": "xxx", "probability": 0.95, "piece_delay_ms": 20}]
    async with serve([*replies, {"text": "EMPTY", "probability": 0.95, "piece_delay_ms": 20}]) as client:
        document = client.open(URI, "name = \n")
        await client.execute("homebody.showPrompt")
        running: list[asyncio.Task[Any]] = []
        for _ in range(3):
            for _ in range(30):
                document = client.type(URI, 7, "x")
                running.append(asyncio.create_task(client.complete(URI, *document.position_of(8))))
                await asyncio.sleep(0.002)
            for _ in range(30):
                document = client.change(URI, TextEdit(Span(7, 8), ""))
                running.append(asyncio.create_task(client.complete(URI, *document.position_of(7))))
                await asyncio.sleep(0.002)
        (item,) = await client.complete(URI, 0, 7)
        answers = await asyncio.wait_for(asyncio.gather(*running, return_exceptions=True), 60)

        assert item["insertText"] == "EMPTY"
        assert item["range"]["start"] == item["range"]["end"] == {"line": 0, "character": 7}
        assert len(answers) == 180


async def test_each_of_fifty_open_documents_gets_its_own_suggestion(serve):
    """Requests that alternate between documents are answered, never with another document's text."""
    replies = [
        {"text": f"value_{number}", "contains": f"name_{number} =", "probability": 0.95}
        for number in range(50)
    ]
    async with serve(replies) as client:
        for number in range(50):
            client.open(f"file:///w/m{number}.py", f"name_{number} = \n")
        await client.execute("homebody.showPrompt")
        for number in [*range(50), *range(49, -1, -7)]:
            column = len(f"name_{number} = ")
            (item,) = await client.complete(f"file:///w/m{number}.py", 0, column)
            assert item["insertText"] == f"value_{number}"


async def test_changes_out_of_order_are_reported_once_and_reopening_recovers(serve):
    """No suggestion is made for a text that differs from the editor's, and a message names the reason."""
    async with serve("x + 1") as client:
        client.open(URI, "a = \n")
        await client.execute("homebody.showPrompt")
        client.type(URI, 4, "b")
        for version in (1, 0):
            start = {"line": 0, "character": 0}
            change = {"range": {"start": start, "end": start}, "text": "c"}
            identifier = {"uri": URI, "version": version}
            client.notify("textDocument/didChange", {"textDocument": identifier, "contentChanges": [change]})
        assert await client.complete(URI, 0, 4) == []
        (result,) = (message for message in client.messages if "out of order" in message)
        assert result.startswith("The editor's changes of app.py came out of order or cannot be read; close")
        client.close(URI)
        client.open(URI, "a = \n")
        assert [item["insertText"] for item in await client.complete(URI, 0, 4)] == ["x + 1"]


async def test_a_request_for_a_document_closed_meanwhile_is_answered(serve):
    """Closing a document answers its request, and nothing of it is left."""
    async with serve([{"text": "x", "gate_file": "/nowhere/gate"}]) as client:
        client.open(URI, "y = ")
        await client.execute("homebody.showPrompt")
        asked = asyncio.ensure_future(client.complete(URI, 0, 4))
        await until(lambda: client.status.get("busy"))
        client.close(URI)

        assert await asyncio.wait_for(asked, 60) == []


async def test_shutdown_answers_running_requests(serve):
    """An explanation that is streaming when the editor quits is answered first."""
    async with serve([{"text": "a b c d e f", "gate_file": "/nowhere/gate", "gate_after": 3}]) as client:
        client.open(URI, "y = 1")
        pieces: list[str] = []
        asked = asyncio.ensure_future(client.explain(URI, on_text=pieces.append))
        await until(lambda: pieces)
        assert await client.request("shutdown") is None
        with pytest.raises(JsonRpcException) as caught:
            await asked

        assert caught.value.code == -32800
        with pytest.raises(JsonRpcException, match="shutting down"):
            await client.execute("homebody.status")


def _everything(document, text):

    return TextEdit(Span(0, len(document.text)), text)

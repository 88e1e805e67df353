"""Refactor, refine and apply are cancelled at each stage, in both of LSP's ways; the next request works."""

import asyncio
import itertools
from typing import Any

import pytest

from homebody.text import Span
from support.cancelled import BARS, CANCELLED, WAYS, send
from support.editor import Client
from support.until import until

URI = "file:///w/app.py"
CODE = "def area(width, height):\n    result = width * height\n    return result\n"
NEW = "def area(width, height):\n    return width * height\n"
GOOD = f"```python\n{NEW}```"
BODY = Span(CODE.index("result ="), CODE.index("result ="))
STAGES = ("before the first word", "in the middle of the answer", "in the second answer")


def _replies(closed: str) -> list[dict[str, Any]]:
    return [
        {"contains": "That cannot be used", "text": GOOD, "gate_file": closed},
        {"contains": STAGES[0], "text": GOOD, "gate_file": closed},
        {"contains": STAGES[1], "text": GOOD, "gate_file": closed, "gate_after": 3},
        {"contains": STAGES[2], "text": "```python\ndef area(width:\n```"},
        {"text": GOOD},
    ]


@pytest.mark.parametrize("command", ["homebody.refactor", "homebody.refine"])
async def test_a_rewrite_is_cancelled_at_each_stage_in_both_ways(serve, gate, command):
    async with serve(_replies(gate.path), capabilities=BARS) as client:
        client.open(URI, CODE)
        first = await client.refactor(URI, BODY, instruction="Shorter.", apply=False)
        for stage, way in itertools.product(STAGES, WAYS):
            argument = {"edit": first["id"], "instruction": stage}
            if command == "homebody.refactor":
                argument = _refactor(client, stage)
            assert await _cancelled(client, command, argument, stage, way) == _expected(way)
            assert client.documents[URI].text == CODE
        argument = {"edit": first["id"], "instruction": "Now."}
        if command == "homebody.refactor":
            argument = _refactor(client, "Now.")
        assert (await client.execute(command, argument))["status"] == "applied"
        assert client.documents[URI].text == NEW
        assert client.messages == []


async def test_a_rewrite_of_large_code_is_cancelled_in_its_second_part(serve, gate):
    functions = "".join(f"def f{n}(a):\n    b = a\n    return b * {n}\n\n\n" for n in range(40))
    replies = [
        {"regex": r"code:\n\n```python\ndef f1\(", "text": "```python\n", "gate_file": gate.path},
        {"text": "```python\ndef f0(a):\n    return a * 0\n```"},
    ]
    for way in WAYS:
        async with serve(replies, capabilities=BARS, context_length=700) as client:
            client.open(URI, functions)
            argument = _refactor(client, "Shorter.", Span(0, len(functions)))
            found = await _cancelled(client, "homebody.refactor", argument, "part 2 of 40", way)
            assert found == _expected(way)
            assert client.documents[URI].text == functions


@pytest.mark.parametrize("command", ["homebody.refactor", "homebody.refine", "homebody.apply"])
async def test_a_request_is_cancelled_while_the_editor_applies_the_edit(serve, command):
    """It is answered as cancelled; the editor decides whether it applies the edit."""
    async with serve(GOOD, capabilities=BARS) as client:
        client.open(URI, CODE)
        asked, allowed = asyncio.Event(), asyncio.Event()
        take = client.on_request["workspace/applyEdit"]

        async def applied_late(params: object) -> object:
            asked.set()
            await allowed.wait()
            return await take(params)

        first = await client.refactor(URI, BODY, instruction="Shorter.", apply=False)
        answer = await client.execute("homebody.ask", {"question": "How?", "textDocument": {"uri": URI}})
        client.on_request["workspace/applyEdit"] = applied_late
        arguments = {
            "homebody.refactor": _refactor(client, "Shorter."),
            "homebody.refine": {"edit": first["id"], "instruction": "Now."},
            "homebody.apply": {
                "conversationId": answer["conversationId"],
                "block": 0,
                "textDocument": {"uri": URI},
            },
        }
        sent = await send(client, command, arguments[command])
        await asked.wait()
        sent.cancel("$/cancelRequest")
        assert await sent.outcome() == CANCELLED
        allowed.set()
        await until(lambda: client.documents[URI].text == NEW)
        client.on_request["workspace/applyEdit"] = take
        repeated = await client.refactor(URI, BODY, instruction="Shorter.")
        assert repeated["status"] == "unchanged"


def _refactor(client: Client, instruction: str, span: Span = BODY) -> dict[str, Any]:
    document = client.documents[URI]
    points = [document.position_of(offset) for offset in (span.start, span.end)]
    start, end = ({"line": line, "character": column} for line, column in points)
    return {
        "textDocument": {"uri": URI},
        "range": {"start": start, "end": end},
        "instruction": instruction,
    }


def _expected(way: str) -> object:
    return CANCELLED if way == "$/cancelRequest" else {"status": "cancelled", "notes": []}


async def _cancelled(client: Client, command: str, argument: dict[str, Any], stage: str, way: str) -> object:
    sent = await send(client, command, argument)
    await until(lambda: sent.progress)
    if stage == STAGES[1]:
        await sent.shows("characters")
    if stage == STAGES[2]:
        await _until_answered(client, "def area(width:")
    if stage.startswith("part"):
        await sent.shows("part 1")
        await _until_answered(client, "return a * 0")
    sent.cancel(way)
    return await sent.outcome()


async def _until_answered(client: Client, words: str) -> None:
    """Wait until the last recorded answer of the model has these words."""
    while True:
        shown = await client.execute("homebody.showPrompt")
        if shown is not None and words in shown["answer"]:
            return

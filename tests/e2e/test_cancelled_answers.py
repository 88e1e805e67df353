"""Explanations, answers and commit messages are cancelled at each stage, by both of LSP's ways."""

import itertools
from typing import Any

import pytest

from support.cancelled import BARS, CANCELLED, WAYS, progress, send
from support.editor import Client
from support.git import staged
from support.until import until

URI = "file:///w/app.py"
CODE = "def area(width, height):\n    return width * height\n"
STAGES = ("before the first word", "in the middle of the answer")
STREAMS = itertools.count()


def _replies(closed: str) -> list[dict[str, Any]]:
    return [
        {"contains": STAGES[0], "text": "Never said.", "gate_file": closed},
        {"contains": STAGES[1], "text": "One two three four.", "gate_file": closed, "gate_after": 2},
        {"text": "It multiplies."},
    ]


def _commands(stage: str, conversation: str, folder: str) -> dict[str, dict[str, Any]]:
    here = {"textDocument": {"uri": f"{URI}?{stage}".replace(" ", "%20")}}
    return {
        "explain": {"command": "homebody.explain", **here},
        "explain output": {"command": "homebody.explain", "text": f"Error: {stage}"},
        "ask": {"command": "homebody.ask", "question": f"Why {stage}?"},
        "follow-up": {"command": "homebody.ask", "question": f"Why {stage}?", "conversationId": conversation},
        "commit": {"command": "homebody.commitMessage", "folder": folder},
    }


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("stage", STAGES)
async def test_an_answer_is_cancelled_at_each_stage_in_both_ways(serve, gate, workspace, stage, way):
    """It has LSP's error for it, its stream ends, the conversation is as before, the next one works."""
    (workspace / "staged.py").write_text(f"# {stage}\nx = 1\n")
    staged(workspace)
    async with serve(_replies(gate.path), capabilities=BARS) as client:
        first = await client.execute("homebody.ask", {"question": "What is it?"})
        known = first["conversationId"]
        for name, given in _commands(stage, known, workspace.as_uri()).items():
            argument = dict(given)
            if "textDocument" in argument:
                client.open(argument["textDocument"]["uri"], f"# {stage}\n{CODE}")
            assert await _cancelled(client, argument, stage, way) == CANCELLED, name
        heard = len(client.notifications)
        saved = await client.execute("homebody.saveConversation", {"conversationId": known})
        assert saved["markdown"] == "## What is it?\n\nIt multiplies.\n"
        assert len(await client.execute("homebody.conversations")) == 1
        again = await client.execute("homebody.ask", {"question": "And now?", "conversationId": known})
        assert again["markdown"] == "It multiplies."
        late = [p for m, p in client.notifications[heard:] if m == "$/progress" and "text" in p["value"]]
        assert late == []
        assert client.messages == []


async def test_a_long_explanation_is_cancelled_in_its_second_part(serve, gate):
    functions = "".join(f"def f{n}(a):\n    b = a\n    return b * {n}\n\n\n" for n in range(60))
    replies = [
        {"contains": "return b * 40", "text": "Never said.", "gate_file": gate.path},
        {"text": "A part."},
    ]
    for way in WAYS:
        async with serve(replies, capabilities=BARS, context_length=1024) as client:
            client.open(URI, functions)
            argument = {"command": "homebody.explain", "textDocument": {"uri": URI}, "full": True}
            assert await _cancelled(client, argument, "### ", way, headings=2) == CANCELLED
            assert client.messages == []


async def _cancelled(
    client: Client, argument: dict[str, Any], stage: str, way: str, headings: int = 0
) -> object:
    stream = f"stream-{next(STREAMS)}"
    command = argument.pop("command")
    sent = await send(client, command, argument | {"token": stream})
    if headings:
        await until(lambda: _streamed(client, stream).count(stage) >= headings)
    elif stage == STAGES[1]:
        await until(lambda: _streamed(client, stream))
    else:
        await until(lambda: sent.progress)
    sent.cancel(way)
    return await sent.outcome()


def _streamed(client: Client, token: str) -> str:
    return "".join(value["text"] for value in progress(client, token))

"""Odd orders of requests and documents to the real process: each is answered, and the server continues."""

import asyncio
from typing import Any

from homebody.text import Span, TextEdit

URI = "file:///w/app.py"


async def test_after_many_undos_the_suggestion_matches_the_document(serve):
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

"""What the client tells beside its requests: suggestions shown and taken, cells, files."""

import asyncio

from homebody.audit import read_counts
from homebody.lsp.client import CAPABILITIES
from support.until import until

URI = "file:///w/app.py"


async def test_what_is_shown_and_taken_is_counted_once(serve, tmp_path):
    """Characters are counted, no text is kept; saying it twice changes nothing."""
    async with serve("x + 1") as client:
        client.open(URI, "y = ")
        await client.execute("homebody.showPrompt")
        (item,) = await client.complete(URI, 0, 4)
        for _ in range(2):
            client.notify("textDocument/didShowCompletion", {"item": item})
        for length in (2, 4):
            taken = {"item": item, "acceptedLength": length}
            client.notify("textDocument/didPartiallyAcceptCompletion", taken)
        for _ in range(2):
            await client.execute("homebody.acceptCompletion", item["command"]["arguments"][0])
        client.notify("textDocument/didShowCompletion", {"item": {"command": "odd"}})

    (day,) = read_counts(tmp_path / "state").values()
    assert (day.shown, day.accepted, day.partly_accepted) == (1, 1, 2)
    assert day.accepted_characters == len("x + 1")
    assert b"x + 1" not in (tmp_path / "state" / "counts.json").read_bytes()


async def test_cells_stand_in_the_prompt_in_their_order(serve):
    """What the cells above define is what a cell's prompt has in front of it."""
    cells = [f"vscode-notebook-cell:/w/n.ipynb#{name}" for name in "abc"]
    texts = ["import numpy as np", "tide_tables = np.zeros(3)", "tide"]
    async with serve("tide_tables") as client:
        client.notify(
            "notebookDocument/didOpen",
            {
                "notebookDocument": {
                    "uri": "file:///w/n.ipynb",
                    "notebookType": "jupyter",
                    "version": 1,
                    "cells": [{"kind": 2, "document": uri} for uri in cells],
                },
                "cellTextDocuments": [
                    {"uri": uri, "languageId": "python", "version": 1, "text": text}
                    for uri, text in zip(cells, texts, strict=True)
                ],
            },
        )
        await client.execute("homebody.showPrompt")
        focus = {"textDocument": {"uri": cells[2]}, "position": {"line": 0, "character": 4}}
        client.notify("textDocument/didFocus", focus)
        prompt = ""
        # Snippets are chosen in a pause, for the requests that come after it.
        for _ in range(50):
            await client.complete(cells[2], 0, 4)
            prompt = (await client.execute("homebody.showPrompt"))["text"]
            if "import numpy" in prompt:
                break
            await asyncio.sleep(0.1)

        assert prompt.index("import numpy") < prompt.index("tide_tables = ")


async def test_files_and_settings_are_watched_where_the_client_can(serve):
    """A client that registers on request is asked for word of settings and files."""
    asked: list[str] = []
    workspace = CAPABILITIES["workspace"] | {
        "didChangeConfiguration": {"dynamicRegistration": True},
        "didChangeWatchedFiles": {"dynamicRegistration": True},
    }

    async def register(params):
        asked.extend(registration["method"] for registration in params["registrations"])

    async with serve(capabilities=CAPABILITIES | {"workspace": workspace}) as client:
        client.connection.on_request["client/registerCapability"] = register
        await until(lambda: asked)

    assert asked == ["workspace/didChangeConfiguration", "workspace/didChangeWatchedFiles"]

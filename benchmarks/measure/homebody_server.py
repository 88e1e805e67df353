"""Homebody as a contender: the real language server over stdio, driven as by an editor.

Each keystroke is a change and a request for ghost text; the previous request is cancelled, as in VS Code. The
record of the last prompt has the reason for an empty answer.
"""

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from pygls.exceptions import JsonRpcException

from homebody.text import Document, TextEdit
from measure.contender import Answer, Work
from support.editor import Client, start_client
from support.folders import own_folders
from support.forked import COMMAND

_KEY_SECONDS = 0.2


class HomebodyServer:
    """The plugin. Make it with ``open_homebody``."""

    name = "Homebody"

    def __init__(self, client: Client) -> None:
        self.client = client
        self._work = Work()
        self._task: asyncio.Task[None] | None = None
        self._answer: Answer | None = None

    def open(self, documents: Sequence[Document]) -> None:
        """Open the documents in the server."""
        for document in documents:
            self.client.open(document.uri, document.text, document.language_id)

    def moved(self, document: Document, offset: int, edit: TextEdit | None) -> None:
        """Send the change and request ghost text, or report the new cursor position."""
        self._answer = None
        if self._task is not None:
            self._task.cancel()
        line, column = document.position_of(offset)
        if edit is None:
            position = {"line": line, "character": column}
            focus = {"textDocument": {"uri": document.uri}, "position": position}
            self.client.notify("textDocument/didFocus", focus)
            return
        self.client.change(document.uri, edit)
        self._task = self._work.start(self._ask(document.uri, line, column))

    def answer(self) -> Answer | None:
        """The answer for the newest keystroke."""
        return self._answer

    async def aclose(self) -> None:
        """Cancel running requests and stop the server."""
        await self._work.aclose()

    async def _ask(self, uri: str, line: int, column: int) -> None:
        with suppress(JsonRpcException):
            items = await self.client.complete(uri, line, column)
            at = time.monotonic()
            if items:
                self._answer = Answer(at, items[0]["insertText"])
                return
            self._answer = Answer(at, "", "no request was sent")
            # While the next keystroke is due, the reason is not needed.
            await asyncio.sleep(_KEY_SECONDS)
            prompt = await self.client.execute("homebody.showPrompt", {"textDocument": {"uri": uri}})
            self._answer = Answer(at, "", prompt["outcome"] if prompt else "no request was sent")


@asynccontextmanager
async def open_homebody(
    backend: dict[str, object], options: dict[str, object]
) -> AsyncGenerator[HomebodyServer]:
    """Start the server in separate folders; ``options`` are settings in addition to the backend."""
    with tempfile.TemporaryDirectory() as name:
        environ = os.environ | own_folders(Path(name))
        async with start_client(
            [*COMMAND, "lsp"], options={"backend": backend} | options, environ=environ
        ) as client:
            await client.wait_for_model(600)
            server = HomebodyServer(client)
            try:
                yield server
            finally:
                await server.aclose()

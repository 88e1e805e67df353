"""Shows Markdown in an editor that has no view for it: as a temporary file, or as a message.

Only the user can read the file. The newest twenty are kept, so that an editor can still show an older one.
"""

import asyncio
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from homebody.lsp.server import Server

_KEPT = 20
_ANSWER_SECONDS = 5.0
"""Seconds to wait for the client to show a file, before the text is sent as a message."""

_MESSAGE_CHARACTERS = 1500
"""Maximum characters of a message, which most editors show in a few lines."""

_LINE_CHARACTERS = 80
"""Maximum characters that editors show completely in one line."""


async def show_markdown(server: Server, markdown: str) -> None:
    """Show Markdown in the best form that the client supports."""
    window = server.capabilities.window
    if window is not None and window.show_document is not None and window.show_document.support:
        try:
            path = await asyncio.to_thread(_write, markdown)
            params = types.ShowDocumentParams(uri=path.as_uri(), take_focus=True)
            async with asyncio.timeout(_ANSWER_SECONDS):
                answer = await server.window_show_document_async(params)
        except (OSError, JsonRpcException, TimeoutError):
            pass
        else:
            if answer.success:
                return
    server.show_message(await _as_message(markdown.strip()), types.MessageType.Info)


async def _as_message(text: str) -> str:
    """Return a text as a message; if it may not fit, begin with the path of a file with the whole text.

    An editor such as Helix shows a message in one line and cuts the rest.
    """
    if len(text) <= _LINE_CHARACTERS and "\n" not in text:
        return text
    short = text if len(text) <= _MESSAGE_CHARACTERS else text[:_MESSAGE_CHARACTERS].rstrip() + " …"
    try:
        path = await asyncio.to_thread(_write, text)
    except OSError:
        return short
    return f"The whole text is in {path}. {short}"


def _write(markdown: str) -> Path:
    """Write Markdown to a new file in the user's cache folder; only its owner can read it."""
    from homebody.settings.paths import cache_dir

    folder = cache_dir() / "answers"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    older = sorted(folder.glob("answer-*.md"), key=lambda path: path.stat().st_mtime)
    for path in older[: max(0, len(older) - _KEPT + 1)]:
        with suppress(OSError):
            path.unlink()
    # mkstemp creates a file that only its owner can read.
    handle, name = tempfile.mkstemp(prefix="answer-", suffix=".md", dir=folder)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(markdown.rstrip("\n") + "\n")
    return Path(name)

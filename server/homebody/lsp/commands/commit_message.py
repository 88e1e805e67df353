"""``homebody.commitMessage``: a message for the staged changes, streamed. Nothing is committed."""

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from lsprotocol import types

from homebody.errors import UsageError
from homebody.lsp import progress
from homebody.lsp.arguments import parse
from homebody.lsp.commands.common import Result, parts_of, usage_of
from homebody.lsp.server import Server

if TYPE_CHECKING:
    from homebody.engine import Engine


class CommitMessage(msgspec.Struct, frozen=True):
    """The argument: the URI of a folder in a repository; by default the first of the workspace."""

    folder: str | None = None
    token: str | int | None = None
    full: bool = False


async def commit_message(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Write a message."""
    argument = parse(params.command, params.arguments, CommitMessage)
    async with (
        server.service.asking() as opened,
        progress.shown(server, "Writing a commit message", params.work_done_token) as bar,
    ):
        from homebody.features import commit_message as feature

        written = await feature.commit_message(
            opened.engine,
            _folder(opened.engine, argument.folder),
            full=argument.full,
            on_text=progress.text_sender(server, argument.token),
            on_read=progress.read_sender(server, argument.token, bar),
        )
    return {
        "message": written.markdown,
        "complete": written.complete,
        "usage": usage_of(written.usage),
        **parts_of(server, written),
    }


def _folder(engine: "Engine", uri: str | None) -> Path:
    from homebody.workspace.uri import path_of

    folder = path_of(uri) if uri else next(iter(engine.folders), None)
    if folder is None:
        message = "No folder is open: name one in `folder` by its file: URI."
        raise UsageError(message)
    return folder

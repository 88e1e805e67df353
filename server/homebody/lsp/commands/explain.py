"""``homebody.explain``: explain code, a diagnostic, pasted output or a diff; ``homebody.commitMessage``.

An editor that has no view for Markdown gets it as a file that only the user can read.
"""

import asyncio
import time
from contextlib import nullcontext, suppress
from pathlib import Path

import msgspec
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from homebody.engine import Engine
from homebody.errors import UsageError
from homebody.features import commit_message as committing
from homebody.features import explain as explaining
from homebody.features.answer import Listeners
from homebody.features.ask import add_explanation
from homebody.features.explain_text import explain_text
from homebody.lsp import progress
from homebody.lsp.arguments import parse
from homebody.lsp.commands.common import (
    AnswerArgument,
    answer_of,
    code_of,
    with_links,
)
from homebody.lsp.commands.conversations import answered_in, newest_in, store
from homebody.lsp.holder import OpenedEngine
from homebody.lsp.server import Result, Server
from homebody.regular_file import write_file
from homebody.settings.paths import cache_dir
from homebody.text import Document, Span
from homebody.workspace.uri import path_of

_KEPT = 20
"""Number of temporary files that are kept, so that an editor can still show an older one."""

_MESSAGE_CHARACTERS = 1500
"""Maximum characters of a message, which most editors show in a few lines."""
_LINE_CHARACTERS = 80
"""Maximum characters that editors show completely in one line."""


class ExplainedProblem(msgspec.Struct, frozen=True):
    """A diagnostic from the client; the argument's ``range`` is its position."""

    message: str
    source: str | None = None
    code: str | int | None = None

    @property
    def text(self) -> str:
        """The diagnostic on one line, beginning with its tool and code."""
        origin = " ".join(str(part) for part in (self.source, self.code) if part is not None)
        return f"{origin}: {self.message}" if origin else self.message


class Explain(AnswerArgument, frozen=True, rename="camel"):
    """The argument: a document, or pasted ``text`` (output or a diff).

    ``action`` names a prompt file that explains. ``full`` reads everything, however long it takes. With
    ``show`` the server shows the explanation itself.
    """

    problem: ExplainedProblem | None = None
    text: str | None = None
    action: str | None = None
    full: bool = False
    show: bool = False


async def explain(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Explain the code or text of the argument."""
    argument = parse(params, Explain)
    named = argument.text_document
    code = None if named is None else code_of(server, named, argument.range)
    in_conversation = answered_in(server, argument.conversation_id) if argument.question else nullcontext()
    async with (
        progress.bar(server, "Explaining", params.work_done_token, argument.token) as work,
        in_conversation as conversation,
        server.service.asking() as opened,
    ):
        explanation = await _explained(opened, server, argument, code, work.listeners)
        result = answer_of(server, explanation)
        if conversation is not None and code is not None:
            await add_explanation(opened.engine, conversation, *code, explanation, title=argument.question)
            result |= newest_in(conversation)
        document = None if code is None else code[0]
        result = await with_links(
            server, opened, result, argument.links, explanation.sources, document=document
        )
    if conversation is not None and argument.store:
        await store(server, conversation)
    if argument.show:
        await _show_markdown(server, result["markdown"])
    return result


async def _explained(
    opened: OpenedEngine,
    server: Server,
    argument: Explain,
    code: tuple[Document, Span | None] | None,
    listeners: Listeners,
) -> explaining.Explanation:
    if code is None:
        return await explain_text(
            opened.engine,
            argument.text or "",
            full=argument.full,
            open_document=server.documents.find,
            **listeners,
        )
    prompts = opened.engine.prompts
    return await explaining.explain(
        opened.engine,
        *code,
        prompt=prompts.action(argument.action) if argument.action else None,
        problem=argument.problem.text if argument.problem else "",
        full=argument.full,
        session=opened.session,
        **listeners,
    )


class CommitMessage(msgspec.Struct, frozen=True):
    """The argument: the URI of a folder in a repository; by default the first of the workspace."""

    folder: str | None = None
    token: str | int | None = None
    full: bool = False


async def commit_message(server: Server, params: types.ExecuteCommandParams) -> Result:
    """``homebody.commitMessage``: write a message for the staged changes; nothing is committed."""
    argument = parse(params, CommitMessage)
    async with (
        progress.bar(server, "Writing a commit message", params.work_done_token, argument.token) as work,
        server.service.asking() as opened,
    ):
        written = await committing.commit_message(
            opened.engine,
            _folder(opened.engine, argument.folder),
            full=argument.full,
            **work.listeners,
        )
        answer = answer_of(server, written)
    return {"message": answer.pop("markdown"), **answer}


def _folder(engine: Engine, uri: str | None) -> Path:
    folder = path_of(uri) if uri else next(iter(engine.folders), None)
    if folder is None:
        message = "No folder is open: name one in `folder` by its file: URI."
        raise UsageError(message)
    return folder


async def _show_markdown(server: Server, markdown: str) -> None:
    """Show Markdown as a temporary file if the client shows files, otherwise as a message.

    A message of more than a line begins with the file's path: an editor such as Helix cuts what follows.
    """
    text = markdown.strip()
    path = await asyncio.to_thread(_write, text)
    window = server.capabilities.window
    if window is not None and window.show_document is not None and window.show_document.support:
        params = types.ShowDocumentParams(uri=path.as_uri(), take_focus=True)
        with suppress(JsonRpcException):
            if (await server.window_show_document_async(params)).success:
                return
    if len(text) > _MESSAGE_CHARACTERS:
        text = text[:_MESSAGE_CHARACTERS].rstrip() + " …"
    is_line = len(text) <= _LINE_CHARACTERS and "\n" not in text
    server.show_message(text if is_line else f"The whole text is in {path}. {text}", types.MessageType.Info)


def _write(markdown: str) -> Path:
    """Write Markdown to a new file in the user's cache folder; only its owner can read it."""
    folder = cache_dir() / "answers"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for older in sorted(folder.glob("answer-*.md"))[: 1 - _KEPT]:
        with suppress(OSError):
            older.unlink()
    path = folder / f"answer-{time.time_ns()}.md"
    write_file(path, f"{markdown}\n".encode())
    return path

"""``homebody.ask``, ``explain`` and ``commitMessage``: answers as text, streamed; and what can be attached.

An editor that has no view for Markdown gets an explanation as a file that only the user can read.
"""

import asyncio
import time
from base64 import b64decode
from collections.abc import Sequence
from contextlib import nullcontext, suppress

import msgspec
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from homebody.errors import UsageError
from homebody.features import ask as asking
from homebody.features import context_items as feature
from homebody.features import explain as explaining
from homebody.features import explain_text as about_text
from homebody.features.ask import add_explanation
from homebody.features.attachments import PASTED, Attached, attach, attach_data, attach_text
from homebody.features.surroundings import admitted, shown_path
from homebody.lsp import progress
from homebody.lsp.commands import common
from homebody.lsp.commands.conversations import answered_in, newest_in
from homebody.lsp.documents import SCHEMES
from homebody.lsp.holder import OpenedEngine
from homebody.lsp.server import Result, Server
from homebody.regular_file import write_file
from homebody.session.conversation import shortened
from homebody.settings.paths import cache_dir
from homebody.workspace.uri import path_of


class DocumentDiagnostics(msgspec.Struct, frozen=True):
    """All diagnostics of one document."""

    uri: str
    diagnostics: tuple[types.Diagnostic, ...]


class AttachedItem(msgspec.Struct, frozen=True):
    """An attachment: an item of ``homebody.contextItems``, or ``text`` or ``data`` from the client.

    A client's text is for example a diagnostic, terminal output or a diff; ``data`` is a picture
    in base64; ``label`` names either. If the ``id`` is the URI of a document, they count as that document's.
    """

    id: str = ""
    kind: str = ""
    label: str = ""
    text: str | None = None
    data: str | None = None


class Ask(common.AnswerArgument, frozen=True, rename="camel"):
    """The argument.

    With ``regenerate`` the last question is answered again and ``question`` is not needed. ``diagnostics``
    are those that an attached item means.
    """

    attach: tuple[AttachedItem | str, ...] = ()
    diagnostics: tuple[DocumentDiagnostics, ...] = ()
    regenerate: bool = False


class CheckAttachment(msgspec.Struct, frozen=True):
    """The argument: an entry of ``attach`` in ``homebody.ask``."""

    item: AttachedItem | str


class ContextItems(msgspec.Struct, frozen=True, rename="camel"):
    """The argument: a part of a name, and optionally the document in view, which is then listed first.

    ``diagnostics`` are those of all servers that the editor knows.
    """

    query: str = ""
    text_document: common.TextDocument | None = None
    diagnostics: tuple[DocumentDiagnostics, ...] = ()


async def ask(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Answer a question."""
    argument = common.parse(params, Ask)
    named = argument.text_document
    document, span = (None, None) if named is None else common.code_of(server, named, argument.range)
    async with (
        progress.bar(server, "Answering", params.work_done_token, argument.token) as work,
        answered_in(server, argument) as conversation,
        server.service.asking() as opened,
    ):
        if argument.regenerate:
            reply = await asking.regenerate(opened.engine, conversation, **work.listeners)
        else:
            reply = await asking.ask(
                opened.engine,
                argument.question,
                conversation=conversation,
                document=document,
                span=span,
                attachments=[
                    await _attached(server, opened, item, argument.diagnostics) for item in argument.attach
                ],
                session=opened.session,
                **work.listeners,
            )
        answer, usage = common.answer_of(server, reply), reply.usage
        left = usage.context_length - usage.prompt_tokens - usage.output_tokens
        result = answer | newest_in(conversation) | {"usage": answer["usage"] | {"tokensLeft": max(0, left)}}
        return await common.with_links(
            server, opened, result, argument.links, reply.sources, document=document
        )


async def context_items(server: Server, params: types.ExecuteCommandParams) -> Result:
    """``homebody.contextItems``: return what can be attached, the likeliest first."""
    argument = common.parse(params, ContextItems)
    in_view = argument.text_document.uri if argument.text_document else ""
    documents = sorted(server.documents.all(), key=lambda document: document.uri != in_view)
    notebooks = server.documents.notebooks()
    cells = {cell.uri for book in notebooks.values() for cell in book}
    async with server.service.using() as opened:
        items = await feature.context_items(
            opened.engine,
            argument.query,
            documents=[document for document in documents if document.uri not in cells],
            notebooks=notebooks,
            with_problems=[document.uri for document in argument.diagnostics if document.diagnostics],
        )
    return msgspec.to_builtins(items)


async def check_attachment(server: Server, params: types.ExecuteCommandParams) -> Result:
    """``homebody.checkAttachment``: return an attachment's pictures, as the model will get them.

    Fails as a question with this attachment would.
    """
    argument = common.parse(params, CheckAttachment)
    async with server.service.using() as opened:
        attached = await _attached(server, opened, argument.item)
        return {"media": [common.media_of(media) for media in await admitted(opened.engine, attached.media)]}


async def _attached(
    server: Server,
    opened: OpenedEngine,
    item: AttachedItem | str,
    diagnostics: Sequence[DocumentDiagnostics] = (),
) -> Attached:
    if isinstance(item, str):
        item = AttachedItem(item)
    if item.data is not None:
        name = item.label or "The pasted picture"
        try:
            data = b64decode(item.data.rpartition(",")[2], validate=True)  # also of a data URI
        except ValueError as error:
            message = f"{name} is not sent as base64."
            raise UsageError(message) from error
        return await attach_data(data, name, item.id or PASTED)
    if item.text is not None:
        label = item.label or item.kind or "pasted text"
        about = item.id if item.id.partition(":")[0] in SCHEMES else ""
        return await attach_text(opened.engine, item.text, label, about=about)
    scheme, _, uri = item.id.partition(":")
    if scheme == feature.DIAGNOSTICS:
        return await _problems(opened, uri, diagnostics)
    return await attach(opened.engine, item.id, server.documents.find, server.documents.notebook)


async def _problems(opened: OpenedEngine, uri: str, known: Sequence[DocumentDiagnostics]) -> Attached:
    """Attach the diagnostics of a document; of all documents without a ``uri``."""
    attachments = [
        await attach_text(
            opened.engine,
            common.problems_text(document.diagnostics),
            f"Problems in {shown_path(opened.engine, document.uri)}",
            about=document.uri,
        )
        for document in known
        if document.diagnostics
        and uri in ("", document.uri)
        and await opened.engine.gate.refusal(document.uri) is None
    ]
    if not attachments:
        where = f"{shown_path(opened.engine, uri)} has" if uri else "There are"
        message = f"{where} no diagnostics any more: homebody.contextItems lists the available items."
        raise UsageError(message)
    return Attached.joined(attachments)


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


class Explain(common.AnswerArgument, frozen=True, rename="camel"):
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
    argument = common.parse(params, Explain)
    named, problem = argument.text_document, argument.problem
    document, span = (None, None) if named is None else common.code_of(server, named, argument.range)
    in_conversation = answered_in(server, argument) if argument.question else nullcontext()
    async with (
        progress.bar(server, "Explaining", params.work_done_token, argument.token) as work,
        in_conversation as conversation,
        server.service.asking() as opened,
    ):
        if document is None:
            explanation = await about_text.explain_text(
                opened.engine,
                argument.text or "",
                full=argument.full,
                open_document=server.documents.find,
                **work.listeners,
            )
        else:
            explanation = await explaining.explain(
                opened.engine,
                document,
                span,
                prompt=opened.engine.prompts.action(argument.action) if argument.action else None,
                problem=problem.text if problem else "",
                full=argument.full,
                session=opened.session,
                **work.listeners,
            )
        result = common.answer_of(server, explanation)
        if conversation is not None and document is not None:
            await add_explanation(
                opened.engine, conversation, document, span, explanation, title=argument.question
            )
            result |= newest_in(conversation)
        result = await common.with_links(
            server, opened, result, argument.links, explanation.sources, document=document
        )
    if argument.show:
        await _show_markdown(server, result["markdown"])
    return result


class CommitMessage(msgspec.Struct, frozen=True):
    """The argument: the URI of a folder in a repository; by default the first of the workspace."""

    folder: str | None = None
    token: str | int | None = None
    full: bool = False


async def commit_message(server: Server, params: types.ExecuteCommandParams) -> Result:
    """``homebody.commitMessage``: write a message for the changes; nothing is committed."""
    argument = common.parse(params, CommitMessage)
    async with (
        progress.bar(server, "Writing a commit message", params.work_done_token, argument.token) as work,
        server.service.asking() as opened,
    ):
        uri = argument.folder
        folder = path_of(uri) if uri else next(iter(opened.engine.folders), None)
        if folder is None:
            message = "No folder is open: name one in `folder` by its file: URI."
            raise UsageError(message)
        written, about = await about_text.commit_message(
            opened.engine, folder, full=argument.full, **work.listeners
        )
        answer = common.answer_of(server, written)
    unread = (
        "The model did not read all changes: stage fewer."
        if about_text.unread_changes(written.left_out)
        else ""
    )
    note = " ".join(sentence for sentence in (about, unread) if sentence)
    return {"message": answer.pop("markdown"), "note": note, **answer}


_KEPT = 20
"""Number of temporary files that are kept, so that an editor can still show an older one."""

_MESSAGE_CHARACTERS = 1500
"""Maximum characters of a message, which most editors show in a few lines."""

_LINE_CHARACTERS = 80
"""Maximum characters that editors show completely in one line."""


async def _show_markdown(server: Server, markdown: str) -> None:
    """Show Markdown as a temporary file if the client shows files, otherwise as a message.

    A message of more than a line begins with the file's path: an editor such as Helix cuts what follows. Only
    the user can read the file.
    """
    text = markdown.strip()
    folder = cache_dir() / "answers"
    path = folder / f"answer-{time.time_ns()}.md"

    def write() -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for older in sorted(folder.glob("answer-*.md"))[: 1 - _KEPT]:
            with suppress(OSError):
                older.unlink()
        write_file(path, f"{text}\n".encode())

    await asyncio.to_thread(write)
    window = server.capabilities.window
    if window is not None and window.show_document is not None and window.show_document.support:
        params = types.ShowDocumentParams(uri=path.as_uri(), take_focus=True)
        with suppress(JsonRpcException):
            if (await server.window_show_document_async(params)).success:
                return
    if len(text) > _LINE_CHARACTERS or "\n" in text:
        text = f"The whole text is in {path}. {shortened(text, _MESSAGE_CHARACTERS)}"
    server.show_message(text, types.MessageType.Info)

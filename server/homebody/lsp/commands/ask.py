"""``homebody.ask``: a question in a conversation, answered as a stream; and what can be attached to it."""

from base64 import b64decode
from collections.abc import Sequence

import msgspec
from lsprotocol import types

from homebody.errors import UsageError
from homebody.features import ask as asking
from homebody.features import context_items as feature
from homebody.features.attachments import PASTED, Attached, attach, attach_data, attach_text
from homebody.features.media import admitted
from homebody.features.surroundings import shown_path
from homebody.lsp import progress
from homebody.lsp.arguments import TextDocument, parse
from homebody.lsp.commands.common import (
    AnswerArgument,
    answer_of,
    code_of,
    media_of,
    problems_text,
    with_links,
)
from homebody.lsp.commands.conversations import answered_in, newest_in, store
from homebody.lsp.documents import SCHEMES
from homebody.lsp.holder import OpenedEngine
from homebody.lsp.server import Result, Server


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


class Ask(AnswerArgument, frozen=True, rename="camel"):
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
    text_document: TextDocument | None = None
    diagnostics: tuple[DocumentDiagnostics, ...] = ()


async def ask(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Answer a question."""
    argument = parse(params, Ask)
    named = argument.text_document
    document, span = (None, None) if named is None else code_of(server, named, argument.range)
    async with (
        progress.bar(server, "Answering", params.work_done_token, argument.token) as work,
        answered_in(server, argument.conversation_id) as conversation,
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
        answer, usage = answer_of(server, reply), reply.usage
        left = usage.context_length - usage.prompt_tokens - usage.output_tokens
        result = answer | newest_in(conversation) | {"usage": answer["usage"] | {"tokensLeft": max(0, left)}}
        result = await with_links(server, opened, result, argument.links, reply.sources, document=document)
    if argument.store:
        await store(server, conversation)
    return result


async def context_items(server: Server, params: types.ExecuteCommandParams) -> Result:
    """``homebody.contextItems``: return what can be attached, the likeliest first."""
    argument = parse(params, ContextItems)
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
    argument = parse(params, CheckAttachment)
    async with server.service.using() as opened:
        attached = await _attached(server, opened, argument.item)
        return {"media": [media_of(media) for media in await admitted(opened.engine, attached.media)]}


async def _attached(
    server: Server,
    opened: OpenedEngine,
    item: AttachedItem | str,
    diagnostics: Sequence[DocumentDiagnostics] = (),
) -> Attached:
    if isinstance(item, AttachedItem) and item.data is not None:
        name = item.label or "The pasted picture"
        try:
            data = b64decode(item.data.rpartition(",")[2], validate=True)  # also of a data URI
        except ValueError as error:
            message = f"{name} is not sent as base64."
            raise UsageError(message) from error
        return await attach_data(data, name, item.id or PASTED)
    if isinstance(item, AttachedItem) and item.text is not None:
        label = item.label or item.kind or "pasted text"
        about = item.id if item.id.partition(":")[0] in SCHEMES else ""
        return await attach_text(opened.engine, item.text, label, about=about)
    item_id = item if isinstance(item, str) else item.id
    scheme, _, uri = item_id.partition(":")
    if scheme == feature.DIAGNOSTICS:
        return await _problems(opened, uri, diagnostics)
    return await attach(opened.engine, item_id, server.documents.find, server.documents.notebook)


async def _problems(opened: OpenedEngine, uri: str, known: Sequence[DocumentDiagnostics]) -> Attached:
    """Attach the diagnostics of a document; of all documents without a ``uri``."""
    attachments = [
        await attach_text(
            opened.engine,
            problems_text(document.diagnostics),
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

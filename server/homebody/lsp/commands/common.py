"""Shared by several commands: finding the code, and describing an answer and its sources as JSON."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

import msgspec
from lsprotocol import types
from msgspec import to_builtins

from homebody.errors import DocumentChanged, FileUnreadable, UsageError
from homebody.lsp.convert import from_span, to_span
from homebody.lsp.server import Server
from homebody.text import Document, Span

if TYPE_CHECKING:
    from homebody.audit import PromptRecord, Source
    from homebody.features.ask import Reply
    from homebody.features.explain import Explanation
    from homebody.lsp.holder import OpenedEngine
    from homebody.media import Media
    from homebody.session.conversation import Turn


T = TypeVar("T")


TextDocument: TypeAlias = types.OptionalVersionedTextDocumentIdentifier
"""An open document; with a ``version``, a command is refused for any other version."""


class AcceptCompletion(msgspec.Struct, frozen=True):
    """``homebody.acceptCompletion``: the suggestion with this id was accepted."""

    id: str


class CursorPosition(msgspec.Struct, frozen=True, rename="camel"):
    """``textDocument/didFocus`` and ``textDocument/copilotInlineEdit``: where the user is."""

    text_document: TextDocument
    position: types.Position = types.Position(0, 0)


def parse(params: types.ExecuteCommandParams, kind: type[T]) -> T:
    """Check the argument of a command; a missing one means ``{}``.

    Raises
    ------
    UsageError
        It is invalid; the message says where.

    """
    argument, *_ = params.arguments or ({},)
    return read(f"The argument of {params.command}", argument, kind)


def read(what: str, value: object, kind: type[T]) -> T:
    """Check a value. Raises ``UsageError`` as ``parse`` does."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        message = f"{what} is not valid: {error}."
        raise UsageError(message) from error


_MOST_PROBLEMS = 100
"""Maximum number of diagnostics of one document in a prompt, the most severe ones."""

_LONGEST_MESSAGE = 300
"""Maximum characters of a diagnostic's message in a prompt."""

LinkForm: TypeAlias = bool | Literal["ranges"]
"""How an answer links to code: not, by Markdown links, or by ranges of the text beside it."""


class AnswerArgument(msgspec.Struct, frozen=True, rename="camel"):
    """What ``homebody.ask`` and ``homebody.explain`` have in common.

    An empty ``range`` is a cursor and means the function around it; without a range the document is meant.
    Text streams as ``{text}`` on ``token``. With ``links`` the result links to the code that it names. The
    answer to a ``question`` is a part of a conversation, a new one without ``conversation_id``, which
    ``store`` writes to disk.
    """

    question: str = ""
    conversation_id: str | None = None
    text_document: TextDocument | None = None
    range: types.Range | None = None
    links: LinkForm = False
    token: str | int | None = None
    store: bool = False


def document_of(server: Server, wanted: TextDocument) -> Document:
    """Return the open document.

    Raises
    ------
    FileUnreadable
        It is not open, or Homebody does not handle it.
    DocumentChanged
        It is open at another version than the requested one.

    """
    document = server.documents.find(wanted.uri)
    if document is None:
        message = (
            f"{wanted.uri} is not open in the editor, or it is binary, too large or not a file; "
            "open it first, as a text file."
        )
        raise FileUnreadable(message)
    if wanted.version is not None and wanted.version != document.version:
        message = "The document changed in the meantime; try again."
        raise DocumentChanged(message)
    return document


def code_of(
    server: Server, wanted: TextDocument, lsp_range: types.Range | None
) -> tuple[Document, Span | None]:
    """Return the open document and the span of a range in it; before anything is awaited.

    Raises ``PositionOutOfRange``, and as ``document_of`` does.
    """
    document = document_of(server, wanted)
    return document, None if lsp_range is None else to_span(document, lsp_range, server.documents.encoding)


def answer_of(server: Server, answer: "Explanation | Reply") -> dict[str, Any]:
    """Return an answer, as ``{markdown, complete, usage, sources, leftOut}``."""
    return {
        "markdown": answer.markdown,
        "complete": answer.complete,
        "usage": to_builtins(answer.usage),
        **parts_of(server, answer),
    }


def parts_of(server: Server, answer: "Explanation | Reply | PromptRecord | Turn") -> dict[str, Any]:
    """Return what went into a prompt and what did not, as ``{sources, leftOut}``.

    A source is ``{uri, range, tokens, why}``, and what was left out is ``{uri, range, why}``.
    """
    return {
        "sources": [server.documents.source(source) for source in answer.sources],
        "leftOut": [server.documents.unread(left_out) for left_out in answer.left_out],
    }


def media_of(media: "Media") -> dict[str, Any]:
    """Return what a picture is, as ``{name, label, tokens}``."""
    return {"name": media.name, "label": media.label, "tokens": media.tokens}


async def with_links(
    server: Server,
    opened: "OpenedEngine",
    result: dict[str, Any],
    form: LinkForm,
    sources: "Sequence[Source]",
    *,
    document: Document | None = None,
) -> dict[str, Any]:
    """Return ``result`` with its ``markdown`` linked to the code that it names, in the ``form``."""
    if not form:
        return result
    from homebody.features.links import linked, linked_text

    markdown: str = result["markdown"]
    if form != "ranges":
        text = await linked(opened.engine, markdown, sources, document)
        return result | {"markdown": text}
    text, links = await linked_text(opened.engine, markdown, sources, document)
    shown = Document.create("homebody:answer", "markdown", 0, text)
    encoding = server.documents.encoding
    return result | {
        "markdown": text,
        "links": [
            {"range": from_span(shown, Span(link.start, link.end), encoding), "target": link.uri}
            for link in links
        ],
    }


def problems_text(diagnostics: Sequence[types.Diagnostic]) -> str:
    """One line for each of the most severe ones: its line, severity, source and code, and message."""
    worst = sorted(diagnostics, key=_severity_of)[:_MOST_PROBLEMS]
    lines: list[str] = []
    for diagnostic in sorted(worst, key=lambda diagnostic: diagnostic.range.start.line):
        severity = _severity_of(diagnostic).name.lower()
        origin = " ".join(
            str(part) for part in (diagnostic.source, diagnostic.code) if part not in {None, ""}
        )
        message = " ".join(diagnostic.message.split())[:_LONGEST_MESSAGE]
        where = f"Line {diagnostic.range.start.line + 1}, {severity}"
        lines.append(f"{where}{f' ({origin})' if origin else ''}: {message}")
    return "\n".join(lines)


def _severity_of(diagnostic: types.Diagnostic) -> types.DiagnosticSeverity:
    return diagnostic.severity or types.DiagnosticSeverity.Error

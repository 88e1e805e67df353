"""Files of a chat: read with the client's unsaved changes, written by the client.

Files that are excluded from prompts are not read.
"""

import asyncio
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from acp import RequestError

from homebody.acp.question import Reference
from homebody.acp.session import Session
from homebody.engine import Engine
from homebody.errors import EditRefused, FileUnreadable, UsageError
from homebody.features.attachments import PASTED, Attached, attach_document, attach_text
from homebody.syntax.language import find_by_text
from homebody.text import Document, Span
from homebody.workspace.read import read_document
from homebody.workspace.uri import file_name, path_of, uri_of

_NO_FILE = frozenset({"http", "https", "zed"})
"""Schemes of texts that no file has: a page that the client has fetched, a rule or a thread of Zed."""

REQUEST_ERRORS = (RequestError, ValueError, ConnectionError)
"""What a request to the client raises: it answered with an error or in another form, or is gone."""


async def read_file(engine: Engine, session: Session, uri: str) -> Document:
    """Read a file with the client's unsaved changes if the client supports it, otherwise from disk.

    Raises
    ------
    UsageError
        It is not a file, or is excluded from prompts.
    FileUnreadable
        The file does not exist, is binary or too large.

    """
    path = path_of(uri)
    if path is None:
        message = f"{uri} is not a file."
        raise UsageError(message)
    if reason := await engine.gate.refusal(uri):
        message = f"{file_name(uri)} is never put into a prompt: {reason}."
        raise UsageError(message)
    limit = engine.settings.context.max_file_bytes
    text = await read_from_client(session, path)
    if text is None or (not text and not path.exists()):
        return await asyncio.to_thread(read_document, path, max_bytes=limit)
    if len(text.encode()) > limit or "\0" in text:
        reason = "binary" if "\0" in text else f"larger than {limit} bytes"
        message = f"{path} is {reason}, so it is not read."
        raise FileUnreadable(message)
    return _document(uri, text)


async def read_from_client(session: Session, path: Path) -> str | None:
    """Return the client's whole text of the file; ``None`` if the client cannot read it."""
    if not session.fs.read_text_file:
        return None
    try:
        return (await session.client.read_text_file(session_id=session.id, path=str(path))).content
    except REQUEST_ERRORS:
        return None


async def write_by_client(session: Session, path: Path, text: str) -> None:
    """Have the client write the whole file.

    Raises
    ------
    EditRefused
        The client refused, or reported a failure.

    """
    try:
        await session.client.write_text_file(session_id=session.id, path=str(path), content=text)
    except REQUEST_ERRORS as error:
        message = f"The editor did not write {path.name}: {error}"
        raise EditRefused(message) from error


async def attach_reference(engine: Engine, session: Session, reference: Reference) -> Attached:
    """Convert a reference to an attachment of the prompt.

    Raises
    ------
    UsageError
        The file cannot be read, or is excluded from prompts.

    """
    if reference.text is None:
        document = await read_file(engine, session, reference.uri)
        lines = reference.lines and clipped(document, reference.lines)
        return Attached((await attach_document(engine, document, lines),))
    source = _source_of(reference)
    if reason := await engine.gate.refusal(source):
        message = f"{reference.name} is never put into a prompt: {reason}."
        raise UsageError(message)
    if path_of(reference.uri) is None:
        return await attach_text(engine, reference.text, reference.name, about=source)
    document = _document(reference.uri, reference.text)
    whole = replace(await attach_document(engine, document), others=(source,))
    if reference.lines is None:
        return Attached((whole,))
    # The client embedded only these lines.
    first, last = reference.lines
    label = f"{whole.label}, lines {first + 1} to {last + 1}"
    return Attached((replace(whole, first_line=first, last_line=last, label=label),))


def _source_of(reference: Reference) -> str:
    """Return the URI whose rules apply to an embedded text."""
    parts = urlsplit(reference.sent)
    if parts.scheme not in _NO_FILE:
        return reference.sent
    # Zed names the file of a conflict: ``zed:///agent/merge-conflict?path=…``.
    path = parse_qs(parts.query).get("path", ("",))[0] if parts.scheme == "zed" else ""
    return uri_of(Path("/", path)) if path else PASTED


def clipped(document: Document, lines: tuple[int, int]) -> tuple[int, int]:
    """Return ``lines``, limited to those of the document."""
    bottom = document.line_count - 1
    return min(lines[0], bottom), min(lines[1], bottom)


def span_of(document: Document, lines: tuple[int, int]) -> Span:
    """Span of whole lines; for a single line, a cursor at its end."""
    first, last = clipped(document, lines)
    end = document.line_span(last).end
    return Span(end, end) if first == last else Span(document.line_starts[first], end)


def _document(uri: str, text: str) -> Document:
    language = find_by_text(file_name(uri), text)
    return Document.create(uri, language.ids[0] if language else "plaintext", 0, text)

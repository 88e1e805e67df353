"""Files of a chat: read with the client's unsaved changes, written by the client, and the code named in them.

Files that are excluded from prompts are not read.
"""

import asyncio
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from acp import RequestError

from homebody.acp.question import Reference, UserPrompt
from homebody.acp.session import AcpSession
from homebody.engine import Engine
from homebody.errors import EditRefused, Excluded, FileUnreadable, UsageError
from homebody.features import attachments
from homebody.features.selection import tree_of
from homebody.prompt.front_matter import Scope
from homebody.syntax.language import find as find_language
from homebody.syntax.language import find_by_text
from homebody.syntax.scope import definitions
from homebody.text import Document, Span
from homebody.workspace.files import read_document
from homebody.workspace.uri import file_name, path_of, uri_of

_NO_FILE = frozenset({"http", "https", "zed"})
"""Schemes of texts that no file has: a page that the client has fetched, a rule or a thread of Zed."""

_PLACE = re.compile(r"(?P<file>.+?)(?::(?P<first>[0-9]{1,9})(?:-(?P<last>[0-9]{1,9}))?)?", re.DOTALL)
_QUOTED = re.compile(r"""@?(?P<quote>["'`])(?P<name>.+?)(?P=quote)(?P<lines>:[0-9-]+)?(?=\s|$)""")

REQUEST_ERRORS = (RequestError, ValueError, ConnectionError)
"""What a request to the client raises: it answered with an error or in another form, or is gone."""


async def read_file(engine: Engine, session: AcpSession, uri: str) -> Document:
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


async def read_from_client(session: AcpSession, path: Path) -> str | None:
    """Return the client's whole text of the file; ``None`` if the client cannot read it."""
    if not session.fs.read_text_file:
        return None
    try:
        return (await session.client.read_text_file(session_id=session.id, path=str(path))).content
    except REQUEST_ERRORS:
        return None


async def write_by_client(session: AcpSession, path: Path, text: str) -> None:
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


async def attach_reference(engine: Engine, session: AcpSession, reference: Reference) -> attachments.Attached:
    """Convert a reference to an attachment of the prompt.

    Raises
    ------
    UsageError
        The file cannot be read, or is excluded from prompts.

    """
    if reference.data is not None:
        await _check(engine, reference, _source_of(reference))
        return await attachments.attach_data(reference.data, reference.name, _source_of(reference))
    if reference.text is None:
        if (path := path_of(reference.uri)) is not None and (
            media := await attachments.media_in(engine, path)
        ) is not None:
            return attachments.Attached(media=(media,))
        document = await read_file(engine, session, reference.uri)
        lines = reference.lines and clipped(document, reference.lines)
        return attachments.Attached((await attachments.attach_document(engine, document, lines),))
    source = _source_of(reference)
    await _check(engine, reference, source)
    if path_of(reference.uri) is None:
        return await attachments.attach_text(engine, reference.text, reference.name, about=source)
    document = _document(reference.uri, reference.text)
    whole = replace(await attachments.attach_document(engine, document), others=(source,))
    if reference.lines is None:
        return attachments.Attached((whole,))
    # The client embedded only these lines.
    first, last = reference.lines
    label = f"{whole.label}, lines {first + 1} to {last + 1}"
    return attachments.Attached((replace(whole, first_line=first, last_line=last, label=label),))


async def _check(engine: Engine, reference: Reference, source: str) -> None:
    if reason := await engine.gate.refusal(source):
        raise Excluded(reference.name, reason, source)


def _source_of(reference: Reference) -> str:
    """Return the URI whose rules apply to an embedded text."""
    parts = urlsplit(reference.sent)
    if parts.scheme not in _NO_FILE:
        return reference.sent
    # Zed names the file of a conflict: ``zed:///agent/merge-conflict?path=…``.
    path = parse_qs(parts.query).get("path", ("",))[0] if parts.scheme == "zed" else ""
    return uri_of(Path("/", path)) if path else attachments.PASTED


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


@dataclass(frozen=True, slots=True)
class CodeTarget:
    """Code to work on, and the remaining arguments of the command."""

    document: Document
    span: Span
    words: str


async def find_target(
    engine: Engine, session: AcpSession, question: UserPrompt, arguments: str, scope: Scope
) -> CodeTarget:
    """Find the code: ``FILE[:START[-END]]``, an attached file, or the previous file; optionally a name in it.

    Raises
    ------
    UsageError
        No file is named, it does not exist or cannot be read, or it has several functions and none is named.

    """
    named, words = _take_file(session, arguments)
    reference = named or next(iter(question.references), session.last)
    if reference is None:
        message = "Name a file, such as `app.py:10-20`, or attach one."
        raise UsageError(message)
    document = await read_file(engine, session, reference.uri)
    session.last = reference
    if reference.lines is not None:
        return CodeTarget(document, span_of(document, reference.lines), words)
    tree = await tree_of(engine, document)
    known = [each for each in definitions(document, tree) if each.name and each.kind != "variable"]
    name, _, rest = words.partition(" ")
    if same := [each for each in known if name.strip("`()") in {each.name, each.qualified}]:
        return CodeTarget(document, same[0].span, rest.strip())
    if scope in {"selection", "file"}:
        return CodeTarget(document, document.whole, words)
    outer = [each for each in known if not each.container]
    if scope == "function" and len(outer) != 1:
        message = f"Name a function of {file_name(document.uri)}, or lines, such as `app.py:10-20`."
        raise UsageError(message)
    return CodeTarget(document, outer[0].span if scope == "function" else Span(0, 0), words)


def _take_file(session: AcpSession, arguments: str) -> tuple[Reference | None, str]:
    """Remove the place at the beginning of the arguments if its file exists, and return it."""
    if quoted := _QUOTED.match(arguments):
        named, rest = quoted["name"] + (quoted["lines"] or ""), arguments[quoted.end() :]
    else:
        named, rest = [*arguments.split(maxsplit=1), "", ""][:2]
    place = _PLACE.fullmatch(named.removeprefix("@"))
    if place is None:
        return None, arguments
    path = session.cwd / place["file"]
    if not os.path.isfile(path):  # noqa: PTH113 - false for every name that cannot be
        if place["first"] or find_language("", place["file"]) is not None:
            message = f"There is no file {place['file']} in {session.cwd}."
            raise UsageError(message)
        return None, arguments
    lines = None
    if place["first"]:
        start = max(1, int(place["first"]))
        lines = start - 1, max(start, int(place["last"] or start)) - 1
    return Reference(uri_of(path), lines), rest.strip()

"""Attachments of a question: files, folders, symbols, diagnostics, diffs, pasted text.

They are checked by the same rules as every file that is put into a prompt.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal
from urllib.parse import urldefrag

from homebody.audit import BEYOND_DIFF, LeftOut
from homebody.context.window import Count
from homebody.engine import Engine
from homebody.errors import Excluded, NothingChanged, UsageError
from homebody.features.budgets import whole_lines
from homebody.features.selection import tree_of
from homebody.features.surroundings import check_permitted, shown_path
from homebody.media import MOST_BYTES, Media, is_named_as_media, media_type, read_media, too_large
from homebody.regular_file import FileTooLarge, read_off_loop
from homebody.syntax.chunk import Candidate
from homebody.syntax.scope import scope_around
from homebody.text import Document, Span
from homebody.workspace.diff import UNPLACED, FileDiff, Which, git_diff, is_diff, paths_in
from homebody.workspace.files import read_document
from homebody.workspace.gate import KEY
from homebody.workspace.git import find_repository
from homebody.workspace.secrets import holds_key_anywhere
from homebody.workspace.uri import is_share, path_of, uri_of

PASTED = "homebody:pasted"
"""URI of text that is not from a file."""

DIFF_SCHEME = "diff"

_LINES = re.compile(r"L(?P<first>[0-9]{1,9})(?:-L?(?P<last>[0-9]{1,9})|(?P<whole>\+))?")
_LINES_WITHOUT_TREE = 40
_MOST_FILES = 20
# Control sequences (colours, cursor movements), then operating system commands (titles, hyperlinks).
_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*+[ -/]*+[@-~]|\][^\x07\x1b\n]*+(?:\x07|\x1b\\)?|[PX^_][^\x1b\n]*+\x1b\\|[ -/]*+[0-~])"
)


@dataclass(frozen=True, slots=True)
class Attachment:
    """Text that the user attached to a question: lines of the file ``uri``, from 0, both inclusive.

    ``language`` is LSP's identifier, ``label`` the name for the model and the user, and ``keep`` which lines
    are kept if not all of them fit. If ``is_chosen``, Homebody chose it instead of the user's code, and it
    gets what is read in the reading time. ``others`` are URIs of further files that the text comes from, such
    as the old name of a renamed file.
    """

    uri: str
    first_line: int
    last_line: int
    text: str
    language: str
    label: str
    keep: Literal["beginning", "end"] = "beginning"
    is_chosen: bool = False
    others: tuple[str, ...] = ()

    @property
    def uris(self) -> tuple[str, ...]:
        """All URIs that the text comes from."""
        return (self.uri, *self.others)

    @property
    def lines(self) -> tuple[int, int]:
        """First and last line of the file."""
        return self.first_line, self.last_line

    @property
    def is_verbatim(self) -> bool:
        """Whether the text is the file's lines; those of a diff and of an outline are others."""
        return len(self.text.splitlines()) == self.last_line - self.first_line + 1

    def fitting(self, tokens: int, count: Count) -> "tuple[Attachment | None, Attachment | None]":
        """Return the whole lines that fit, and the rest; ``None`` for none."""
        lines = self.text.splitlines(keepends=True)
        is_end = self.keep == "end"
        kept = whole_lines(lines[::-1] if is_end else lines, tokens, count)
        cut = len(lines) - kept if is_end else kept
        parts = [self._part(lines[:cut], 0), self._part(lines[cut:], cut)]
        return (parts[1], parts[0]) if is_end else (parts[0], parts[1])

    def _part(self, lines: Sequence[str], start: int) -> "Attachment | None":
        if not lines:
            return None
        text = "".join(lines)
        if not self.is_verbatim:
            return replace(self, text=text)
        first = self.first_line + start
        return replace(self, text=text, first_line=first, last_line=first + len(lines) - 1)


@dataclass(frozen=True, slots=True)
class Attached:
    """Attachments, pictures, and parts of attachments that must not be sent to a model.

    ``helpful`` is related code that Homebody adds.
    """

    items: tuple[Attachment, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    media: tuple[Media, ...] = ()
    helpful: tuple[Candidate, ...] = ()

    @property
    def texts(self) -> list[str]:
        """All texts, for counting."""
        return [*(each.text for each in self.helpful), *(each.text for each in self.items)]

    @property
    def uris(self) -> tuple[str, ...]:
        """The URIs that the texts come from."""
        named = (uri for item in self.items for uri in item.uris)
        shown = (uri for media in self.media for uri in media.sources)
        return tuple(dict.fromkeys((*named, *shown, *(candidate.uri for candidate in self.helpful))))

    @classmethod
    def joined(cls, parts: "Sequence[Attached]") -> "Attached":
        """Return several as one; what several have, such as a file and its folder, is there once."""
        return cls(
            tuple(dict.fromkeys(item for part in parts for item in part.items)),
            tuple(unit for part in parts for unit in part.left_out),
            tuple(media for part in parts for media in part.media),
        )

    @property
    def labels(self) -> list[str]:
        """What was attached, for the user."""
        pictures = [f"{each.name} ({each.label})" for each in self.media]
        return [*(item.label for item in self.items), *pictures]


async def attach(
    engine: Engine,
    item_id: str,
    open_document: Callable[[str], Document | None] = lambda _: None,
    open_notebook: Callable[[str], Sequence[Document]] = lambda _: (),
) -> Attached:
    """Resolve the id of a context item.

    ``file:///w/app.py`` is a file, ``file:///w/app.py#L3-9`` lines of it, ``file:///w/`` the files of a
    folder in the index, ``diff:staged:FOLDER`` and ``diff:uncommitted:FOLDER`` (a folder's URI) are changes;
    a file may be a picture, by its content. ``open_document`` finds what an editor has open,
    ``open_notebook`` the cells of a notebook by its URI; everything else is read from disk. Raises
    ``UsageError`` if the id is unknown, or what it means must not be sent to a model.
    """
    if item_id.startswith(f"{DIFF_SCHEME}:"):
        _, which, *named = item_id.split(":", 2)
        folder = path_of(named[0]) if any(named) else _top(engine)
        if (which == "staged" or which == "uncommitted") and folder is not None:  # noqa: PLR1714 - two literals
            return await attach_changes(engine, which, folder)
        message = f"There is no diff {which!r}: attach diff:staged or diff:uncommitted."
        raise UsageError(message)
    if item_id.endswith("/"):
        return await _attach_folder(
            engine, item_id, lambda uri: attach(engine, uri, open_document, open_notebook)
        )
    if cells := open_notebook(item_id):
        path = shown_path(engine, item_id)
        items = [
            replace(await attach_document(engine, cell), label=f"{path}, cell {number}")
            for number, cell in enumerate(cells, 1)
            if cell.text.strip()
        ]
        return Attached(tuple(items))
    uri, lines = urldefrag(item_id)
    document = open_document(uri)
    if document is None:
        path = path_of(uri)
        if path is None:
            message = (
                f"There is nothing to attach under {item_id[:200]!r}: homebody.contextItems lists the items."
            )
            raise UsageError(message)
        if (media := await media_in(engine, path)) is not None:
            return Attached(media=(media,))
        document = await asyncio.to_thread(
            read_document, path, max_bytes=engine.settings.context.max_file_bytes
        )
    return Attached((await attach_document(engine, document, await _parse_lines(engine, document, lines)),))


async def _attach_folder(
    engine: Engine, folder_uri: str, attach_file: Callable[[str], Awaitable[Attached]]
) -> Attached:
    """Attach the files of a folder; one that cannot be read, or has a private key, is left out."""
    folder = shown_path(engine, folder_uri[:-1])
    parts: list[Attached] = []
    for file in await files_named(engine, f"{folder}/"):
        if file.uri.startswith(folder_uri):
            try:
                parts.append(await attach_file(file.uri))
            except UsageError as error:
                parts.append(Attached(left_out=(LeftOut(file.uri, 0, 0, str(error)),)))
    attached = Attached.joined(parts)
    if not attached.labels:
        message = f"There is no file in {folder}/ that may be put into a prompt."
        raise UsageError(message)
    return attached


async def files_named(engine: Engine, query: str) -> list[Candidate]:
    """Return files of the index whose path contains ``query``, without those that are excluded."""
    if engine.index is None:
        return []
    return await engine.allowed(await engine.index.ask(lambda index: index.files(query, limit=_MOST_FILES)))


async def attach_document(
    engine: Engine, document: Document, lines: tuple[int, int] | None = None
) -> Attachment:
    """Attach a document, or some of its lines (from 0, both inclusive). Raises ``Excluded``."""
    await check_permitted(engine, document)
    first, last = lines or (0, document.line_of(max(0, len(document.text) - 1)))
    text = document.text[document.line_starts[first] : document.line_span_with_end(last).end]
    path = shown_path(engine, document.uri)
    label = path if lines is None else f"{path}, lines {first + 1} to {last + 1}"
    return Attachment(document.uri, first, last, text, document.language_id, label)


async def attach_text(
    engine: Engine, text: str, label: str = "pasted text", language: str = "text", about: str = ""
) -> Attached:
    """Attach text that the user pasted or an editor sent: output, a diagnostic, a diff.

    A diff is sent only if none of its files is excluded. ``about`` is the URI of the document that the text
    is about: it must not be excluded either. Raises ``UsageError`` if the text contains a private key, or a
    diff whose files are unclear.
    """
    text = as_seen(text)
    if holds_key_anywhere(text):
        message = f"The {label} holds a private key, which is never put into a prompt."
        raise UsageError(message)
    named = await asyncio.to_thread(paths_in, text)
    if named is None:
        raise Excluded(label, UNPLACED)
    last = max(0, text.count("\n") - (1 if text.endswith("\n") else 0))
    others = (*([about] if about else []), *(_uri_below(_top(engine), path) for path in named))
    language = "diff" if is_diff(text) else language
    return Attached((Attachment(PASTED, 0, last, text, language, label, others=others),))


def as_seen(text: str) -> str:
    """Return output without the escape sequences of terminals; of an overwritten line, its end."""
    text = _ESCAPES.sub("", text).replace("\r\n", "\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))


async def attach_data(data: bytes, name: str, source: str = PASTED) -> Attached:
    """Attach a picture that a client or a pipe sent. Raises ``MediaUnreadable``."""
    return Attached(media=(await asyncio.to_thread(read_media, data, name, (source,)),))


async def media_in(engine: Engine, path: Path) -> Media | None:
    """Read the file if it is a picture, whatever its name says; ``None`` if it is none.

    Raises ``Excluded``: the file is excluded from prompts; ``MediaUnreadable``: it is damaged or too large,
    or no picture although its name says so.
    """
    uri = uri_of(path)
    if reason := await engine.gate.refusal(uri):
        raise Excluded(path.name, reason, uri)
    try:
        data = await read_off_loop(path, max_bytes=MOST_BYTES)
    except FileTooLarge as error:
        if is_named_as_media(path.name):
            raise too_large(path.name) from error
        return None
    except OSError:
        return None  # what reads it as text says why
    if media_type(data) is None and not is_named_as_media(path.name):
        return None
    return await asyncio.to_thread(read_media, data, path.name, (uri,))


async def attach_changes(engine: Engine, which: Which, folder: Path) -> Attached:
    """Attach the staged or all uncommitted changes of the repository around ``folder``.

    Raises ``UsageError``: there is no repository, or no change may be sent; ``NothingChanged``.
    """
    repository = await asyncio.to_thread(find_repository, folder, engine.settings.trusted_folders)
    if repository is None:
        message = f"{folder} is not in a git repository, so it has no diff."
        raise UsageError(message)
    diffs, is_cut = await asyncio.to_thread(git_diff, repository, which)
    if not diffs:
        advice = (
            "stage some with `git add`" if which == "staged" else "edit a tracked file, or stage a new one"
        )
        message = f"There are no {which} changes in {repository.root}: {advice}."
        raise NothingChanged(message)
    attached = await _diff_attached(engine, diffs, f"{which} changes", repository.root)
    if not attached.items:
        message = f"All {which} changes are in files that are never put into a prompt."
        raise UsageError(message)
    if not is_cut:
        return attached
    last = diffs[-1]
    rest = LeftOut(uri_of(repository.root / last.path), *last.lines, f"the {which} changes are {BEYOND_DIFF}")
    return replace(attached, left_out=(*attached.left_out, rest))


async def _diff_attached(engine: Engine, diffs: Sequence[FileDiff], label: str, root: Path) -> Attached:
    refusals = await engine.gate.refusals(_uri_below(root, path) for diff in diffs for path in diff.paths)
    items: list[Attachment] = []
    left_out: list[LeftOut] = []
    for diff in diffs:
        uri, others = _uri_below(root, diff.path), tuple(_uri_below(root, path) for path in diff.paths)
        reason = next(filter(None, map(refusals.get, others)), None) if others else UNPLACED
        reason = reason or (KEY if holds_key_anywhere(diff.text) else None)
        if reason is None:
            shown = f"{label} in {diff.shown}"
            items.append(Attachment(uri, *diff.lines, diff.text, "diff", shown, others=others))
        else:
            left_out.append(LeftOut(uri, *diff.lines, reason))
    return Attached(tuple(items), tuple(left_out))


def _top(engine: Engine) -> Path:
    """Return the folder that the names in a pasted diff are relative to."""
    return next(iter(engine.folders), Path.cwd())


def _uri_below(top: Path, path: str) -> str:
    """Return the URI of a file that a text names; of one on another machine, a URI without a known place."""
    return f"share:{path}" if is_share(path) else uri_of(top / path)


async def _parse_lines(engine: Engine, document: Document, fragment: str) -> tuple[int, int] | None:
    """Parse ``L3``, ``L3-9``, or ``L3+`` for the definition at line 3; lines count from 1."""
    if not fragment:
        return None
    match = _LINES.fullmatch(fragment)
    if match is None:
        message = f"{document.uri}#{fragment} is not a line range: write #L3 or #L3-9."
        raise UsageError(message)
    bottom = document.line_count - 1
    first = min(max(0, int(match["first"]) - 1), bottom)
    if match["whole"] is None:
        return first, min(max(first, int(match["last"] or match["first"]) - 1), bottom)
    tree = await tree_of(engine, document)
    offset = document.line_span(first).end
    around = scope_around(document, tree, Span(offset, offset))
    if around is None:
        return first, min(first + _LINES_WITHOUT_TREE, bottom)
    return document.lines_of(around.span)

"""Reads the file that a command names, exactly as it is."""

import codecs
import os
from dataclasses import dataclass
from pathlib import Path

from homebody.errors import FileUnreadable, PositionOutOfRange
from homebody.syntax.language import find_by_text
from homebody.text import Document, Span
from homebody.workspace.files import decoded, read_document
from homebody.workspace.git_folder import is_work_tree
from homebody.workspace.secrets import is_secret
from homebody.workspace.uri import uri_of

MAX_BYTES = 1024 * 1024
"""Default limit of a file's size, in bytes."""

_ROOT_MARKS = (".homebody.toml", ".homebody", ".hg")


@dataclass(frozen=True, slots=True, eq=False)
class SourceFile:
    """A file as it was read.

    Attributes
    ----------
    path
        Path as the user wrote it, for messages.
    target
        The file itself, symlinks followed.
    data
        All bytes, to detect later whether the file was changed.
    document
        The text after the byte order mark, with the line ends of the file.

    """

    path: Path
    target: Path
    data: bytes
    document: Document

    @property
    def mark(self) -> bytes:
        """The byte order mark, or nothing."""
        return codecs.BOM_UTF8 if self.data.startswith(codecs.BOM_UTF8) else b""

    def encode(self, text: str) -> bytes:
        """Bytes of a file that holds ``text`` in place of the document's."""
        return self.mark + text.encode()

    def offset_at(self, line: int, column: int) -> int:
        """Offset of a line and a column, both from 1; the column after the last character is the line's end.

        Raises ``PositionOutOfRange``: the position does not exist.
        """
        document = self.document
        self._check(line)
        length = len(document.line_text(line - 1))
        if not 1 <= column <= length + 1:
            message = f"{self.path}:{line} ends at column {length + 1}: there is no column {column}."
            raise PositionOutOfRange(message)
        return document.offset_at(line - 1, column - 1)

    def span_of(self, first: int, last: int) -> Span:
        """Span of whole lines from 1, both included, without the last one's line end.

        Raises ``PositionOutOfRange``: the lines do not exist.
        """
        self._check(first)
        self._check(last)
        document = self.document
        return Span(document.line_starts[first - 1], document.line_span(last - 1).end)

    def _check(self, line: int) -> None:
        count = self.document.line_count
        if not 1 <= line <= count:
            message = f"{self.path} ends at line {count}: there is no line {line}."
            raise PositionOutOfRange(message)


def read_source(path: Path, *, max_bytes: int = MAX_BYTES) -> SourceFile:
    """Read ``path``; ``max_bytes`` is ``context.max_file_bytes``.

    Raises ``FileUnreadable``: it does not exist, is not a file, not permitted, too large, binary, not UTF-8,
    or holds secrets.
    """
    read = read_document(path, max_bytes=max_bytes)
    target = Path(os.path.realpath(path))
    text = read.text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    document = Document.create(uri_of(target), read.language_id, 0, text)
    return SourceFile(path, target, read.text.encode(), document)


def source_of(data: bytes, path: Path) -> SourceFile:
    """Make a source from bytes that are not on disk, as if they were the file ``path``.

    Raises ``FileUnreadable``: they are binary or not UTF-8, hold a private key, or the name is on the list of
    secrets.
    """
    if is_secret(path):
        message = f"{path} is on the list of files that hold secrets: it is never put into a prompt."
        raise FileUnreadable(message)
    text = decoded(data, "The standard input")
    language = find_by_text(path.name, text)
    target = Path(os.path.abspath(path))  # noqa: PTH100 - it need not exist
    text = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    document = Document.create(uri_of(target), language.ids[0] if language else "plaintext", 0, text)
    return SourceFile(path, target, data, document)


def workspace_of(path: Path) -> Path:
    """Workspace of a file: the nearest folder above it with settings or a repository, else its own folder."""
    folder = Path(os.path.abspath(path)).parent  # noqa: PTH100 - resolve() would leave through a symlink
    return next((candidate for candidate in (folder, *folder.parents) if is_workspace(candidate)), folder)


def is_workspace(folder: Path) -> bool:
    """Whether a folder holds settings or a repository."""
    return is_work_tree(folder) or any((folder / mark).exists() for mark in _ROOT_MARKS)

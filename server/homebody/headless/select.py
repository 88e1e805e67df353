"""Read the file that a command names, exactly as it is.

In: a path. Out: a ``SourceFile``, whose document has neither byte order mark nor translated line ends.
"""

import codecs
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from homebody.errors import FileUnreadable, PositionOutOfRange
from homebody.syntax.language import find
from homebody.text import Document, Span

_ROOT_MARKS = (".homebody.toml", ".homebody", ".git", ".hg")


@dataclass(frozen=True, slots=True, eq=False)
class SourceFile:
    """A file as it was read.

    Attributes
    ----------
    path
        As the user wrote it, for messages.
    target
        The file itself, symlinks followed.
    data
        All bytes, to tell later whether somebody else has changed the file.
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
        """Offset of a line and a column, both from 1; one past a line's last character is its end.

        Raises
        ------
        PositionOutOfRange
            There is no such place.

        """
        document = self.document
        self._check(line)
        length = len(document.line_text(line - 1))
        if not 1 <= column <= length + 1:
            message = f"{self.path}:{line} has columns 1 to {length + 1}: there is no {column}."
            raise PositionOutOfRange(message)
        return document.offset_at(line - 1, column - 1)

    def span_of(self, first: int, last: int) -> Span:
        """Span of whole lines from 1, both included, without the last one's line end.

        Raises
        ------
        PositionOutOfRange
            There are no such lines.

        """
        self._check(first)
        self._check(last)
        document = self.document
        return Span(document.line_starts[first - 1], document.line_span(last - 1).end)

    def _check(self, line: int) -> None:
        count = self.document.line_count
        if not 1 <= line <= count:
            message = f"{self.path} has lines 1 to {count}: there is no {line}."
            raise PositionOutOfRange(message)


def read_source(path: Path, *, max_bytes: int) -> SourceFile:
    """Read ``path``.

    Raises
    ------
    FileUnreadable
        It is not there, no file, not permitted, too large, binary or not UTF-8.

    """
    try:
        target = path.resolve(strict=True)
        found = target.stat()
        if stat.S_ISDIR(found.st_mode):
            message = f"{path} is a folder; name a file in it."
            raise FileUnreadable(message)
        if not stat.S_ISREG(found.st_mode):
            message = f"{path} is no regular file; copy its content into one."
            raise FileUnreadable(message)
        if found.st_size > max_bytes:
            message = (
                f"{path} has {found.st_size} bytes, more than the {max_bytes} that are read; "
                f"raise it with --set context.max_file_bytes={found.st_size}."
            )
            raise FileUnreadable(message)
        data = target.read_bytes()
    except FileNotFoundError as error:
        message = f"{path} does not exist; check the path."
        raise FileUnreadable(message) from error
    except RuntimeError as error:
        message = f"{path} is a symlink that leads back to itself; name the file."
        raise FileUnreadable(message) from error
    except (OSError, ValueError) as error:
        message = f"{path} cannot be read: {getattr(error, 'strerror', None) or error}."
        raise FileUnreadable(message) from error
    return SourceFile(path, target, data, _document(path, target, data))


def workspace_of(path: Path) -> Path:
    """Folder that a file belongs to: the nearest above it with settings or a repository, else its own."""
    folder = Path(os.path.abspath(path)).parent  # noqa: PTH100 - resolve() would leave through a symlink
    for candidate in (folder, *folder.parents):
        if any((candidate / mark).exists() for mark in _ROOT_MARKS):
            return candidate
    return folder


def _document(path: Path, target: Path, data: bytes) -> Document:
    if b"\0" in data:
        message = f"{path} is binary; only text files are served."
        raise FileUnreadable(message)
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        message = f"{path} is not UTF-8 at line {line}; convert it first."
        raise FileUnreadable(message) from error
    language = find("", target.name)
    return Document.create(target.as_uri(), language.ids[0] if language else "plaintext", 0, text)

"""Links from a finished answer to the code that it names.

They lead to files of the workspace and to definitions in them, and to what the answer is about. Files
elsewhere, and files that do not exist, get no link.
"""

import asyncio
import re
from collections.abc import Container, Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from homebody.audit import Source
from homebody.engine import Engine
from homebody.errors import FileUnreadable
from homebody.features.selection import file_of
from homebody.features.surroundings import file_inside, shown_path
from homebody.postprocess.links import Link, found_links, with_links
from homebody.syntax.import_block import WholeFile
from homebody.syntax.tree import parse
from homebody.text import Document
from homebody.workspace.files import read_document
from homebody.workspace.uri import is_share, path_of, uri_of

_PLACE = re.compile(r"(?P<path>[^:\s]{1,300})(?::(?P<line>\d{1,7})(?:-\d{1,7})?)?")
_SYMBOL = re.compile(r"[^\W\d][\w.]{0,200}(?:\(\))?")

_DEFINES = "defines "
"""Beginning of a source's reason, before the name that it defines."""

_MOST_READ = 8
"""Maximum number of files that are searched for definitions."""

_MOST_FILES = 100
"""Maximum number of different names in one answer that are looked up on disk."""


async def linked(
    engine: Engine, markdown: str, sources: Sequence[Source], document: Document | None = None
) -> str:
    """Return ``markdown`` with links.

    ``document`` and ``sources`` are the subject of the answer: names of their definitions and files are
    linked.
    """
    finder = await _finder(engine, sources, document)
    return await asyncio.to_thread(with_links, markdown, finder.find)


async def linked_text(
    engine: Engine, markdown: str, sources: Sequence[Source], document: Document | None = None
) -> tuple[str, list[Link]]:
    """Return the text with Unix line ends, and its links as offsets; for the rest see ``linked``."""
    finder = await _finder(engine, sources, document)
    return await asyncio.to_thread(found_links, markdown, finder.find)


async def named_places(
    engine: Engine, markdown: str, sources: Sequence[Source], document: Document | None = None
) -> dict[str, str]:
    """Return the URIs of the places that an answer names, and the words that name each first."""
    text, links = await linked_text(engine, markdown, sources, document)
    named: dict[str, str] = {}
    for link in links:
        named.setdefault(link.uri, text[link.start : link.end].strip("`"))
    return named


async def _finder(engine: Engine, sources: Sequence[Source], document: Document | None) -> "_Finder":
    return _Finder(engine, sources, None if document is None else await file_of(engine, document))


class _Finder:
    """Finds the code that a name in an answer refers to; reads from disk."""

    def __init__(self, engine: Engine, sources: Sequence[Source], file: WholeFile | None) -> None:
        self._sources = sources
        self._about = file
        self._engine = engine
        self._shown = {*(source.uri for source in sources), *((file.document.uri,) if file else ())}
        self._paths = {shown_path(engine, uri): uri for uri in self._shown}
        self._known: dict[str, str | None] = {}

    def find(self, name: str) -> str | None:
        """Return the URI of a definition or a file, with its line; ``None`` for anything else."""
        if _SYMBOL.fullmatch(name) and (place := self._names.get(name.removesuffix("()"))) is not None:
            uri, line = place
            file = self._file(path_of(uri))
            return file and f"{file}#L{line + 1}"
        match = _PLACE.fullmatch(name)
        if match is None or "." not in match["path"] or is_share(match["path"]):
            return None
        path = match["path"]
        if path not in self._known and len(self._known) < _MOST_FILES:
            self._known[path] = self._look_up(path)
        uri = self._known.get(path)
        return f"{uri}#L{match['line']}" if uri and match["line"] else uri

    @cached_property
    def _names(self) -> dict[str, tuple[str, int]]:
        """Definitions by name: of the document, of the prompt, and in the lines that the model read."""
        names: dict[str, tuple[str, int]] = {}
        about = self._about
        if about is not None:
            names.update(reversed(list(_definitions(about, range(about.document.line_count)))))
        # Several parts of one file are often among the sources, and reading a long file takes about 100 ms.
        lines: dict[Path, set[int]] = {}
        for source in self._sources:
            path = path_of(source.uri)
            if source.why.startswith(_DEFINES):
                names.setdefault(source.why.removeprefix(_DEFINES), (source.uri, source.first_line))
            elif path is not None and (about is None or source.uri != about.document.uri):
                lines.setdefault(path, set()).update(range(source.first_line, source.last_line + 1))
        for path in list(lines)[:_MOST_READ]:
            with suppress(FileUnreadable):
                document = read_document(path, max_bytes=self._engine.settings.context.max_file_bytes)
                for name, place in _definitions(WholeFile(document, parse(document)), lines[path]):
                    names.setdefault(name, place)
        return names

    def _look_up(self, path: str) -> str | None:
        """Find a path: as shown in the prompt, otherwise by its end, otherwise in the workspace's folders."""
        shown = [uri for known, uri in self._paths.items() if f"/{known}".endswith(f"/{path}")]
        if path in self._paths:
            shown = [self._paths[path]]
        if len(shown) == 1:
            return self._file(path_of(shown[0]))
        return next(
            (uri for folder in self._engine.folders if (uri := self._file(folder.absolute() / path))), None
        )

    def _file(self, path: Path | None) -> str | None:
        """Return the URI of a file that exists, and is in the workspace or was read for this answer."""
        if path is None:
            return None
        uri = uri_of(path)
        with suppress(OSError, ValueError):
            if file_inside(self._engine, path) or (uri in self._shown and path.is_file()):
                return uri
        return None


def _definitions(file: WholeFile, lines: Container[int]) -> Iterator[tuple[str, tuple[str, int]]]:
    for each in file.definitions:
        line = file.document.line_of(each.header.start)
        if line in lines and not (each.kind == "variable" and each.container):
            yield each.name, (file.document.uri, line)
            if each.container:
                yield f"{each.container}.{each.name}", (file.document.uri, line)

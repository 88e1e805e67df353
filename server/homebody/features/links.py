"""Links from an answer to the code that it names, in the whole answer or while it arrives.

In: an answer in Markdown, what went into its prompt. Out: the answer with links to files of the workspace and
to definitions in them, and to what the answer is about. Files elsewhere, and files that do not exist, get no
link.
"""

import asyncio
import re
from collections.abc import Collection, Container, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from homebody.audit import Source
from homebody.engine import Engine
from homebody.errors import FileUnreadable
from homebody.features.selection import tree_of
from homebody.features.surroundings import shown_path
from homebody.postprocess.links import Link, LinkedPart, LinkReader, found_links, with_links
from homebody.syntax.scope import definitions
from homebody.syntax.tree import Tree, parse
from homebody.text import Document
from homebody.workspace.read import read_document
from homebody.workspace.uri import path_of, uri_of

_PLACE = re.compile(r"(?P<path>[^:\s]{1,300})(?::(?P<line>\d{1,7})(?:-\d{1,7})?)?")
# Links that Homebody writes into an answer, as they come in one piece: headings of parts, and places.
_OWN = re.compile(r"\[(?P<text>[^\[\]\n]{1,300})\]\((?P<uri>file:[^()\s]{1,2000})\)")

_DEFINES = "defines "
"""Beginning of a source's reason, before the name that it defines."""

_SYMBOL = re.compile(r"[^\W\d][\w.]{0,200}(?:\(\))?")

_MOST_READ = 8
"""Maximum number of files that are searched for definitions."""

_MOST_FILES = 100
"""Maximum number of different names in one answer that are looked up on disk."""


async def linked(
    engine: Engine,
    markdown: str,
    *,
    document: Document | None = None,
    sources: Sequence[Source] = (),
    own: Collection[str] = (),
) -> str:
    """Return ``markdown`` with links.

    ``document`` and ``sources`` are the subject of the answer: names of their definitions and files are
    linked.
    ``own`` are links in ``markdown`` that Homebody wrote.
    """
    finder = await _finder(engine, document, sources)
    return await asyncio.to_thread(with_links, markdown, finder.find, own)


async def linked_text(
    engine: Engine,
    markdown: str,
    *,
    document: Document | None = None,
    sources: Sequence[Source] = (),
    own: Collection[str] = (),
) -> tuple[str, list[Link]]:
    """Return the text as people read it without a renderer, and its links as offsets.

    The arguments are those of ``linked``.
    """
    finder = await _finder(engine, document, sources)
    return await asyncio.to_thread(found_links, markdown, finder.find, own)


class ArrivingLinks:
    """Links in an answer while it arrives, from ``arriving_links``."""

    def __init__(self, finder: "_Finder") -> None:
        self._finder = finder
        self._reader = LinkReader(finder.find)

    def add_sources(self, sources: Sequence[Source]) -> None:
        """Add what went into the prompt: an ``OnSources``."""
        self._finder.add_sources(sources)

    def feed(self, text: str) -> Iterator[LinkedPart]:
        """Add a piece of the answer; yield the parts that are certain now. Reads from disk."""
        for part in self.own(text):
            if part.uri is None:
                yield from self._reader.feed(part.plain)
            else:
                yield from self._reader.end()
                yield part

    def own(self, text: str) -> Iterator[LinkedPart]:
        """Yield the parts of a piece, with Homebody's own links only; all other text is unchanged."""
        at = 0
        for match in _OWN.finditer(text):
            # Other links are text of the model.
            if self._finder.leads_to_a_file(match["uri"]):
                yield LinkedPart(text[at : match.start()], text[at : match.start()])
                yield LinkedPart(match["text"], match[0], match["uri"])
                at = match.end()
        yield LinkedPart(text[at:], text[at:])

    def end(self) -> Iterator[LinkedPart]:
        """Yield the rest."""
        return self._reader.end()


async def arriving_links(engine: Engine, document: Document | None = None) -> ArrivingLinks:
    """Find links in the next answer while it arrives; ``document`` is its subject."""
    return ArrivingLinks(await _finder(engine, document, ()))


async def _finder(engine: Engine, document: Document | None, sources: Sequence[Source]) -> "_Finder":
    finder = _Finder(engine)
    finder.add_sources(sources)
    if document is not None:
        finder.add_document(document, await tree_of(engine, document))
    return finder


class _Finder:
    """Finds the code that a name in an answer refers to; reads from disk."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._names: dict[str, tuple[str, int]] = {}
        self._folders = [folder.absolute() for folder in engine.folders]
        self._paths: dict[str, str] = {}
        self._shown: set[str] = set()
        self._known: dict[str, str | None] = {}
        self._unread: list[Source] = []
        self._open = ""

    def add_sources(self, sources: Sequence[Source]) -> None:
        """Find the files of a prompt, and the definitions that it was given."""
        self._unread += sources
        for source in sources:
            self._shown.add(source.uri)
            self._paths.setdefault(shown_path(self._engine, source.uri), source.uri)
            if source.why.startswith(_DEFINES):
                self._names.setdefault(source.why.removeprefix(_DEFINES), (source.uri, source.first_line))
        self._known.clear()

    def add_document(self, document: Document, tree: Tree) -> None:
        """Find the definitions of a document."""
        self._open = document.uri  # its file may have other text
        self._shown.add(document.uri)
        self._paths[shown_path(self._engine, document.uri)] = document.uri
        self._add_definitions(document, tree, range(document.line_count))

    def _add_definitions(self, document: Document, tree: Tree, lines: Container[int]) -> None:
        for one in definitions(document, tree):
            line = document.line_of(one.header.start)
            if line not in lines or (one.kind == "variable" and one.container):
                continue
            self._names.setdefault(one.name, (document.uri, line))
            if one.container:
                self._names.setdefault(f"{one.container}.{one.name}", (document.uri, line))

    def _read_sources(self) -> None:
        """Find the definitions in the lines that the model read of other files, such as attached ones."""
        # Several parts of one file are often among the sources, and reading a long file takes about 100 ms.
        lines: dict[Path, set[int]] = {}
        for source in self._unread:
            path = path_of(source.uri)
            if path is not None and source.uri != self._open and not source.why.startswith(_DEFINES):
                lines.setdefault(path, set()).update(range(source.first_line, source.last_line + 1))
        self._unread = []
        for path in list(lines)[:_MOST_READ]:
            with suppress(FileUnreadable):
                document = read_document(path, max_bytes=self._engine.settings.context.max_file_bytes)
                self._add_definitions(document, parse(document), lines[path])

    def leads_to_a_file(self, uri: str) -> bool:
        """Whether the file of a link exists, and is in the workspace or was read for this answer."""
        return self._file(path_of(uri.partition("#")[0])) is not None

    def find(self, name: str) -> str | None:
        """Return the URI of a definition or a file, with its line; ``None`` for anything else."""
        if self._unread and _SYMBOL.fullmatch(name):
            self._read_sources()
        if (place := self._names.get(name.removesuffix("()"))) is not None:
            uri, line = place
            found = self._file(path_of(uri))
            return found and f"{found}#L{line + 1}"
        match = _PLACE.fullmatch(name)
        if match is None or "." not in match["path"]:
            return None
        uri = self._known.get(match["path"])
        if match["path"] not in self._known and len(self._known) < _MOST_FILES:
            uri = self._known[match["path"]] = self._look_up(match["path"])
        return f"{uri}#L{match['line']}" if uri and match["line"] else uri

    def _look_up(self, path: str) -> str | None:
        """Find a path: as shown in the prompt, otherwise by its end, otherwise in the workspace's folders."""
        shown = [uri for known, uri in self._paths.items() if f"/{known}".endswith(f"/{path}")]
        if path in self._paths:
            shown = [self._paths[path]]
        if len(shown) == 1:
            return self._file(path_of(shown[0]))
        return next((uri for folder in self._folders if (uri := self._file(folder / path))), None)

    def _file(self, path: Path | None) -> str | None:
        """Return the URI of a file that exists, and is in the workspace or was read for this answer."""
        if path is None:
            return None
        try:
            real = path.resolve()
            is_inside = any(real.is_relative_to(folder.resolve()) for folder in self._folders)
            uri = uri_of(path)
            return uri if (is_inside or uri in self._shown) and real.is_file() else None
        except (OSError, ValueError, RuntimeError):
            return None

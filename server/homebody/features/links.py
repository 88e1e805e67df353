"""Links from an answer to the code that it names.

In: an answer in Markdown, what went into its prompt. Out: the answer with links to files of the workspace and
to definitions in them, and to what the answer is about. Files elsewhere, and files that do not exist, get no
link.
"""

import asyncio
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from homebody.audit import Source
from homebody.engine import Engine
from homebody.features.selection import tree_of
from homebody.features.surroundings import shown_path
from homebody.postprocess.links import Link, found_links, with_links
from homebody.syntax.scope import definitions
from homebody.text import Document
from homebody.workspace.uri import path_of, uri_of

_PLACE = re.compile(r"(?P<path>[^:\s]{1,300})(?::(?P<line>\d{1,7})(?:-\d{1,7})?)?")
_DEFINES = "defines "
"""Beginning of a source's reason, before the name that it defines."""

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


async def _finder(engine: Engine, document: Document | None, sources: Sequence[Source]) -> "_Finder":
    names: dict[str, tuple[str, int]] = {}
    for source in sources:
        if source.why.startswith(_DEFINES):
            names.setdefault(source.why.removeprefix(_DEFINES), (source.uri, source.first_line))
    if document is not None:
        tree = await tree_of(engine, document)
        for one in definitions(document, tree):
            if one.kind == "variable" and one.container:
                continue
            place = (document.uri, document.line_of(one.header.start))
            names.setdefault(one.name, place)
            if one.container:
                names.setdefault(f"{one.container}.{one.name}", place)
    uris = [one.uri for one in sources] if document is None else [document.uri, *(one.uri for one in sources)]
    return _Finder(engine, names, uris)


class _Finder:
    """Finds the code that a name in an answer refers to; reads from disk."""

    def __init__(self, engine: Engine, names: Mapping[str, tuple[str, int]], uris: Sequence[str]) -> None:
        self._names = names
        self._folders = [folder.absolute() for folder in engine.folders]
        self._paths = {shown_path(engine, uri): uri for uri in uris}
        self._shown = frozenset(uris)
        self._known: dict[str, str | None] = {}

    def find(self, name: str) -> str | None:
        """Return the URI of a definition or a file, with its line; ``None`` for anything else."""
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

"""What can be attached to a question: files, folders, symbols, diagnostics, changes; ``attach`` takes ids."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal, TypeAlias

from msgspec import Struct

from homebody.engine import Engine
from homebody.features.attachments import files_named
from homebody.features.surroundings import shown_path
from homebody.text import Document
from homebody.workspace.git import find_repository
from homebody.workspace.uri import file_name, repository_name, uri_of

ItemKind: TypeAlias = Literal["file", "folder", "symbol", "diagnostics", "diff"]

_MOST_FOLDERS = 5
_MOST_SYMBOLS = 20

DIAGNOSTICS = "diagnostics"
"""Scheme of the ids of diagnostics, followed by a document's URI; without a URI, those of all documents."""

_CHANGES = (("uncommitted", "Uncommitted changes"), ("staged", "Staged changes"))


class ContextItem(Struct, frozen=True):
    """One item to attach: ``id`` for the program, ``label`` and ``detail`` for the user."""

    id: str
    kind: ItemKind
    label: str
    detail: str


async def context_items(
    engine: Engine,
    query: str,
    *,
    documents: Sequence[Document] = (),
    notebooks: Mapping[str, Sequence[Document]] = MappingProxyType({}),
    with_problems: Sequence[str] = (),
) -> list[ContextItem]:
    """Return the items whose name contains ``query``; without a query the likeliest.

    ``documents`` are open, and so are ``notebooks``, by their URIs with their cells: they come first, and are
    found without an index. ``with_problems`` are URIs of documents whose diagnostics are known.
    """
    name = query.strip()
    query = name.lower()

    def file(uri: str) -> ContextItem:
        return ContextItem(uri, "file", file_name(uri), _place(engine, uri))

    open_texts = {**{document.uri: [document] for document in documents}, **notebooks}
    items = [
        file(uri)
        for uri, texts in open_texts.items()
        if query in shown_path(engine, uri).lower()
        and not [text for text in texts if await engine.gate.refusal_of(text) is not None]
    ]
    items += await _problems(engine, query, with_problems)
    items += _changes(engine, query)
    if engine.index is not None:
        items += [file(row.uri) for row in await files_named(engine, query)]
        items += await _folders(engine, query)
        symbols = await engine.index.ask(lambda index: index.symbols(name, limit=_MOST_SYMBOLS))
        for symbol in await engine.allowed(symbols):
            line = symbol.first_line + 1
            place = f"{_place(engine, symbol.uri)}:{line}"
            items.append(ContextItem(f"{symbol.uri}#L{line}+", "symbol", symbol.why, place))
    return list({item.id: item for item in reversed(items)}.values())[::-1]


def _place(engine: Engine, uri: str) -> str:
    """Path for the user; with the folder's name where the workspace has several."""
    path = shown_path(engine, uri)
    return f"{repository_name(uri, engine.folders)}/{path}" if len(engine.folders) > 1 else path


async def _folders(engine: Engine, query: str) -> list[ContextItem]:
    """Folders that have files; the word ``folder``, or its beginning, may come before a name."""
    kind, _, name = query.partition(" ")
    if "folder".startswith(kind):
        query = name
    uris = dict.fromkeys(file.uri.rpartition("/")[0] for file in await files_named(engine, query))
    # The workspace's own folders are inside of none.
    labels = {uri: f"{_place(engine, uri)}/" for uri in uris if repository_name(uri, engine.folders)}
    folders = [ContextItem(f"{uri}/", "folder", label, "") for uri, label in labels.items()]
    return [folder for folder in folders if query in folder.label.lower()][:_MOST_FOLDERS]


async def _problems(engine: Engine, query: str, with_problems: Sequence[str]) -> list[ContextItem]:
    """Diagnostics of each document, and, if there are several, of all documents together."""
    uris = [uri for uri in with_problems if await engine.gate.refusal(uri) is None]
    rows = [(uri, f"Problems in {file_name(uri)}", shown_path(engine, uri)) for uri in uris]
    if len(uris) > 1:
        rows.append(("", "All problems", f"{len(uris)} documents"))
    return [
        ContextItem(f"{DIAGNOSTICS}:{uri}", "diagnostics", title, place)
        for uri, title, place in rows
        if query in title.lower() or query in f"problems in {place}".lower()
    ]


def _changes(engine: Engine, query: str) -> list[ContextItem]:
    """Changes in the repositories of the workspace's folders."""
    roots = dict.fromkeys(
        repository.root for folder in engine.folders if (repository := find_repository(folder)) is not None
    )
    return [
        ContextItem(f"diff:{which}:{uri_of(root)}", "diff", title, root.name)
        for root in roots
        for which, title in _CHANGES
        if query in title.lower() or query == "diff"
    ]

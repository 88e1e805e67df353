"""Where the text of a document comes from: all paths by which its file can be named."""

import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from homebody.workspace.uri import path_of

_NO_FILE = frozenset({"homebody", "inmemory", "vscode-scm"})
"""Schemes of texts that no file has."""

_OF_FILE = frozenset(
    {"untitled", "vscode-notebook-cell", "vscode-interactive", "vscode-interactive-input", "git", "gitlens"}
)
"""Schemes whose path is that of a file on this machine: a cell, an unsaved document, an earlier version."""

_MOST_LINKS = 40

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


@dataclass(frozen=True, slots=True)
class TextPlace:
    """Where a text comes from.

    Attributes
    ----------
    paths
        Absolute paths as named; empty if no file has the text.
    name
        Name of an unsaved document that has no folder yet; empty otherwise.

    """

    paths: tuple[Path, ...] = ()
    name: str = ""


@lru_cache(maxsize=4096)
def place_of(uri: str) -> TextPlace | None:
    """Return where the text of ``uri`` comes from; ``None`` if that cannot be told."""
    parts = _parsed(uri)
    if parts is None:
        return None
    if parts.scheme in _NO_FILE:
        return TextPlace()
    if parts.scheme == "file":
        # A client that does not encode ``#`` and ``?`` means a file with them in its name.
        without_query = uri.replace("?", "%3F")
        readings = map(path_of, (uri, without_query, without_query.replace("#", "%23")))
        named = tuple(dict.fromkeys(path for path in readings if path is not None))
        return TextPlace(named) if named else None
    if parts.scheme not in _OF_FILE:
        return None
    if parts.path.startswith("/"):  # an authority names the machine that Homebody runs on
        # VS Code adds ``.git`` to the name of an earlier version that it shows in a diff.
        named = dict.fromkeys((parts.path, parts.path.removesuffix(".git")))
        paths = tuple(path for name in named if (path := path_of(f"file://{name}")) is not None)
        return TextPlace(paths) if paths else None
    return TextPlace(name=unquote(parts.path, errors="surrogateescape"))


def _parsed(uri: str) -> SplitResult | None:
    # ``urlsplit`` would drop control characters.
    if not _SCHEME.match(uri) or any(character < " " for character in uri):
        return None
    try:
        return urlsplit(uri)
    except ValueError:  # ``file://[``
        return None


def ways_to(path: Path, folders: set[str]) -> list[Path] | None:
    """Return all paths that lead to a file: as named, and after each link on the way is followed.

    ``None`` if the links have no end. ``folders`` collects those that are no links, so that each is looked at
    once. Blocks as long as the disk does.
    """
    ways = [Path(os.path.normpath(path))]
    for _ in range(_MOST_LINKS):
        followed = _after_first_link(path, folders)
        if followed is None:
            return ways
        path = followed
        if ".." not in path.parts:
            ways.append(path)
    return None


def _after_first_link(path: Path, folders: set[str]) -> Path | None:
    """Return the path with its first link replaced by the target; ``None`` if there is no link."""
    done = path.anchor
    parts = path.parts[1:] if path.anchor else path.parts
    for number, part in enumerate(parts):
        if part == "..":
            rest = (os.path.dirname(done), *parts[number + 1 :])  # noqa: PTH120 - text is enough here
            return Path(*rest)
        here = os.path.join(done, part)  # noqa: PTH118 - as above
        if here in folders:
            done = here
            continue
        try:
            target = os.readlink(here)  # noqa: PTH115 - as above
        except OSError:  # no link, or nothing there
            folders.add(here)
            done = here
        else:
            return Path(done, target, *parts[number + 1 :])
    return None

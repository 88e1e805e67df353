"""Converts paths to ``file:`` URIs and back, and returns names for display; does not access the disk."""

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TypeVar
from urllib.parse import unquote, urlsplit

_Value = TypeVar("_Value")


def uri_of(path: Path) -> str:
    """Return the URI of ``path``, made absolute first; symlinks are not resolved."""
    return path.absolute().as_uri()


def path_of(uri: str) -> Path | None:
    """Return the path of ``uri``; ``None`` if it is not a file (``untitled:``, a NUL in the path).

    Accepts all forms that clients send, including percent-encoded drive colons.
    """
    try:
        parts = urlsplit(uri)
    except ValueError:  # ``file://[``
        return None
    if parts.scheme != "file" or not parts.path:
        return None
    host = "" if parts.netloc.lower() == "localhost" else parts.netloc
    path = f"//{host}{parts.path}" if host else parts.path
    if os.name != "nt":
        if host:  # a share of another machine
            return None
        path = unquote(path, errors="surrogateescape")
    else:
        from urllib.request import url2pathname  # 8 ms, for drives and shares only

        path = url2pathname(path)
    return None if "\0" in path else Path(path)


def is_share(path: str) -> bool:
    """Whether Windows would connect to the machine that a path names (``//there/share``) to look at it."""
    return len(path) > 1 and path[0] in "/\\" and path[1] in "/\\"


def of_nearest_folder(values: Mapping[Path, _Value], uri: str) -> _Value | None:
    """Return the value of the innermost folder that holds the file; ``None`` if none of them does."""
    path = path_of(uri) if values else None
    if path is None:
        return None
    return next((values[folder] for folder in path.parents if folder in values), None)


def file_name(uri: str) -> str:
    """Last part of a document's path."""
    try:
        return PurePosixPath(unquote(urlsplit(uri).path)).name or uri
    except ValueError:  # ``file://[``
        return uri


@lru_cache(maxsize=512)
def prompt_path(uri: str, folders: tuple[Path, ...]) -> str:
    """Return the path that a prompt shows: inside the innermost folder around the file, with ``/``.

    Without such a folder, the file's name. It is cached, since it runs at every keystroke.
    """
    path, folder = path_of(uri), folder_around(uri, folders)
    return file_name(uri) if path is None or folder is None else path.relative_to(folder).as_posix()


@lru_cache(maxsize=512)
def repository_name(uri: str, folders: tuple[Path, ...]) -> str:
    """Name of the innermost folder around the file; empty without one."""
    folder = folder_around(uri, folders)
    return "" if folder is None else folder.name


def folder_around(uri: str, folders: tuple[Path, ...]) -> Path | None:
    """Return the innermost folder around the file."""
    path = path_of(uri)
    if path is None:
        return None
    around = [folder for folder in map(Path.absolute, folders) if folder in path.parents]
    return max(around, key=lambda folder: len(folder.parts), default=None)

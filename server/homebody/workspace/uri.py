"""Converts paths to ``file:`` URIs and back, and returns names for display; does not access the disk."""

import os
from collections.abc import Mapping
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

"""The path that a prompt shows for a file.

In: a document's URI and the workspace's folders. Out: its path inside its folder, and that folder's
name. A base name alone (``__init__.py``, ``index.ts``, ``mod.rs``) is of little use to a model. Pure: it runs
at every keystroke.
"""

from functools import lru_cache
from pathlib import Path

from homebody.workspace.uri import file_name, path_of


@lru_cache(maxsize=512)
def prompt_path(uri: str, folders: tuple[Path, ...]) -> str:
    """Path inside the innermost folder around the file, with ``/``; without one, the file's name."""
    path, folder = path_of(uri), _around(uri, folders)
    return file_name(uri) if path is None or folder is None else path.relative_to(folder).as_posix()


@lru_cache(maxsize=512)
def repository_name(uri: str, folders: tuple[Path, ...]) -> str:
    """Name of the innermost folder around the file; empty without one."""
    folder = _around(uri, folders)
    return "" if folder is None else folder.name


def _around(uri: str, folders: tuple[Path, ...]) -> Path | None:
    path = path_of(uri)
    if path is None:
        return None
    around = [folder for folder in map(Path.absolute, folders) if folder in path.parents]
    return max(around, key=lambda folder: len(folder.parts), default=None)

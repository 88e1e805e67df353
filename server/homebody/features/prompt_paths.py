"""The path that a prompt shows for a file: inside its folder, since a base name alone tells a model little.

Runs at every keystroke.
"""

from functools import lru_cache
from pathlib import Path

from homebody.workspace.uri import file_name, path_of


@lru_cache(maxsize=512)
def prompt_path(uri: str, folders: tuple[Path, ...]) -> str:
    """Path inside the innermost folder around the file, with ``/``; without one, the file's name."""
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

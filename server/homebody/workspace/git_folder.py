"""The git folder of a work tree: where it is, and whether all that git reads for the work tree is in it.

A folder that someone sent may hold a ``.git`` that names another repository of the user's, whose files git
would then show as those of this folder.
Layout: https://git-scm.com/docs/gitrepository-layout. Reads a few small files; runs nothing.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from homebody.regular_file import read_regular
from homebody.workspace.uri import is_share

_GIT = ".git"
_HEAD = re.compile(rb"ref: *refs/|[0-9a-f]{40}")
_NOT_READ = frozenset({"hooks", "logs"})
_MOST_BYTES = 64 * 1024
_DEPTH = 4
"""Levels of folders below ``objects``: packs and loose objects are in the first."""


def is_work_tree(folder: Path) -> bool:
    """Whether ``folder`` is the top of a work tree: an empty or damaged ``.git`` does not make it one."""
    git = folder / _GIT
    if git.is_dir():
        head = git / "HEAD"
        is_head = head.is_symlink() or _HEAD.match(_content(head)) is not None
        return is_head and ((git / "objects").is_dir() or (git / "commondir").is_file())
    return linked_folder(str(folder)) is not None


def exclude_file(folder: str) -> str | None:
    """Return where ``info/exclude`` of a work tree would be; ``None`` if ``folder`` is none."""
    if (linked := linked_folder(folder)) is not None:
        common = os.fsdecode(_content(Path(linked, "commondir")).partition(b"\n")[0].strip())
        if is_share(common) and not is_share(folder):
            return None
        return os.path.join(linked, common, "info", "exclude")  # noqa: PTH118 - for each folder of each prompt
    git = os.path.join(folder, _GIT)  # noqa: PTH118 - as above
    return f"{git}/info/exclude" if os.path.lexists(git + "/HEAD") else None


def linked_folder(folder: str) -> str | None:
    """Return the git folder that a ``.git`` file names, as work trees and submodules have it.

    ``None`` if there is none, or if it is on another machine and ``folder`` is not.
    """
    git = os.path.join(folder, _GIT)  # noqa: PTH118 - for each folder of each prompt
    if not os.path.isfile(git):  # noqa: PTH113 - as above
        return None
    line = _content(Path(git)).partition(b"\n")[0]
    if not line.startswith(b"gitdir: "):
        return None
    target = os.fsdecode(line.removeprefix(b"gitdir: ").strip())
    if is_share(target) and not is_share(folder):
        return None
    return os.path.join(folder, target)  # noqa: PTH118 - as above


def way_out(root: Path, git_dir: Path, common_dir: Path, work_tree: str) -> Path | None:
    """Return what leads from the work tree ``root`` to another repository; ``None`` if nothing does.

    ``git_dir`` and ``common_dir`` are the folders that git uses for it, ``work_tree`` is their own
    ``core.worktree``. They belong to ``root`` if they are its ``.git`` folder, or if they name it. They
    borrow nothing if no link leads out of them, and no list of alternates exists.

    Raises
    ------
    OSError
        A folder cannot be listed.

    """
    git, common = git_dir.resolve(), common_dir.resolve()
    own = root.resolve() / _GIT
    is_linked = git.parent == common / "worktrees" and _is_named(git, _content(git / "gitdir"), own)
    is_named = git == own or (bool(work_tree) and _is_named(git, os.fsencode(work_tree), own.parent))
    if not (is_linked or (is_named and git == common)):
        return git
    for link in _links(git, common):
        target = link.resolve()
        if not (target.is_relative_to(git) or target.is_relative_to(common)):
            return target
    alternates = common / "objects" / "info" / "alternates"
    is_empty = alternates.is_file() and alternates.stat().st_size == 0
    return alternates if os.path.lexists(alternates) and not is_empty else None


def _links(git: Path, common: Path) -> Iterator[Path]:
    """Yield the links among the files that git reads."""
    folders = [(folder, 0) for folder in dict.fromkeys((git, common))]
    objects = common / "objects"
    if not objects.is_symlink():
        folders.append((objects, 1))
    while folders:
        folder, depth = folders.pop()
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_symlink():
                    if depth or entry.name not in _NOT_READ:
                        yield Path(entry.path)
                elif depth and depth < _DEPTH and entry.is_dir():
                    folders.append((Path(entry.path), depth + 1))


def _is_named(base: Path, name: bytes, target: Path) -> bool:
    """Whether ``name``, from ``base``, is the existing ``target``."""
    try:
        return (base / os.fsdecode(name.rstrip(b"\r\n"))).samefile(target)
    except (OSError, ValueError):
        return False


def _content(path: Path) -> bytes:
    """Return a small file's content; empty if it cannot be read."""
    try:
        return read_regular(path, max_bytes=_MOST_BYTES)
    except OSError:
        return b""

"""Update the index from the files on disk.

Only changed files are read. A file is unchanged if its size and time are; if only the text's hash is
unchanged, the new time is stored.
"""

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from homebody.workspace.ignore import IGNORE_FILES, Exclude, PathRules, rules_for
from homebody.workspace.messages import Done, IndexJob
from homebody.workspace.secrets import is_secret
from homebody.workspace.store import FileRow, IndexWriter, Known
from homebody.workspace.walk import Limits, Walk, WalkedFile, walked_file

if TYPE_CHECKING:
    from homebody.workspace.extract import Extract

# A file that changed this recently may change again within the resolution of its time stamp (2 s on FAT)
# and look the same. Its time is not stored, so the next scan reads it again.
_GRAIN_NS = 2_000_000_000
# Long enough to make a transaction worthwhile, short enough that readers see results soon.
_COMMIT_SECONDS = 0.5

_Work: TypeAlias = tuple[WalkedFile, Known | None]

Extractor: TypeAlias = "Callable[[str, bytes], Extract | None]"

Report: TypeAlias = Callable[[int, int], None]
"""Called with the number of files done and of files to do."""


def update(job: IndexJob, extract: Extractor, writer: IndexWriter, report: Report) -> Done:
    """Index what changed of the workspace, or of the job's paths.

    ``extract`` returns the content to store for a path and bytes; ``None`` if it failed.

    Raises
    ------
    StoreDamagedError, StoreUnusableError
        As for the writer.

    """
    workspace = _Workspace(Path(job.root), job.exclude, Limits(max_file_bytes=job.max_file_bytes), extract)
    if job.paths is None:
        return _scan(workspace, writer, report)
    return _refresh(workspace, job.paths, writer, report)


@dataclass(frozen=True, slots=True)
class _Workspace:
    root: Path
    exclude: Exclude
    limits: Limits
    extract: Extractor


def _scan(workspace: _Workspace, writer: IndexWriter, report: Report) -> Done:
    """Walk the whole workspace and index what changed, the newest first."""
    known = writer.known()
    walk = Walk(workspace.root, rules_for(workspace.root, workspace.exclude), workspace.limits)
    changed: list[_Work] = []
    files = 0
    for entry in walk:
        files += 1
        was = known.pop(entry.path, None)
        if was is None or (was.size, was.mtime_ns) != (entry.size, entry.mtime_ns):
            changed.append((entry, was))
    if walk.skipped["unreadable"] and not files:
        known.clear()  # the index of a folder that is temporarily unavailable (a network drive) is kept
    _drop(writer, known.values())
    changed.sort(key=lambda work: -work[0].mtime_ns)
    _index(workspace, changed, writer, report)
    return Done(files=files, indexed=len(changed), dropped=len(known), cut=walk.cut)


def _refresh(workspace: _Workspace, paths: Iterable[str], writer: IndexWriter, report: Report) -> Done:
    """Index the files or folders at ``paths`` (below the root) again; scan if that may not be sufficient.

    A path may be new, changed or removed, a file or a folder.
    """
    rules = PathRules((workspace.root,), workspace.exclude, is_index=True)
    changed: list[_Work] = []
    gone: dict[int, Known] = {}
    for path in dict.fromkeys(paths):
        known = writer.known_below(path)
        where = workspace.root / path
        if where.name in IGNORE_FILES or _is_folder(where):
            return _scan(workspace, writer, report)
        entry = walked_file(workspace.root, path, workspace.limits)
        if is_secret(path) or rules.ignores(where):
            entry = None
        was = known.pop(path, None)
        if entry is not None:
            changed.append((entry, was))
        elif was is not None:
            gone[was.id] = was
        gone.update((below.id, below) for below in known.values())
    _drop(writer, gone.values())
    _index(workspace, changed, writer, report)
    return Done(indexed=len(changed), dropped=len(gone))


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # a name that is too long, or a folder that may not be entered
        return False


def _drop(writer: IndexWriter, gone: Iterable[Known]) -> None:
    with writer.transaction():
        for file in gone:
            writer.drop(file.id)


def _index(workspace: _Workspace, work: Sequence[_Work], writer: IndexWriter, report: Report) -> None:
    """Write ``work`` to the index, in a transaction every half second."""
    done = 0
    while done < len(work):
        until = time.monotonic() + _COMMIT_SECONDS
        with writer.transaction():
            while done < len(work) and time.monotonic() < until:
                _index_file(workspace, *work[done], writer)
                done += 1
        report(done, len(work))


def _index_file(workspace: _Workspace, entry: WalkedFile, was: Known | None, writer: IndexWriter) -> None:
    data = _read(workspace.root / entry.path, workspace.limits.max_file_bytes)
    mtime_ns = entry.mtime_ns if time.time_ns() - entry.mtime_ns > _GRAIN_NS else 0
    digest = hashlib.blake2b(data, digest_size=16).digest()
    if was is not None and was.hash == digest:
        writer.touch(was.id, entry.size, mtime_ns)
    elif (content := workspace.extract(entry.path, data)) is not None:
        writer.put(FileRow(entry.path, entry.size, mtime_ns, digest, *content))
    else:
        writer.put(FileRow(entry.path, entry.size, 0, b""))


def _read(path: Path, max_bytes: int) -> bytes:
    """At most ``max_bytes`` of the file, nothing if it cannot be read; symlinks are not followed."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        with open(path, "rb", opener=lambda name, _: os.open(name, flags)) as file:
            return file.read(max_bytes)
    except OSError:
        return b""

"""Update the index from the files on disk.

Only changed files are read. A file is unchanged if its size and time are; if only the text's hash is
unchanged, the new time is stored.
"""

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from homebody.workspace.ignore import IGNORE_FILES, PathRules, rules_for
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
    return _Update(job, extract, writer, report).run()


class _Update:
    """One job on an open index."""

    def __init__(self, job: IndexJob, extract: Extractor, writer: IndexWriter, report: Report) -> None:
        self._job = job
        self._root = Path(job.root)
        self._limits = Limits(max_file_bytes=job.max_file_bytes)
        self._extract = extract
        self._writer = writer
        self._report = report

    def run(self) -> Done:
        """Index the job's paths again; everything that changed if that may not be sufficient.

        A path may be new, changed or removed, a file or a folder.
        """
        paths = self._job.paths
        if paths is None or any(
            (self._root / path).name in IGNORE_FILES or _is_folder(self._root / path) for path in paths
        ):
            return self._scan()
        rules = PathRules((self._root,), self._job.exclude, is_index=True)
        changed: list[_Work] = []
        gone: dict[int, Known] = {}
        for path in dict.fromkeys(paths):
            known = self._writer.known_below(path)
            was = known.pop(path, None)
            entry = walked_file(self._root, path, self._limits)
            if entry is not None and not is_secret(path) and not rules.ignores(self._root / path):
                changed.append((entry, was))
            elif was is not None:
                gone[was.id] = was
            gone.update((below.id, below) for below in known.values())
        self._drop(gone.values())
        self._index(changed)
        return Done(indexed=len(changed), dropped=len(gone))

    def _scan(self) -> Done:
        """Walk the whole workspace and index what changed, the newest first."""
        known = self._writer.known()
        walk = Walk(self._root, rules_for(self._root, self._job.exclude), self._limits)
        changed: list[_Work] = []
        files = 0
        for entry in walk:
            files += 1
            was = known.pop(entry.path, None)
            if was is None or (was.size, was.mtime_ns) != (entry.size, entry.mtime_ns):
                changed.append((entry, was))
        if walk.skipped["unreadable"] and not files:
            known.clear()  # the index of a folder that is temporarily unavailable (a network drive) is kept
        self._drop(known.values())
        self._index(sorted(changed, key=lambda work: -work[0].mtime_ns))
        return Done(files=files, indexed=len(changed), dropped=len(known), cut=walk.cut)

    def _drop(self, gone: Iterable[Known]) -> None:
        with self._writer.transaction():
            for file in gone:
                self._writer.drop(file.id)

    def _index(self, work: Sequence[_Work]) -> None:
        """Write files to the index, in a transaction every half second."""
        done = 0
        while done < len(work):
            until = time.monotonic() + _COMMIT_SECONDS
            with self._writer.transaction():
                while done < len(work) and time.monotonic() < until:
                    self._index_file(*work[done])
                    done += 1
            self._report(done, len(work))

    def _index_file(self, entry: WalkedFile, was: Known | None) -> None:
        data = _read(self._root / entry.path, self._limits.max_file_bytes)
        mtime_ns = entry.mtime_ns if time.time_ns() - entry.mtime_ns > _GRAIN_NS else 0
        digest = hashlib.blake2b(data, digest_size=16).digest()
        if was is not None and was.hash == digest:
            self._writer.touch(was.id, entry.size, mtime_ns)
        elif (content := self._extract(entry.path, data)) is not None:
            self._writer.put(FileRow(entry.path, entry.size, mtime_ns, digest, *content))
        else:
            self._writer.put(FileRow(entry.path, entry.size, 0, b""))


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # a name that is too long, or a folder that may not be entered
        return False


def _read(path: Path, max_bytes: int) -> bytes:
    """At most ``max_bytes`` of the file, nothing if it cannot be read; symlinks are not followed."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        with open(path, "rb", opener=lambda name, _: os.open(name, flags)) as file:
            return file.read(max_bytes)
    except OSError:
        return b""

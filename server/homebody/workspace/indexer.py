"""The indexing process: ``python -P -m homebody.workspace.indexer``.

Takes a job on standard input and reports progress on standard output (``process`` has both).
It is a separate process because parsing holds the interpreter's lock, and has the lowest priority so that
typing stays smooth. It ends with the job, or when nobody reads its output any more.

Only changed files are read. A file is unchanged if its size and time are.
"""

import faulthandler
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path

import msgspec
from filelock import FileLock

from homebody.regular_file import read_regular
from homebody.syntax import scope
from homebody.syntax.chunk import chunk_spans, headers_around, shown
from homebody.syntax.language import find_by_text
from homebody.syntax.scope import Definition
from homebody.syntax.tree import Tree, parse
from homebody.text import Document
from homebody.workspace.files import Limits, Walk, WalkedFile
from homebody.workspace.ignore import PathRules
from homebody.workspace.process import IndexJob, IndexProgress
from homebody.workspace.secrets import holds_private_key
from homebody.workspace.store import (
    IndexEntry,
    IndexWriter,
    StoreDamagedError,
    StoreUnusableError,
    connect,
    create,
    prune,
)

_CUT = (
    "The workspace is too large to index completely: only the {files} files closest to its top folder are "
    "indexed. List folders to leave out in .homebodyignore."
)
# A file of 1 MiB takes 3 seconds.
_MOST_SECONDS = 60.0
# One crash may be a coincidence: the machine was switched off, or somebody ended the process.
_STRIKES = 2
_LOCK_POLL_SECONDS = 0.2
# A file that changed this recently may change again within the resolution of its time stamp (2 s on FAT)
# and look the same. Its time is not stored, so the next scan reads it again.
_GRAIN_NS = 2_000_000_000
# Long enough to make a transaction worthwhile, short enough that readers see results soon.
_COMMIT_SECONDS = 0.5


def main() -> None:
    """Run the job."""
    # Output of libraries must not mix with the progress.
    out = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # on Windows it receives the parent's Ctrl-C
    with suppress(BrokenPipeError):
        for line in sys.stdin.buffer:
            job = msgspec.json.decode(line, type=IndexJob)
            until = time.monotonic() + job.seconds
            for progress in run(job):
                if time.monotonic() > until:
                    _lower_priority()
                os.write(out, msgspec.json.encode(progress) + b"\n")


def run(job: IndexJob) -> Iterator[IndexProgress]:
    """Run ``job``; the last state is ``ready`` or ``off``."""
    if not job.seconds:
        _lower_priority()
    database = Path(job.database)
    try:
        database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # One writer at a time; a second one finds the work already done.
        with FileLock(f"{database}.lock").acquire(poll_interval=_LOCK_POLL_SECONDS):
            prune(database)
            yield from _updated(job, database)
    except (StoreDamagedError, StoreUnusableError, OSError) as error:
        text = f"The workspace index cannot be written ({error}): check {database.parent}."
        yield IndexProgress("off", notice=text)


def _updated(job: IndexJob, database: Path) -> Iterator[IndexProgress]:
    if database.exists():
        with suppress(StoreDamagedError):  # damaged, or of another version
            yield from update(job, connect(database))
            return
    yield from update(job, create(database))


def update(job: IndexJob, connection: sqlite3.Connection) -> Iterator[IndexProgress]:
    """Walk the whole workspace and index what changed, the newest first; close the connection.

    Raises
    ------
    StoreDamagedError, StoreUnusableError
        As for the writer.

    """
    with closing(IndexWriter(connection)) as writer, closing(GuardedExtract(job.note)) as extract:
        root = Path(job.root)
        rules = PathRules((root,), job.exclude, is_index=True).of(root)
        walk = Walk(root, rules, Limits(max_file_bytes=job.max_file_bytes))
        files = set(walk)
        known = writer.known()
        if walk.looks or not walk.skipped["unreadable"]:  # the index of a network drive that is away is kept
            with writer.transaction():
                writer.drop({file.path for file in known} - {file.path for file in files})
        changed = sorted(files - known, key=lambda file: (-file.mtime_ns, file.path))
        done = 0
        while done < len(changed):
            until = time.monotonic() + _COMMIT_SECONDS
            with writer.transaction():
                while done < len(changed) and time.monotonic() < until:
                    file = changed[done]
                    if time.time_ns() - file.mtime_ns < _GRAIN_NS:
                        file = file._replace(mtime_ns=0)
                    writer.put(file, *extract(file.path, _content(root, file, job.max_file_bytes)))
                    done += 1
            yield IndexProgress("indexing", done, len(changed))
    yield IndexProgress("ready", notice=_CUT.format(files=len(files)) if walk.cut else "")


def _content(root: Path, file: WalkedFile, max_bytes: int) -> bytes:
    """Content of a file, nothing if it cannot be read: it may have become another kind of file meanwhile."""
    try:
        return read_regular(root / file.path, max_bytes=max_bytes, inside=root)
    except OSError:
        return b""


class GuardedExtract:
    """Calls ``extract``, and ends the process if that takes longer than ``seconds``.

    Native code can crash, and deep nesting can take hours. The path of the file is written to ``note`` first;
    if that still exists at the next start, it names the file that caused the crash. A file that did so twice
    has no content. Call ``close`` when all is well.

    The seconds are processor time, except on Windows: this process has the lowest priority, so on a busy
    machine it may wait for minutes.
    """

    def __init__(self, note: Path, seconds: float = _MOST_SECONDS) -> None:
        self._note = note
        self._seconds = seconds
        self._crashed = note.read_bytes().split(b"\0") if note.exists() else []

    def __call__(self, path: str, data: bytes) -> tuple[str, Sequence[IndexEntry]]:
        """Return what ``extract`` returns."""
        name = path.encode()
        if self._crashed.count(name) >= _STRIKES:
            return "", ()
        self._note.write_bytes(b"\0".join([*self._crashed, name]))
        _limit(self._seconds)
        try:
            return extract(path, data)
        finally:
            _limit(0)

    def close(self) -> None:
        """Delete the note: no file is being parsed."""
        self._note.unlink(missing_ok=True)


def _limit(seconds: float) -> None:
    """End the process after ``seconds``; 0 for no limit.

    Native code that holds the interpreter's lock cannot be stopped in any other way.
    """
    if sys.platform != "win32":
        # Nobody handles the signal, so it ends the process.
        signal.setitimer(signal.ITIMER_PROF, seconds)
    elif seconds:
        faulthandler.dump_traceback_later(seconds, exit=True)
    else:
        faulthandler.cancel_dump_traceback_later()


def _lower_priority() -> None:
    """Give this process the lowest priority."""
    import psutil  # 15 ms that nobody waits for

    with suppress(psutil.Error):
        psutil.Process().nice(getattr(psutil, "IDLE_PRIORITY_CLASS", 19))  # Windows has classes


# About 20 lines: two or three chunks fit into the share of a small model's prompt for other files.
_CHUNK_TOKENS = 256
# A rough measure of size; nothing that is sent is counted this way.
_CHARACTERS_A_TOKEN = 3
# Larger files without functions, such as JSON, are generated.
_MAX_DATA_BYTES = 64 * 1024
# Above these, the file is minified code or rows of numbers.
_MAX_MEAN_LINE = 300
_MAX_CHUNK_LINE = 1_000

# Kinds of definitions that nobody looks up by name.
_UNNAMED = frozenset({"impl", "section", "rule", "key"})
_MAX_SIGNATURE = 600
# Only the innermost headers are kept: data files nest very deeply.
_MAX_SCOPES = 3


def extract(path: str, data: bytes) -> tuple[str, Sequence[IndexEntry]]:
    """Return the language of the file at ``path``, and the pieces that the index stores of it."""
    text = _readable(data)
    language = find_by_text(path, text)
    if not text or ((language is None or language.data) and len(data) > _MAX_DATA_BYTES):
        return "", ()
    name = language.name if language else ""
    document = Document.create("", language.ids[0] if language else "plaintext", 0, text)
    try:
        tree = parse(document)
        return name, [*_definitions(path, document, tree), *_chunks(path, document, tree)]
    except Exception as error:  # noqa: BLE001 - one file that breaks a grammar must not end the indexing
        sys.stderr.write(f"homebody: {path} is not indexed: {error!r}\n")
        return name, ()


def _readable(data: bytes) -> str:
    """The text of a file written by people; empty for anything else."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return ""
    is_generated = len(text) > _MAX_MEAN_LINE * (text.count("\n") + text.count("\r") + 3)
    return "" if "\0" in text or is_generated or holds_private_key(text) else text


def _definitions(path: str, document: Document, tree: Tree) -> Iterator[IndexEntry]:
    definitions = scope.definitions(document, tree)
    outer = _nesting(definitions)
    members: dict[int, list[Definition]] = {}
    for definition, around in zip(definitions, outer, strict=True):
        if around:
            members.setdefault(around[-1], []).append(definition)
    for number, (definition, around) in enumerate(zip(definitions, outer, strict=True)):
        is_local = any(definitions[index].is_function for index in around)
        if is_local or not _is_named(definition) or len(definition.signature) > _MAX_SIGNATURE:
            continue
        text = shown(document, tree.language, definition, members.get(number, ()))
        scopes = tuple(scope.header_text(document, definitions[index]) for index in around[-_MAX_SCOPES:])
        yield IndexEntry(path, definition.name, definition.kind, *text, scopes)


def _nesting(definitions: Sequence[Definition]) -> list[tuple[int, ...]]:
    """For each definition, the indexes of those that enclose it, the outermost first."""
    around: list[int] = []
    nesting: list[tuple[int, ...]] = []
    for number, definition in enumerate(definitions):
        while around and definitions[around[-1]].span.end < definition.span.end:
            around.pop()
        nesting.append(tuple(around))
        around.append(number)
    return nesting


def _is_named(definition: Definition) -> bool:
    """Whether users may search for it by name."""
    if definition.kind == "table" and not definition.signature.lower().startswith("create"):
        return False  # a part of one SQL query, or of a TOML file
    return definition.kind not in _UNNAMED and len(definition.name) > 1


def _chunks(path: str, document: Document, tree: Tree) -> Iterator[IndexEntry]:
    for chunk in chunk_spans(document, tree, _CHUNK_TOKENS, _measure):
        text = document.slice(chunk)
        if text.strip() and max(map(len, text.splitlines())) <= _MAX_CHUNK_LINE:
            scopes = headers_around(document, tree, chunk)[-_MAX_SCOPES:]
            yield IndexEntry(path, "", "", *document.lines_of(chunk), text, scopes)


def _measure(text: str) -> int:
    return len(text) // _CHARACTERS_A_TOKEN + 1


if __name__ == "__main__":
    main()

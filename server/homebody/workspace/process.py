"""The indexing process from the server's side: a job in, its progress out, one JSON object per line."""

import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

from homebody.workspace.ignore import Exclude

SCHEMA = 5
"""Format of the index: increase it when a table, ``store.words`` or a result of syntax queries changes."""

State: TypeAlias = Literal["indexing", "ready", "off"]

# A file that crashes a grammar causes two, and is skipped after
# that (``indexer.GuardedExtract``).
_MOST_STARTS = 8
_CRASHING = "The indexing process keeps crashing, so other files are not used for completion."


class IndexJob(Struct, frozen=True, kw_only=True):
    """Index what changed below ``root``.

    ``real`` is the root with its links followed. The job runs with the lowest priority, after the
    ``seconds`` for which somebody waits for it.
    """

    root: str
    real: str
    database: str
    exclude: Exclude = Exclude()
    max_file_bytes: int = 1024 * 1024
    seconds: float = 0.0

    @property
    def note(self) -> Path:
        """Path of the note about the file being parsed, which survives if that crashes the process."""
        return Path(f"{self.database}.trying")

    def below(self, path: Path | None) -> str:
        """Return a path below the root with ``/`` between its parts; empty for others."""
        for root in (self.root, self.real):
            if path is not None and Path(root) in path.parents:
                return path.relative_to(root).as_posix()
        return ""


class IndexProgress(Struct, frozen=True):
    """Progress of the index. A job ends with another state than ``indexing``.

    Attributes
    ----------
    state
        ``off``: it failed, or there is nothing to index.
    done, total
        Files of the current job; both 0 while unknown.
    notice
        A sentence for the user, or nothing.

    """

    state: State
    done: int = 0
    total: int = 0
    notice: str = ""


async def run_job(job: IndexJob, on_progress: Callable[[IndexProgress], None]) -> bool:
    """Run ``job`` in a process of its own, again if that crashes; return whether it did not keep crashing.

    A cancel kills the process: the index stays consistent, and the next job does the rest.
    """
    try:
        for _ in range(_MOST_STARTS):
            with suppress(OSError, ValueError, msgspec.MsgspecError):  # it has ended, or sent something else
                if await _is_done(job, on_progress):
                    return True
    except asyncio.CancelledError:
        job.note.unlink(missing_ok=True)  # the file that was being parsed has not crashed it
        raise
    on_progress(IndexProgress("off", notice=_CRASHING))
    return False


async def _is_done(job: IndexJob, on_progress: Callable[[IndexProgress], None]) -> bool:
    folder = Path(job.database).parent
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        # Without -P, Python would import a folder named homebody in the current folder.
        *("-P", "-m", "homebody.workspace.indexer"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=folder,
        # Ctrl-C in a terminal is the parent's, also while this process still imports.
        start_new_session=os.name != "nt",
    )
    try:
        if process.stdin is not None and process.stdout is not None:
            process.stdin.write(msgspec.json.encode(job) + b"\n")
            await process.stdin.drain()
            async for line in process.stdout:
                progress = msgspec.json.decode(line, type=IndexProgress)
                on_progress(progress)
                if progress.state != "indexing":
                    return True
        return False
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()

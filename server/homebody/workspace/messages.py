"""Messages between the language server and its indexing process, one JSON object per line.

The server sends jobs and receives events. A job ends with ``Done`` or ``Failed``; jobs run in order.
"""

from pathlib import Path
from typing import TypeAlias

import msgspec
from msgspec import Struct

from homebody.workspace.ignore import Exclude

SCHEMA = 2
"""Format of the index: increase it when a table, ``store.words`` or a result of syntax queries changes."""


class IndexJob(Struct, frozen=True, kw_only=True):
    """Index again what changed below ``root``.

    ``paths`` are the files or folders below it to look at, ``None`` for all. ``rebuild``: discard the old
    index first.
    """

    root: str
    database: str
    exclude: Exclude = Exclude()
    max_file_bytes: int = 1024 * 1024
    paths: tuple[str, ...] | None = None
    rebuild: bool = False

    @property
    def note(self) -> Path:
        """Path of the note about the file being parsed, which survives if that crashes the process."""
        return Path(f"{self.database}.trying")

    def of_all(self) -> "IndexJob":
        """Return the job that looks at all files."""
        return msgspec.structs.replace(self, paths=None)


class Working(Struct, frozen=True, tag="working", kw_only=True):
    """``done`` of ``total`` files are indexed."""

    done: int
    total: int


class Notice(Struct, frozen=True, tag="notice", kw_only=True):
    """A sentence for the user."""

    text: str


class Done(Struct, frozen=True, tag="done", kw_only=True):
    """The job is done.

    Attributes
    ----------
    files
        Number of indexed files in the workspace (0 after a job with ``paths``, which does not count them).
    indexed, dropped
        Files that were read again, and files that were removed.
    cut
        Whether a limit of ``walk.Limits`` ended the walk early.

    """

    files: int = 0
    indexed: int = 0
    dropped: int = 0
    cut: bool = False


class Failed(Struct, frozen=True, tag="failed", kw_only=True):
    """The job could not be done, for the reason in ``text``, a sentence for the user."""

    text: str


Event: TypeAlias = Working | Notice | Done | Failed

"""Messages between the language server and its indexing process: one JSON object per line.

The server sends jobs and receives events. A job ends with ``Done`` or ``Failed``; jobs run in order.
"""

from typing import TypeAlias

from msgspec import Struct

from homebody.workspace.ignore import Exclude


class Scan(Struct, frozen=True, tag="scan", kw_only=True):
    """Update the whole index of ``root``. ``rebuild``: discard the old one first."""

    root: str
    database: str
    exclude: Exclude
    max_file_bytes: int
    rebuild: bool = False


class Refresh(Struct, frozen=True, tag="refresh", kw_only=True):
    """Index the files or folders at ``paths``, which are below ``root``, again."""

    root: str
    database: str
    exclude: Exclude
    max_file_bytes: int
    paths: tuple[str, ...]


class Working(Struct, frozen=True, tag="working", kw_only=True):
    """``done`` of ``total`` files are indexed."""

    done: int
    total: int


class Notice(Struct, frozen=True, tag="notice", kw_only=True):
    """A sentence for the user."""

    text: str


class Done(Struct, frozen=True, tag="done", kw_only=True):
    """The job is done. Numbers as in ``update.Updated``."""

    files: int
    indexed: int
    dropped: int
    seconds: float


class Failed(Struct, frozen=True, tag="failed", kw_only=True):
    """The job could not be done, for the reason in ``text``, a sentence for the user."""

    text: str


Job: TypeAlias = Scan | Refresh
Event: TypeAlias = Working | Notice | Done | Failed

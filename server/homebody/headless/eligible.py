"""Decide whether a run processes a file that it found, rather than one that the user named.

In: a path. Out: ``None``, or the reason to skip it, in one or two words. Reads at most its beginning.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from homebody.headless.generated import is_generated
from homebody.headless.write import is_read_only
from homebody.syntax.language import find
from homebody.workspace.secrets import is_secret

# Languages of data and of prose: "add types" means code.
_NOT_CODE = frozenset({"json", "yaml", "toml", "markdown", "html", "css"})
_HEAD_BYTES = 2048


@dataclass(frozen=True, slots=True)
class Rules:
    """Which files a run accepts: at most ``max_bytes``, and writable if the run will write."""

    max_bytes: int
    to_write: bool

    def reason_against(self, path: Path) -> str | None:
        """Return why a file is left out: ``generated``, ``read-only`` and so on."""
        if not is_text(path):
            return "odd names"
        language = find("", path.name)
        if language is None or language.name in _NOT_CODE:
            return "not source code"
        if is_secret(path):
            return "secret"
        try:
            return self._by_facts(path, path.lstat()) or _by_text(path)
        except OSError:
            return "unreadable"

    def _by_facts(self, path: Path, facts: os.stat_result) -> str | None:
        rows = (
            (stat.S_ISLNK(facts.st_mode), "links"),
            (not stat.S_ISREG(facts.st_mode), "no files"),
            (not facts.st_size, "empty"),
            (facts.st_size > self.max_bytes, "too large"),
        )
        reason = next((why for is_so, why in rows if is_so), None)
        return "read-only" if reason is None and self.to_write and is_read_only(path) else reason


def is_text(path: Path) -> bool:
    """Whether a path is valid text: JSON and journals cannot hold other bytes."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _by_text(path: Path) -> str | None:
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if b"\0" in head:
        return "binary"
    return "generated" if is_generated(head.decode("utf-8", "replace")) else None

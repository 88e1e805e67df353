"""Globs from the command line.

``*`` matches within a name, ``**`` matches across folders; a matching folder includes everything inside.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from homebody.errors import UsageError
from homebody.workspace.patterns import Patterns, TooManyPatterns

_MAGIC = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Glob:
    """Patterns below one folder.

    Attributes
    ----------
    base
        Absolute folder; nothing outside of it matches.
    patterns
        Patterns of paths below it; ``None``: everything matches.

    """

    base: Path
    patterns: Patterns | None

    def matches(self, path: Path, end: str = "") -> bool:
        """Whether an absolute path matches, or a folder that it lies in; ``end`` is ``"/"`` for a folder."""
        if path == self.base or not path.is_relative_to(self.base):
            return False
        if self.patterns is None:
            return True
        names = path.relative_to(self.base).parts
        inner = ("/".join(names[: count + 1]) + "/" for count in range(len(names) - 1))
        return any(self.patterns.verdict(name) for name in (*inner, "/".join(names) + end))


def has_magic(path: Path) -> bool:
    """Whether a path is a pattern: it has wildcards, and no file of that name exists."""
    return bool(_MAGIC & set(str(path))) and not os.path.lexists(path)


def glob_of(pattern: Path) -> Glob:
    """Return the glob of one path that may contain wildcards. Raises ``UsageError`` if it is too long."""
    parts = Path(os.path.abspath(pattern)).parts  # noqa: PTH100 - resolve() would follow symlinks
    first = next((at for at, part in enumerate(parts) if _MAGIC & set(part)), len(parts))
    rest = "/".join(parts[first:])
    return Glob(Path(*parts[:first]), _parsed([f"/{rest}"]) if rest else None)


def globs_below(base: Path, patterns: Sequence[str]) -> Glob:
    """Parse patterns in the syntax of ignore files, relative to ``base``. Raises ``UsageError``."""
    return Glob(base, _parsed(patterns))


def _parsed(lines: Sequence[str]) -> Patterns:
    try:
        return Patterns.parse(lines, "")
    except TooManyPatterns as error:
        message = (
            "A pattern is longer than 1,000 characters, or there are more than 2,000: name a folder instead."
        )
        raise UsageError(message) from error

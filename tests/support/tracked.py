"""The files of the project: those that git tracks, and those that it would add."""

import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from support.needs import needs

ROOT = Path(__file__).parents[2]


@cache
def tracked_files() -> tuple[Path, ...]:
    """Paths relative to ``ROOT``; files that were removed without `git rm` are left out."""
    command = [needs("git"), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return tuple(
        sorted(path for name in listed.split("\0") if name and (ROOT / (path := Path(name))).is_file())
    )


def tracked_texts() -> Iterator[tuple[Path, str]]:
    for path in tracked_files():
        try:
            yield path, (ROOT / path).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError):  # binary, or removed a moment ago
            continue

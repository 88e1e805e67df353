"""Real repositories for tests."""

import subprocess
from pathlib import Path

from support.needs import needs

_AUTHOR = ("-c", "user.name=a", "-c", "user.email=a@b.example")


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder as a user would, and return its output; the test is skipped without git."""
    command = [needs("git"), *_AUTHOR, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def staged(folder: Path) -> None:
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")


def committed(folder: Path) -> None:
    staged(folder)
    git(folder, "commit", "-qm", "first")

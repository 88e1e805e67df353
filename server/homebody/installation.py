"""Where and how this Homebody is installed, for messages that name a command to run."""

import os
import platform
import shlex
import subprocess
import sys
from pathlib import Path

from homebody import __version__

PROGRAM = Path(sys.executable).with_name("homebody.exe" if os.name == "nt" else "homebody")
"""``homebody`` beside the Python that runs it."""


def checkout() -> Path | None:
    """Return the folder of the clone that Homebody runs from; ``None`` for an installed package."""
    root = Path(__file__).parents[2]
    is_checkout = (root / "pyproject.toml").is_file() and (root / "requirements").is_dir()
    return root if is_checkout else None


def this_installation() -> str:
    """Return which Homebody runs, and from where, in one line for problem reports."""
    where = f"from the checkout {checkout()}" if checkout() else "installed as a package"
    return f"Homebody {__version__}, {where}; Python {platform.python_version()} ({sys.executable})"


def own_command(*words: str) -> str:
    """Return the command line of this Homebody with these words."""
    return shell(str(PROGRAM), *words)


def program_on_path(name: str) -> str | None:
    """Return the full path of an installed program; ``None`` if there is none.

    ``shutil.which`` and the system also search folders that ``PATH`` names by a relative path, and on
    Windows the current folder: a program there may have come with a repository.
    """
    file = f"{name}.exe" if os.name == "nt" else name
    for path in (Path(folder, file) for folder in os.get_exec_path()):
        if path.is_absolute() and path.is_file() and os.access(path, os.X_OK):
            return str(path)
    return None


def shell(*words: str) -> str:
    """Quote and join ``words`` to a command line for this system's shell."""
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)

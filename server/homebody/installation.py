"""Where and how this Homebody is installed, for messages that name a command to run."""

import os
import platform
import shlex
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Installation:
    """Which Homebody runs, and from where.

    Attributes
    ----------
    version, python
        Versions of Homebody and of the Python that runs it.
    interpreter
        Path of that Python.
    program
        Path of ``homebody`` beside it.
    checkout
        Folder of the clone that Homebody runs from, ``None`` for an installed package.

    """

    version: str
    python: str
    interpreter: Path
    program: Path
    checkout: Path | None

    def __str__(self) -> str:
        """One line, for problem reports."""
        where = f"from the checkout {self.checkout}" if self.checkout else "installed as a package"
        return f"Homebody {self.version}, {where}; Python {self.python} ({self.interpreter})"


def this_installation() -> Installation:
    """Return the installation that is running."""
    interpreter = Path(sys.executable)
    suffix = ".exe" if os.name == "nt" else ""
    try:
        number = version("homebody")
    except PackageNotFoundError:  # run from a copy of the sources
        number = "unknown"
    root = _PACKAGE.parent.parent
    is_checkout = (root / "pyproject.toml").is_file() and (root / "requirements").is_dir()
    return Installation(
        version=number,
        python=platform.python_version(),
        interpreter=interpreter,
        program=interpreter.with_name(f"homebody{suffix}"),
        checkout=root if is_checkout else None,
    )


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

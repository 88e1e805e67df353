"""The code that is typed and completed: the standard library and installed packages.

Out: files, in an order that does not depend on the machine. Packages that are not installed are left out,
which the caller can report.
"""

import sysconfig
from collections.abc import Sequence
from pathlib import Path

PACKAGES = (
    "attr", "cattrs", "click", "filelock", "h11", "hatchling", "httpcore", "httpx", "hypothesis",
    "jinja2", "markdown_it", "msgspec", "openai", "packaging", "pathspec", "pip", "pluggy", "psutil",
    "pydantic", "pygls", "_pytest", "requests", "rich", "tomlkit", "typer",
)  # fmt: skip
"""Installed packages whose source is used: all of them are in the development lock."""

_LEFT_OUT = {"test", "tests", "testing", "idlelib", "lib2to3", "turtledemo", "site-packages", "_vendor"}
_MOST_BYTES = 200_000


def standard_library() -> Path:
    """Folder of the standard library."""
    return Path(sysconfig.get_path("stdlib"))


def site_packages() -> Path:
    """Folder of the installed packages."""
    return Path(sysconfig.get_path("purelib"))


def python_files(roots: Sequence[Path] | None = None, *, least_lines: int = 120) -> list[Path]:
    """Python files with a minimum number of lines, without tests and vendored copies, sorted by name."""
    if roots is None:
        roots = [standard_library(), *(site_packages() / name for name in PACKAGES)]
    return [
        path
        for root in roots
        for path in sorted(root.rglob("*.py"))
        if not _LEFT_OUT & set(path.relative_to(root).parts) and _is_usable(path, least_lines)
    ]


def short_name(path: Path) -> str:
    """Name of a file within its library."""
    for root in (site_packages(), standard_library()):
        if path.is_relative_to(root):
            return str(path.relative_to(root))
    return path.name


def _is_usable(path: Path, least_lines: int) -> bool:
    if path.stat().st_size > _MOST_BYTES:
        return False
    try:
        return path.read_text("utf-8").count("\n") >= least_lines
    except UnicodeDecodeError:
        return False

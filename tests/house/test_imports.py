"""What the import contracts of `lint-imports` cannot express."""

import ast
import subprocess
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from support.tracked import ROOT, tracked_files

# Not available on Windows.
POSIX_ONLY = {"fcntl", "grp", "pwd", "resource", "termios"}
# Listening and connecting: the model client, the model's process, and `lsp --tcp`, which listens.
SOCKETS = {"socket", "ssl"}
SOCKET_ROOMS = (
    "server/homebody/backend/",
    "server/homebody/host/",
    "server/homebody/lsp/transport.py",
)
# The contracts only see whole packages, but `urllib.parse` is harmless.
CONNECTING = {"ftplib", "http.client", "smtplib", "telnetlib", "urllib.request", "xmlrpc.client"}
# Pure, although it is in a package that connects.
HARMLESS = {"urllib.request.url2pathname", "urllib.request.pathname2url"}


def test_only_the_agent_pays_for_the_library_of_its_protocol():
    """It takes half a second to import; importing everything else does not import it, not even indirectly."""
    others = sorted(
        ".".join(path.with_suffix("").parts[1:]).removesuffix(".__init__")
        for path, _ in _modules()
        if path.parts[1:3] != ("homebody", "acp") and path.stem != "__main__"
    )
    program = (
        "import importlib, sys\n"
        f"for name in {others!r}:\n    importlib.import_module(name)\n"
        "print([name for name in ('acp', 'homebody.acp', 'pydantic') if name in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert (ended.stdout, ended.stderr) == ("[]\n", "")


@pytest.mark.parametrize(
    ("modules", "rooms"),
    [(POSIX_ONLY, ()), (CONNECTING, ()), (SOCKETS, SOCKET_ROOMS)],
    ids=["what Windows lacks", "network clients that the guard would not see", "sockets"],
)
def test_few_places_import(modules: set[str], rooms: tuple[str, ...]):
    assert [line for line in _importers(modules) if not line.startswith(rooms)] == []


def test_all_that_the_package_imports_is_a_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    named = {canonicalize_name(Requirement(item).name) for item in project["dependencies"]}
    providers = packages_distributions()
    imported = {
        (str(path), name.partition(".")[0])
        for path, tree in _modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in _imported(node)
    }
    missing = [
        f"{path} imports {name}"
        for path, name in sorted(imported)
        if name not in sys.stdlib_module_names
        and name != "homebody"
        and named.isdisjoint(map(canonicalize_name, providers.get(name, ())))
    ]

    assert missing == []


def test_nothing_sends_a_signal_that_windows_lacks():
    naming = [
        str(path)
        for path, tree in _modules()
        for node in ast.walk(tree)
        if "SIGKILL" in (getattr(node, "id", None), getattr(node, "attr", None))
    ]

    assert naming == []


@cache
def _modules() -> list[tuple[Path, ast.Module]]:
    paths = [path for path in tracked_files() if path.suffix == ".py" and path.parts[0] == "server"]
    return [(path, ast.parse((ROOT / path).read_text(encoding="utf-8"))) for path in paths]


def _importers(modules: set[str]) -> list[str]:
    return [
        f"{path}:{node.lineno} imports {name}"
        for path, tree in _modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in _imported(node)
        if name in modules
    ]


def _imported(node: ast.Import | ast.ImportFrom) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    names = {f"{node.module}.{alias.name}" for alias in node.names}
    return names if names <= HARMLESS else {node.module or "", *names}

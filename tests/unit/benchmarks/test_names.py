"""The benchmarks use names that are there, and leave the user's own files alone.

They run rarely, so nothing else would notice.
"""

import ast
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
FILES = sorted(str(path.relative_to(BENCHMARKS)) for path in BENCHMARKS.rglob("*.py"))


@pytest.mark.parametrize("name", FILES)
def test_imported_names_exist(name: str):
    imports = [
        node
        for node in ast.walk(ast.parse((BENCHMARKS / name).read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith(("homebody", "support"))
    ]
    missing = [
        f"{node.module}.{one.name}"
        for node in imports
        for one in node.names
        if node.module and not _exists(node.module, one.name)
    ]
    assert missing == []


def test_what_a_benchmark_notes_is_not_in_the_folder_of_the_user(own_folders):
    script = "import measure; from homebody.settings.paths import state_dir; print(state_dir())"
    ran = subprocess.run([sys.executable, "-c", script], cwd=BENCHMARKS, capture_output=True, check=True)
    folder = Path(ran.stdout.decode().strip())
    assert not folder.is_relative_to(own_folders / "homebody")
    assert not folder.exists(), "it ends with the benchmark"


def _exists(module: str, name: str) -> bool:
    try:
        found = import_module(module)
    except ModuleNotFoundError:
        return False
    return hasattr(found, name) or find_spec(f"{module}.{name}") is not None

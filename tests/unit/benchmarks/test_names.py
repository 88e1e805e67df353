"""The benchmarks use names that are there: they run rarely, so nothing else would notice."""

import ast
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


def _exists(module: str, name: str) -> bool:
    try:
        found = import_module(module)
    except ModuleNotFoundError:
        return False
    return hasattr(found, name) or find_spec(f"{module}.{name}") is not None

"""A folder with a scripted model, and the command line in this process."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from homebody.cli import main
from support import folders
from support.written_runs import NAMES, NEW, OLD, TESTS, answer

SCRIPT = """
name = "tiny"
context_length = 4096

[[reply]]
contains = "Explain"
text = "It adds two numbers."

[[reply]]
text = "a + b\\n"
probability = 0.9
"""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, folder in folders.own_folders(tmp_path).items():
        monkeypatch.setenv(name, folder)
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


@pytest.fixture
def scripted(own_folders: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (own_folders / "script.toml").write_text(SCRIPT)
    (own_folders / "add.py").write_text("def add(a, b):\n    return \n")
    monkeypatch.setenv("HOMEBODY_BACKEND_KIND", "scripted")
    monkeypatch.setenv("HOMEBODY_BACKEND_MODEL", "./script.toml")
    return own_folders


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def _run(*arguments: str) -> Ended:
        code = main(arguments)
        sys.stdout.flush()
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return _run


@pytest.fixture
def tree(scripted: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOMEBODY_CONTEXT_SNIPPETS", "false")
    answer(scripted, NEW)
    (scripted / "add.py").unlink()
    for name in NAMES:
        (scripted / name).write_text(OLD)
    return scripted


@pytest.fixture
def tests_written(tree: Path) -> Path:
    answer(tree, TESTS)
    return tree

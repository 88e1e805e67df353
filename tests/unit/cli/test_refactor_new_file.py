"""Actions that write a new file: shown, written, verified, reverted."""

import json
import subprocess
from pathlib import Path

import pytest

CODE = "def add(a, b):\n    return a + b\n\n\ndef sub(a, b):\n    return a - b\n"
TESTS = "from calc import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n"
WRITE_TESTS = ("refactor", "calc.py", "--action", "write-tests", "--select", "add")


@pytest.fixture
def tree(scripted: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOMEBODY_CONTEXT_SNIPPETS", "false")
    answer = json.dumps(f"```python\n{TESTS}```")
    (scripted / "script.toml").write_text(f"context_length = 4096\n[[reply]]\ntext = {answer}\n")
    (scripted / "add.py").unlink()
    (scripted / "calc.py").write_text(CODE)
    return scripted


def test_the_new_file_is_shown_as_a_diff_that_applies(run, tree):
    ended = run(*WRITE_TESTS)
    assert (ended.code, ended.err) == (0, "")
    subprocess.run(["git", "apply", "-"], input=ended.out.encode(), check=True)
    assert (tree / "test_calc.py").read_text() == TESTS
    (tree / "test_calc.py").unlink()
    result = json.loads(run(*WRITE_TESTS, "--json").out)
    assert (result["file"], result["isNew"], result["written"]) == ("test_calc.py", True, False)


def test_it_is_written_and_undo_removes_it(run, tree):
    assert run(*WRITE_TESTS, "--write").code == 0
    assert (tree / "test_calc.py").read_text() == TESTS
    assert (tree / "test_calc.py").stat().st_mode & 0o600 == 0o600
    assert run("undo").out == "test_calc.py\n"
    assert not (tree / "test_calc.py").exists()
    assert (tree / "calc.py").read_text() == CODE


def test_it_is_removed_if_its_verification_fails(run, tree):
    ended = run(*WRITE_TESTS, "--write", "--verify", "test -f {file} && exit 1")
    assert ended.code == 1
    assert "exit code 1" in ended.err
    assert not (tree / "test_calc.py").exists()


def test_one_function_at_a_time(run, tree):
    """Several functions would write several files."""
    ended = run("refactor", "calc.py", "--action", "write-tests")
    assert (ended.code, ended.out) == (2, "")
    assert "choose it by lines or --select" in ended.err

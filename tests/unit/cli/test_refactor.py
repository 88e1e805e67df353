"""``homebody refactor`` of one file: diff, write, check, JSON, refusals; a new file; the standard input."""

import io
import json
import subprocess
from pathlib import Path

import pytest

from support.written_runs import NEW, OLD, TESTS, WRITE_TESTS, answer

CODE = "import os\r\n\r\n\r\ndef add(a, b):\r\n    c = a + b\r\n    return c\r\n"
REPLY = "```python\ndef add(a, b):\n    return a + b\n```"


@pytest.fixture
def add(scripted: Path) -> Path:
    """A file with Windows line ends and a byte order mark, and a model that simplifies it."""
    _reply(scripted, REPLY)
    path = scripted / "add.py"
    path.write_text("\ufeff" + CODE, newline="")
    path.chmod(0o750)
    return path


def _reply(folder: Path, text: str) -> None:
    (folder / "script.toml").write_text(f"[[reply]]\ntext = {json.dumps(text)}\n")


def test_a_diff_is_printed_and_nothing_written(run, add):
    """Diffs are the default; git applies them, including byte order mark and line ends."""
    before = add.read_bytes()
    ended = run("refactor", "add.py:4-6", "--action", "simplify")
    assert (ended.code, ended.err) == (0, "")
    assert before == add.read_bytes()
    subprocess.run(["git", "apply", "-"], input=ended.out.encode(), check=True)
    assert ("\ufeff" + CODE.replace("c = a + b\r\n    return c", "return a + b")).encode() == add.read_bytes()


def test_a_written_file_keeps_its_mark_its_line_ends_and_its_mode(run, add):
    before = add.read_bytes()
    assert run("refactor", "add.py:4-6", "--action", "simplify", "--write").code == 0
    assert ("\ufeff" + CODE.replace("c = a + b\r\n    return c", "return a + b")).encode() == add.read_bytes()
    assert add.stat().st_mode & 0o777 == 0o750
    assert run("undo").code == 0
    assert before == add.read_bytes()


def test_an_instruction_writes_the_first_code_of_an_empty_file(run, add):
    add.write_text("")
    ended = run("refactor", "add.py", "--instruction", "Add two numbers.", "--write")
    assert (ended.code, ended.out) == (0, "")
    assert add.read_text() == "def add(a, b):\n    return a + b\n"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (" \n", "The file is empty."),
        ("def broken(:\n  ((\n", "Line 1 of the file has a syntax error, so functions around it may be left"),
        ("x = (\n", "Line 1 of the file has a syntax error, so functions around it may be left out"),
        ("x = 1\n", "The file has no function, and this action is for functions: use another one"),
        ('def f():\n    """Do."""\n', "Every function of the file is documented already: lines or --select"),
    ],
)
def test_a_file_with_nothing_to_rewrite_says_why(run, add, code, why):
    add.write_text(code)
    ended = run("refactor", "add.py", "--action", "docstring")
    assert (ended.code, ended.out) == (0, "")
    assert f" add.py: {why}" in ended.err


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("def broken(:\n  ((\n", "because line 1 has a syntax error: correct it first."),
        ("x = 1\ny = 2\n", "There is no function or class here: put the cursor inside one."),
    ],
)
def test_named_lines_without_a_function_are_refused_with_the_next_step(run, add, code, why):
    add.write_text(code)
    ended = run("refactor", "add.py:1-2", "--action", "docstring")
    assert (ended.code, ended.out) == (2, "")
    assert why in ended.err


NOTED = "```python\ndef add(a, b):\n    return abs(a + b)\n```"
UNDEFINED = "```python\ndef add(a, b):\n    return a + c\n```"
BROKEN = "```python\ndef add(a, b:\n    return a + b\n```"


@pytest.mark.parametrize(
    ("reply", "task", "note"),
    [
        (NOTED, ("--action", "simplify"), "adds the call `abs(a + b)`"),
        (UNDEFINED, ("--instruction", "x"), "uses `c`, which nothing in the file defines or imports"),
    ],
)
def test_an_edit_that_nobody_has_read_is_written_only_if_that_is_allowed(run, add, reply, task, note):
    _reply(add.parent, reply)
    arguments = ("refactor", "add.py:4-6", *task)

    assert run(*arguments).err.count(note) == 1
    assert run(*arguments, "--write").err.count(note) == 1
    refused = run(*arguments, "--write", "--json")
    assert (refused.code, json.loads(refused.out)["status"]) == (1, "refused")
    assert f"{note}; --allow-notes writes it." in json.loads(refused.out)["reason"]
    before = add.read_bytes()

    allowed = json.loads(run(*arguments, "--write", "--allow-notes", "--json").out)
    assert (allowed["status"], allowed["notes"][0]) == ("changed", note)
    assert before != add.read_bytes()


def test_what_a_written_file_leaves_as_it_was_is_said_once_and_by_the_exit_code(run, add):
    add.write_text("def add(a, b):\n    return a + b\n\n\ndef double(a):\n    return a * 2\n")
    _reply(add.parent, "```python\ndef add(a: int, b: int) -> int:\n    return a + b\n```")
    ended = run("refactor", "add.py", "--action", "types", "--write")
    assert "def add(a: int" in add.read_text()
    assert ended.err.startswith("changed add.py")
    assert ended.err.count("double: The answer") == 1
    assert ended.code == 1


def test_a_result_that_does_not_parse_is_refused_and_can_be_applied(run, add):
    _reply(add.parent, BROKEN)
    before = add.read_bytes()
    arguments = ("refactor", "add.py:4-6", "--action", "simplify", "--write")

    refused = run(*arguments)
    assert (refused.out, refused.code, add.read_bytes()) == ("", 1, before)
    assert refused.err.startswith("refused add.py: ")
    assert "syntax error" in refused.err
    result = json.loads(run(*arguments, "--json").out)
    assert (result["status"], result["diff"], result["written"]) == ("refused", "", False)
    assert "notes" not in result  # tokens of code that does not parse say nothing
    assert run(*arguments, "--apply-refused").code == 0
    assert b"def add(a, b:" in add.read_bytes()


SHOW_TESTS = WRITE_TESTS[:-1]


def test_the_new_file_is_shown_as_a_diff_that_applies(run, tests_written):
    ended = run(*SHOW_TESTS)
    assert (ended.code, ended.err) == (0, "")
    subprocess.run(["git", "apply", "-"], input=ended.out.encode(), check=True)
    assert (tests_written / "test_a.py").read_text() == TESTS
    (tests_written / "test_a.py").unlink()
    result = json.loads(run(*SHOW_TESTS, "--json").out)
    assert (result["file"], result["isNew"], result["written"]) == ("test_a.py", True, False)


def test_it_is_written_and_undo_removes_it(run, tests_written):
    assert run(*WRITE_TESTS).code == 0
    assert (tests_written / "test_a.py").read_text() == TESTS
    assert (tests_written / "test_a.py").stat().st_mode & 0o600 == 0o600
    assert run("undo").out == "test_a.py\n"
    assert not (tests_written / "test_a.py").exists()
    assert (tests_written / "a.py").read_text() == OLD


def test_it_is_removed_if_its_verification_fails(run, tests_written):
    ended = run(*WRITE_TESTS, "--verify", "test -f {file} && exit 1")
    assert ended.code == 1
    assert "exit code 1" in ended.err
    assert not (tests_written / "test_a.py").exists()


def test_one_function_at_a_time(run, tests_written):
    """Several functions would write several files."""
    (tests_written / "a.py").write_text(f"{OLD}\n\n{OLD.replace('add', 'sub')}")
    ended = run("refactor", "a.py", "--action", "write-tests")
    assert (ended.code, ended.out) == (2, "")
    assert "choose it by lines or --select" in ended.err


@pytest.mark.parametrize(
    ("arguments", "out", "code"),
    [
        (("--write",), NEW, 0),
        (("--check",), "would change x.py\n", 1),
        (("--diff",), "--- a/x.py", 0),
    ],
)
def test_the_standard_input_is_a_file(run, tree, monkeypatch, arguments, out, code):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(OLD.encode())))
    ended = run("refactor", "-", "--stdin-filename", "x.py", "--instruction", "x", *arguments)
    assert (ended.out[: len(out)], ended.code) == (out, code)


def test_a_refused_text_comes_back_as_it_was(run, tree, monkeypatch):
    """An editor that uses it as a filter loses no text."""
    answer(tree, "def add(a, b:\n")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(OLD.encode())))
    ended = run("refactor", "-", "--stdin-filename", "x.py", "--instruction", "x", "--write")
    assert (ended.out, ended.code) == (OLD, 1)

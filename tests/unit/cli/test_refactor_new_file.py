"""Actions that write a new file: shown, written, verified, reverted."""

import json
import subprocess

from support.written_runs import OLD, TESTS, WRITE_TESTS

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

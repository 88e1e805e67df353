"""A run, a resume or an undo that stops at any operation on the disk leaves each file old or new."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from homebody.cli import main
from support.tracked import ROOT
from support.written_runs import NEW, OLD, RUN, TESTS, WRITE_TESTS, answer

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no fork and no limit of file sizes")

PASSES_FOR_A = "case {file} in *a.py) ;; *) exit 1;; esac"
RESUME = ("refactor", "--resume", "--quiet")
UNDO = ("undo",)
FAULTS = ("killed", "cut", "full")


@pytest.fixture
def folder(own_folders: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (own_folders / "original" / "state").mkdir(parents=True)
    tree = own_folders / "original" / "tree"
    tree.mkdir()
    for name in ("a.py", "b.py"):
        (tree / name).write_text(OLD)
        (tree / name).chmod(0o640)
    monkeypatch.setenv("HOMEBODY_STATE_DIR", str(own_folders / "state"))
    monkeypatch.setenv("HOMEBODY_BACKEND_KIND", "scripted")
    monkeypatch.setenv("HOMEBODY_BACKEND_MODEL", str(own_folders / "script.toml"))
    monkeypatch.setenv("HOMEBODY_CONTEXT_SNIPPETS", "false")
    answer(own_folders, NEW)
    return own_folders


def begun(folder: Path, *arguments: str) -> None:
    for name in ("tree", "state"):
        shutil.copytree(folder / "original" / name, folder / name)
    here = Path.cwd()
    os.chdir(folder / "tree")
    try:
        assert main(arguments) in {0, 3}
    finally:
        os.chdir(here)
    shutil.rmtree(folder / "original")
    for name in ("tree", "state"):
        shutil.move(folder / name, folder / "original" / name)


def trials(folder: Path, fault: str, command: tuple[str, ...], following: tuple[str, ...]) -> list[dict]:
    script = ROOT / "tests" / "support" / "stopped_runs.py"
    ran = subprocess.run(
        [sys.executable, script, folder, fault, *command, "--", *following],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert ran.returncode == 0, ran.stderr
    assert "internal error" not in ran.stderr
    assert "Traceback" not in ran.stderr
    reports = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
    assert len(reports) > 4
    for report in reports:
        stopped = {text for name, text in report["stopped"].items() if not name.startswith(".")}
        assert stopped <= {OLD, NEW, TESTS}, report
    return reports


@pytest.mark.parametrize("fault", FAULTS)
def test_undo_after_a_run_that_stopped_anywhere_gives_the_old_files(folder, fault):
    """Each file is complete before, and nothing else stays in the tree; undo finds nothing or succeeds."""
    for report in trials(folder, fault, (*RUN, "--verify", PASSES_FOR_A), UNDO):
        assert report["then"] in {0, 2}, report
        assert report["files"] == {"a.py": OLD, "b.py": OLD}, report


@pytest.mark.parametrize("fault", FAULTS)
def test_resume_after_a_run_that_stopped_anywhere_finishes_it(folder, fault):
    """Unless the run had not begun, or had ended with refused files because the disk was full."""
    for report in trials(folder, fault, (*RUN, "--verify", "true {file}"), RESUME):
        assert {*report["files"]} == {"a.py", "b.py"}, report
        texts = [*report["files"].values()]
        assert {*texts} <= {OLD, NEW}, report
        if report["then"] == 0:
            assert texts == [NEW, NEW], report
        elif fault != "full":
            assert (report["then"], report["files"]) == (2, report["stopped"]), report
            assert texts in ([OLD, OLD], [NEW, NEW]), report


@pytest.mark.parametrize(
    ("fault", "verify"), [("killed", ""), ("cut", "exit 1; : {file}"), ("full", "exit 1; : {file}")]
)
def test_undo_after_a_run_that_stopped_while_it_created_a_file_removes_it(folder, fault, verify):
    """The new file is complete or absent before."""
    answer(folder, TESTS)
    for report in trials(folder, fault, (*WRITE_TESTS, "--verify", verify), UNDO):
        assert report["files"] == {"a.py": OLD, "b.py": OLD}, report


@pytest.mark.parametrize("following", [RESUME, UNDO])
def test_a_resume_that_was_killed_anywhere_can_be_repeated_or_undone(folder, following):
    """The run before it ended after its first file, since the model did."""
    (folder / "script.toml").write_text(
        (folder / "script.toml").read_text() + 'times = 1\n[[reply]]\ntext = "x"\nfault = "cut"\n'
    )
    begun(folder, *RUN, "--verify", "true {file}")
    answer(folder, NEW)
    for report in trials(folder, "killed", RESUME, following):
        assert {*report["files"].values()} == {OLD if following == UNDO else NEW}, report
        assert {*report["files"]} == {"a.py", "b.py"}, report


@pytest.mark.parametrize("fault", FAULTS)
def test_an_undo_that_stopped_anywhere_can_be_repeated(folder, fault):
    """Each file is complete before."""
    begun(folder, *RUN)
    for report in trials(folder, fault, UNDO, UNDO):
        assert report["files"] == {"a.py": OLD, "b.py": OLD}, report

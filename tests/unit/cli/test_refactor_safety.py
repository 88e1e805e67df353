"""No run and no undo destroys what a user wrote, whatever happens in between."""

import asyncio
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.forked import COMMAND
from support.terminal import on_a_terminal
from support.until import until
from support.written_runs import NAMES, NEW, OLD, RUN, answer, shell, texts

MINE = "# mine\n"


@pytest.fixture
def runs(tree: Path) -> Callable[[], list[Path]]:
    def files() -> list[Path]:
        newest = max(
            (tree.parent / "state" / "runs").glob("*/*/run.json"), key=lambda path: path.stat().st_mtime_ns
        )
        return sorted(path for path in newest.parent.rglob("*") if path.is_file())

    return files


EDIT_A = f"f.name == 'a.py' and f.write_text('{MINE.strip()}' + chr(10))"


def test_an_edit_saved_while_a_passing_command_runs_survives_undo(run, tree):
    ended = run(*RUN, "--verify", shell(EDIT_A))
    assert (ended.code, texts(tree)) == (0, [MINE, NEW, NEW])
    ended = run("undo")
    assert (ended.code, texts(tree)) == (1, [MINE, OLD, OLD])
    assert "a.py was changed since, and is not touched. Its old content is " in ended.err
    assert Path(ended.err.rpartition("content is ")[2].strip().removesuffix(".")).read_text() == OLD


def damages(files: list[Path]) -> list[tuple[Path, bytes | None]]:
    ways: list[tuple[Path, bytes | None]] = []
    for path in files:
        data = path.read_bytes()
        other = files[files.index(path) - 1].read_bytes()
        ways += [(path, None), (path, b""), (path, data[: len(data) // 2]), (path, data[:-2] + data)]
        ways += [(path, b"\0" * len(data)), (path, other), (path, data[: len(data) // 2] + other)]
        lines = data.splitlines(keepends=True)
        for number, line in enumerate(lines):
            ways.append((path, b"".join([*lines[:number], line[: len(line) // 2], *lines[number + 1 :]])))
    return ways


@pytest.mark.parametrize(
    ("command", "step"),
    [(("undo",), 2), (("refactor", "--resume"), 5), ((*RUN, "--exclude", "c.py"), 7)],
    ids=["undo", "resume", "run"],
)
def test_a_damaged_journal_never_costs_a_file(run, tree, runs, command, step):
    """Cut, glued, emptied, exchanged and missing files: each file of the tree is whole, and no edit is lost.

    ``c.py`` holds an edit; before, a cut record that was joined to the next one read as "created by the run".
    Undo meets every second damage, the others fewer.
    """
    run(*RUN, "--verify", "true {file}")
    (tree / "c.py").write_text(MINE)
    for path in runs():
        if path.name == "ended":
            path.unlink()
        if path.name == "2.kept":
            path.rename(path.with_suffix(".open"))
    state = tree.parent / "state"
    shutil.copytree(state, tree.parent / "before")
    for path, data in damages(runs())[::step]:
        for name, text in zip(NAMES, (NEW, NEW, MINE), strict=True):
            (tree / name).write_text(text)
        if data is None:
            path.unlink()
        else:
            path.write_bytes(data)

        ended = run(*command)

        assert "internal error" not in ended.err
        assert texts(tree)[2] == MINE, path
        assert {*texts(tree)[:2]} <= {OLD, NEW}, path
        shutil.rmtree(state)
        shutil.copytree(tree.parent / "before", state)


def test_an_older_run_leaves_what_a_newer_one_changed(run, tree):
    run("refactor", "a.py", "--instruction", "x", "--write")
    answer(tree, OLD)
    (tree / "a.py").write_text(NEW)
    run("refactor", "a.py", "--instruction", "x", "--write")
    (tree / "a.py").write_text(OLD + MINE)

    assert (run("undo", "1").code, (tree / "a.py").read_text()) == (1, OLD + MINE)
    assert (run("undo", "2").code, (tree / "a.py").read_text()) == (1, OLD + MINE)
    (tree / "a.py").write_text(OLD)
    assert (run("undo").out, (tree / "a.py").read_text()) == ("a.py\n", NEW)
    assert (run("undo").out, (tree / "a.py").read_text()) == ("a.py\n", OLD)
    assert run("undo").code == 2


@pytest.mark.parametrize("code", [0, 1])
def test_a_file_that_the_command_deletes_or_reverts_has_its_old_content(run, tree, code):
    for left in ("f.unlink()", "f.write_bytes((f.parent / 'b.py').read_bytes())"):
        check = shell(f"{left}; sys.exit({code})")
        ended = run("refactor", "a.py", "--instruction", "x", "--write", "--verify", check)
        assert (ended.code, texts(tree)) == (1, [OLD] * 3)
        assert run("undo").code == 2


@pytest.mark.parametrize(("answer", "runs"), [("", 0), ("y", 1), ("a", 3)])
def test_on_a_terminal_the_diff_is_shown_before_its_command_runs(tree, answer, runs):
    command = f"echo x >> {tree.parent}/ran; test -e {{file}}"
    arguments = ["refactor", "a.py", "b.py", "c.py", "--instruction", "x", "--write", "--verify", command]
    shown = on_a_terminal([*COMMAND, *arguments], f"{answer}\nn\nn\n".encode(), shows_errors=True)

    ran = tree.parent / "ran"
    assert (len(ran.read_text().split()) if ran.exists() else 0) == runs
    assert shown.index(b"--- a/a.py") < shown.index(b"with this change to a.py? [y]es, [n]o, [a]ll: ")
    assert [(tree / name).read_text() == NEW for name in NAMES].count(True) == runs


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is another signal there")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_reverts_an_unverified_change(tree, sent):
    check = f"case {{file}} in *b.py*) touch {tree.parent}/second; sleep 60;; esac"
    process = subprocess.Popen([*COMMAND, *RUN, "--verify", check], stderr=subprocess.PIPE, text=True)
    asyncio.run(until((tree.parent / "second").exists))
    assert texts(tree)[:2] == [NEW, NEW]
    process.send_signal(sent)
    _, err = process.communicate(timeout=60)

    assert (process.returncode, texts(tree)) == (130, [NEW, OLD, OLD])
    assert "3 files: 1 changed, 2 not done." in err
    assert "--resume" in err
    assert "Traceback" not in err


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_a_terminal_shows_live_lines_and_results_stay_clean(tree):
    with (tree / "script.toml").open("a") as script:
        script.write("piece_delay_ms = 60\n")
    command = shlex.join([*COMMAND, "refactor", ".", "--instruction", "x", "--jobs", "2"])
    shown = on_a_terminal(["sh", "-c", f"{command} >out"], shows_errors=True, COLUMNS="100")
    out = (tree / "out").read_bytes()

    assert (out.count(b"@@ -1,3 +1,2 @@"), b"\x1b" in out) == (3, False)
    for text in (b" characters", b"left", b"3 files: 3 would change."):
        assert text in shown

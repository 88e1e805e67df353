"""Runs over many files in separate processes: interrupted, and on a terminal."""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from support.until import until

HOMEBODY = str(Path(sys.executable).with_name("homebody"))
NAMES = ("a.py", "b.py", "c.py", "d.py")
OLD = "def add(a, b):\n    c = a + b\n    return c\n"
NEW = "def add(a, b):\n    return a + b\n"


@pytest.fixture
def tree(own_folders: Path) -> Path:
    tree = own_folders / "tree"
    tree.mkdir()
    for name in NAMES:
        (tree / name).write_text(OLD)
    answer(own_folders, f"```python\n{NEW}```")
    return tree


def answer(folder: Path, text: str, **more: object) -> None:
    lines = [f"{key} = {json.dumps(value)}" for key, value in {"text": text, **more}.items()]
    (folder / "script.toml").write_text("context_length = 4096\n[[reply]]\n" + "\n".join(lines))


def environment(tree: Path) -> dict[str, str]:
    return {
        **os.environ,
        "HOMEBODY_BACKEND_KIND": "scripted",
        "HOMEBODY_BACKEND_MODEL": str(tree.parent / "script.toml"),
        "HOMEBODY_CONTEXT_SNIPPETS": "false",
    }


def start(tree: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [HOMEBODY, "refactor", *arguments],
        cwd=tree,
        env=environment(tree),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def texts(tree: Path) -> list[str]:
    return [(tree / name).read_text() for name in NAMES]


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is another signal there")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
async def test_an_interrupted_run_reverts_an_unverified_change(tree: Path, sent: signal.Signals):
    check = f"case {{file}} in *b.py*) touch {tree.parent}/second; sleep 60;; esac"

    process = start(tree, ".", "--instruction", "x", "--write", "--verify", check)
    await until((tree.parent / "second").exists)
    assert texts(tree)[:2] == [NEW, NEW]
    process.send_signal(sent)
    _, err = process.communicate(timeout=60)

    assert process.returncode == 130
    assert texts(tree) == [NEW, OLD, OLD, OLD]
    assert "4 files: 1 changed, 3 not done." in err
    assert "--resume" in err
    assert "Traceback" not in err


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_a_terminal_shows_live_lines_and_results_stay_clean(tree: Path):
    pty = pytest.importorskip("pty")
    answer(tree.parent, f"```python\n{NEW}```", piece_delay_ms=60)
    ours, theirs = pty.openpty()
    command = [HOMEBODY, "refactor", ".", "--instruction", "x", "--jobs", "2"]
    environ = {**environment(tree), "TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(command, cwd=tree, env=environ, stdout=subprocess.PIPE, stderr=theirs) as process:
        os.close(theirs)
        shown = bytearray()
        with suppress(OSError):  # how the end of a terminal looks
            while piece := os.read(ours, 65536):
                shown += piece
        out = process.stdout.read().decode() if process.stdout is not None else ""
    os.close(ours)

    assert out.count("@@ -1,3 +1,2 @@") == 4
    assert "\x1b" not in out
    result = shown.decode()
    assert "4 files" in result
    assert " characters" in result
    assert "left" in result
    assert "4 files: 4 changed." in result

"""User folders that cannot be read or written: one sentence, and everything else still works."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from support.editor import start_client
from support.forked import COMMAND
from support.needs import needs
from support.until import until

pytestmark = pytest.mark.skipif(os.name == "nt", reason="modes and limits of POSIX")

DOCSTRING = [{"text": '"""Add."""', "probability": 0.95}]
CODE = "def add(a, b):\n    return a + b\n"


def _bound_by_modes() -> list[str]:
    if os.geteuid() != 0:
        return []
    return [needs("setpriv", "util-linux"), "--bounding-set=-dac_override,-dac_read_search"]


def _on_a_full_disk() -> list[str]:
    return [needs("prlimit", "util-linux"), "--fsize=0", "--"]


@pytest.fixture
def closed(tmp_path: Path):
    """Close one of the user's folders until the test ends."""
    folders: list[Path] = []

    def close(name: str) -> Path:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        (folder / "config.toml").write_text("completion.max_tokens = 20\n")
        folder.chmod(0)
        folders.append(folder)
        return folder

    yield close
    for folder in folders:
        folder.chmod(0o700)


@pytest.fixture
def run(environ: Mapping[str, str], workspace: Path, scripted):
    block = scripted(DOCSTRING)["backend"]
    own = {"HOMEBODY_BACKEND_KIND": block["kind"], "HOMEBODY_BACKEND_MODEL": block["model"]}

    def run(*arguments: str, under: list[str]) -> tuple[int, str]:
        ran = subprocess.run(
            [*under, *COMMAND, *arguments],
            cwd=workspace,
            env={**environ, **own},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return ran.returncode, ran.stderr

    return run


async def test_settings_that_cannot_be_read_are_one_message(closed, environ, workspace: Path, scripted):
    """The message names the file and the reason; nothing is sent until it can be read."""
    folder = closed("config")
    command = [*_bound_by_modes(), *COMMAND, "lsp"]
    async with start_client(command, root=workspace, options=scripted("x)"), environ=environ) as client:
        client.open("file:///w/app.py", "print(")
        assert await client.complete("file:///w/app.py", 0, 6, invoked=True) == []
        messages = list(client.messages)
        folder.chmod(0o700)

        await until(lambda: client.status["kind"] == "Normal")
        assert await client.complete("file:///w/app.py", 0, 6, invoked=True) != []

    (message,) = messages
    assert message.startswith(f"{folder}/config.toml: it cannot be read (Permission denied). Nothing is sent")


@pytest.mark.parametrize("fault", ["closed", "full"])
def test_a_run_that_cannot_write_its_journal_changes_no_file(fault: str, closed, run, workspace: Path):
    """Without a journal nothing could be undone, so nothing is changed; one sentence states the reason."""
    (workspace / "app.py").write_text(CODE)
    if fault == "closed":
        closed("state")
    under = _bound_by_modes() if fault == "closed" else _on_a_full_disk()
    code, printed = run("refactor", "app.py:1-2", "--instruction", "Add a docstring.", "--write", under=under)

    assert code == 1
    assert printed.strip().endswith("so no file is changed.")
    assert printed.count("\n") == 1
    assert (workspace / "app.py").read_text() == CODE


@pytest.mark.parametrize("fault", ["closed", "full"])
@pytest.mark.parametrize("arguments", [("complete", "app.py:2:5"), ("ask", "What is it?")])
def test_commands_without_storage_work_on_a_full_disk(fault: str, arguments, closed, run, workspace: Path):
    (workspace / "app.py").write_text(CODE)
    if fault == "closed":
        closed("state")
    under = _bound_by_modes() if fault == "closed" else _on_a_full_disk()

    assert run(*arguments, under=under) == (0, "")


def test_settings_that_cannot_be_written_leave_no_empty_file(run, tmp_path: Path):
    code, printed = run("config", "init", under=_on_a_full_disk())
    path = tmp_path / "config" / "config.toml"
    assert (code, printed) == (
        2,
        f"homebody: {path} cannot be written (File too large), so it is unchanged.\n",
    )
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize(
    "arguments", [("explain", "lib/app.py"), ("refactor", "lib", "--action", "docstring")]
)
def test_a_folder_that_cannot_be_read_is_named(arguments, run, workspace: Path):
    folder = workspace / "lib"
    folder.mkdir()
    folder.chmod(0)
    try:
        code, printed = run(*arguments, under=_bound_by_modes())
    finally:
        folder.chmod(0o700)
    assert code == 1
    assert str(folder.name) in printed
    assert printed.count("\n") == 1

"""`requirements/setup.sh`: missing tools are reported in one sentence, and nothing is done twice."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.tracked import ROOT

# Tools that the script calls, without Python: a search path with only these is like a machine without Python.
COMMANDS = ("sh", "dirname", "cat", "cmp", "grep", "rm", "tail")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "a checkout"
    shutil.copytree(ROOT / "requirements", folder / "requirements")
    for name in ("pyproject.toml", "README.md", "LICENSE", "Makefile"):
        shutil.copy(ROOT / name, folder)
    return folder


@pytest.fixture
def bare_machine(tmp_path: Path) -> dict[str, str]:
    folder = tmp_path / "bin"
    folder.mkdir()
    for command in COMMANDS:
        (folder / command).symlink_to(str(shutil.which(command)))
    return {"PATH": str(folder), "HOME": str(tmp_path)}


def run_setup(checkout: Path, environment: dict[str, str], *parts: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", "requirements/setup.sh", *parts],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def only_line(text: str) -> str:
    lines = text.splitlines()
    assert len(lines) == 1, text
    return lines[0]


@pytest.mark.parametrize(
    ("python", "words"),
    [
        (None, "there is no Python 3.11 or newer: install one"),
        ("exit 1  # as sys.exit(True) does", "there is no Python 3.11 or newer: install one"),
        (
            'case "$2" in *ensurepip*) exit 1 ;; esac',
            "python3 has no venv module: install it (Debian and Ubuntu: apt install python3-venv)",
        ),
    ],
    ids=["none", "too old", "without venv"],
)
def test_a_python_that_cannot_be_used_is_one_sentence(
    checkout: Path, bare_machine: dict[str, str], python: str | None, words: str
):
    if python is not None:
        program = Path(bare_machine["PATH"]) / "python3"
        program.write_text(f"#!/bin/sh\n{python}\n")
        program.chmod(0o755)

    ran = run_setup(checkout, bare_machine, "run")

    assert ran.returncode == 1
    assert words in only_line(ran.stderr)


def test_a_missing_network_is_reported_as_such(checkout: Path, bare_machine: dict[str, str]):
    # A closed port of this machine stands for the network that is not there.
    nowhere = {
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_CACHE_DIR": "1",
    }
    (Path(bare_machine["PATH"]) / "python3").symlink_to(sys.executable)

    ran = run_setup(checkout, bare_machine | nowhere, "run")

    assert ran.returncode == 1
    assert "the package index cannot be reached" in only_line(ran.stderr)


@pytest.mark.parametrize(
    ("changed", "words"),
    [(None, ""), ("lock", "there is no Python"), ("place", "there is no Python")],
    ids=["nothing changed", "another lock", "a moved checkout"],
)
def test_an_environment_is_installed_again_only_if_something_changed(
    checkout: Path, bare_machine: dict[str, str], changed: str | None, words: str
):
    """The scripts of an environment contain their old path."""
    read = [checkout / name for name in ("requirements/build.txt", "requirements/run.txt", "pyproject.toml")]
    place = checkout.parent / "elsewhere" if changed == "place" else checkout
    (checkout / ".venv").mkdir()
    stamp = f"{place}\n" + "".join(path.read_text() for path in read)
    (checkout / ".venv" / "run.done").write_text(stamp)
    if changed == "lock":
        read[1].write_text("")

    ran = run_setup(checkout, bare_machine, "run")

    assert (ran.returncode, ran.stdout) == (int(bool(words)), "")
    assert words in ran.stderr

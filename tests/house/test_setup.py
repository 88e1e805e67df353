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
    """Run the script as make does."""
    return subprocess.run(
        ["/bin/sh", "requirements/setup.sh", *parts],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def add_python(environment: dict[str, str], *, script: str) -> None:
    python = Path(environment["PATH"]) / "python3"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)


def stamp(checkout: Path, *, place: Path) -> None:
    (checkout / ".venv").mkdir()
    read = ("requirements/build.txt", "requirements/run.txt", "pyproject.toml")
    texts = [(checkout / name).read_text() for name in read]
    (checkout / ".venv" / "run.done").write_text("".join([f"{place}\n", *texts]))


def only_line(text: str) -> str:
    lines = text.splitlines()
    assert len(lines) == 1, text
    return lines[0]


def test_a_missing_python_is_reported(checkout: Path, bare_machine: dict[str, str]):
    ran = run_setup(checkout, bare_machine, "run")

    assert ran.returncode == 1
    assert "there is no Python 3.11 or newer: install one" in only_line(ran.stderr)


def test_an_old_python_is_not_used(checkout: Path, bare_machine: dict[str, str]):
    """A Python that is too old is not used."""
    add_python(bare_machine, script="exit 1  # as sys.exit(True) does")

    ran = run_setup(checkout, bare_machine, "run")

    assert "there is no Python 3.11 or newer" in only_line(ran.stderr)


def test_a_missing_venv_module_is_named(checkout: Path, bare_machine: dict[str, str]):
    """Debian has venv in a separate package: the sentence names it."""
    add_python(bare_machine, script='case "$2" in *ensurepip*) exit 1 ;; esac')

    ran = run_setup(checkout, bare_machine, "run")

    assert ran.returncode == 1
    assert (
        "python3 has no venv module: install it (Debian and Ubuntu: apt install python3-venv)"
        in only_line(ran.stderr)
    )


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


def test_an_environment_that_is_up_to_date_is_left_alone(checkout: Path, bare_machine: dict[str, str]):
    stamp(checkout, place=checkout)

    ran = run_setup(checkout, bare_machine, "run")

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


def test_a_changed_lock_asks_for_a_new_installation(checkout: Path, bare_machine: dict[str, str]):
    stamp(checkout, place=checkout)
    (checkout / "requirements" / "run.txt").write_text("")

    ran = run_setup(checkout, bare_machine, "run")

    assert "there is no Python" in only_line(ran.stderr)  # the stamp was not accepted


def test_a_moved_checkout_asks_for_a_new_installation(checkout: Path, bare_machine: dict[str, str]):
    """The stamp is not valid in another folder, because the scripts contain their old path."""
    stamp(checkout, place=checkout.parent / "elsewhere")

    ran = run_setup(checkout, bare_machine, "run")

    assert "there is no Python" in only_line(ran.stderr)


def test_help_lists_every_task(checkout: Path):
    # When called by make, it would print the folder that it enters.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}

    ran = subprocess.run(["make"], cwd=checkout, env=environment, capture_output=True, text=True, check=True)

    tasks = {line.split()[1] for line in ran.stdout.splitlines()}
    assert tasks == {
        "help",
        "demo",
        "test",
        "check",
        "fuzz",
        "lint",
        "format",
        "docs",
        "pictures",
        "lock",
        "dist",
        "vsix",
        "offline",
        "pythons",
        "clean",
    }

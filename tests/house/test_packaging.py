"""The package as users get it: built, installed into a clean environment, and run there."""

import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

import homebody
from homebody.prompt import files
from support.tracked import ROOT

SCRIPT = """\
name = "packaged"

[[reply]]
text = "return left + right"
"""
FOLDERS = ("config", "cache", "state", "data")
SOURCE = "def add(left, right):\n    \n"


@dataclass(frozen=True)
class Installed:
    """An environment that has the wheel and what it runs with, and folders of its own."""

    folder: Path

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.folder / "venv" / "bin" / "python"

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run one of the environment's programs, away from the checkout and the user's files."""
        own = {
            f"HOMEBODY_{name}_DIR": str(self.folder / name.lower())
            for name in ("CONFIG", "CACHE", "STATE", "DATA")
        }
        return subprocess.run(
            [self.python.parent / command[0], *command[1:]],
            cwd=self.folder,
            env={"PATH": os.defpath, "HOME": str(self.folder), **own},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel out of the source archive, as a release is built."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Install the lock and the wheel into a new environment."""
    environment = Installed(tmp_path_factory.mktemp("clean"))
    uv("venv", "--quiet", "--python", sys.executable, str(environment.folder / "venv"))
    into = ("pip", "install", "--quiet", "--python", str(environment.python))
    uv(*into, "--require-hashes", "--requirement", str(ROOT / "requirements" / "run.txt"))
    uv(*into, "--no-deps", str(wheel))
    return environment


def uv(*arguments: str) -> None:
    """Run uv out of its cache, which `make test` filled; over the network where it has lost something."""
    command = [Path(sys.executable).parent / "uv", *arguments]
    if subprocess.run([*command, "--offline"], capture_output=True, check=False).returncode != 0:
        subprocess.run(command, check=True)


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path):
    """Code, prompts, queries, types and licence are in; tests and tools are not."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()

    info = f"homebody-{homebody.__version__}.dist-info"
    assert {Path(name).parts[0] for name in names} == {"homebody", info}
    assert {"homebody/py.typed", f"{info}/licenses/LICENSE", f"{info}/entry_points.txt"} <= set(names)
    package = ROOT / "server" / "homebody"
    data = {path.relative_to(package.parent).as_posix() for path in package.rglob("*.scm")}
    assert data <= set(names)


def test_prompts_are_found_in_a_checkout():
    """From a checkout, the prompts are the files that a developer edits."""
    assert files.shipped() == ROOT / "prompts"


def test_prompts_are_found_when_installed(installed: Installed):
    """Installed, every prompt file is there, byte for byte."""
    ran = installed.run("python", "-c", "from homebody.prompt.files import shipped; print(shipped())")

    assert ran.stderr == ""
    shipped = Path(ran.stdout.strip())
    assert shipped.is_relative_to(installed.folder)
    assert contents(ROOT / "prompts") == contents(shipped)


def test_help_lists_the_commands(installed: Installed):
    """`homebody --help` runs in the clean environment and names what there is to do."""
    ran = installed.run("homebody", "--help")

    assert (ran.returncode, ran.stderr) == (0, "")
    assert {
        word for word in ("lsp", "complete", "explain", "refactor", "models") if word not in ran.stdout
    } == set()


def test_the_version_is_told(installed: Installed):
    """`homebody --version`, the package's metadata and the code say the same."""
    ask = "from importlib.metadata import version; print(version('homebody'))"
    metadata = installed.run("python", "-c", ask)
    ran = installed.run("homebody", "--version")

    assert homebody.__version__ == metadata.stdout.strip()
    assert homebody.__version__ in ran.stdout


def test_a_completion_comes_from_the_scripted_backend(installed: Installed):
    """`homebody complete` answers in the clean environment, with the backend that ships for tests."""
    script = installed.folder / "script.toml"
    script.write_text(SCRIPT)
    (installed.folder / "add.py").write_text(SOURCE)
    (installed.folder / "config").mkdir()
    (installed.folder / "config" / "config.toml").write_text(
        f'[backend]\nkind = "scripted"\nmodel = "{script.as_posix()}"\n'
    )

    ran = installed.run("homebody", "complete", "add.py:2:5")

    assert (ran.returncode, ran.stderr) == (0, "")
    assert "return left + right" in ran.stdout


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path in it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }

"""The package as users get it: built, installed into a clean environment, and run there."""

import asyncio
import os
import runpy
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

import homebody
from support.editor import start_client
from support.folders import own_folders
from support.git import committed
from support.needs import needs_network_namespace
from support.tracked import ROOT, tracked_files

SCRIPT = """\
name = "packaged"

[[reply]]
text = "return left + right"
"""
SOURCE = "def add(left, right):\n    \n"


@dataclass(frozen=True)
class Installed:
    """An environment made from the folder for machines without a network, with separate user folders."""

    folder: Path

    @property
    def programs(self) -> Path:
        return self.folder / "app" / "bin"

    @property
    def environ(self) -> dict[str, str]:
        return {"PATH": os.defpath, "HOME": str(self.folder), **own_folders(self.folder)}

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.programs / command[0], *command[1:]],
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


def test_the_check_of_the_extension_knows_the_files_that_it_is_packed_with():
    client = ROOT / "clients" / "vscode"
    packed = [
        line[1:] for line in (client / ".vscodeignore").read_text().splitlines() if line[:7] == "!media/"
    ]
    media = {f"extension/{file.relative_to(client)}" for glob in packed for file in client.glob(glob)}
    known = runpy.run_path(str(ROOT / "packaging" / "dist.py"))["VSIX_FILES"]
    assert media == {name for name in known if name.startswith("extension/media/")}


@pytest.fixture(scope="module")
def wheel(offline: Path) -> Path:
    """Return the wheel, which was built from the source archive, like a release."""
    return next(offline.glob("homebody-*.whl"))


@pytest.fixture(scope="module")
def installed(offline: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    environment = Installed(tmp_path_factory.mktemp("clean"))
    command = [*needs_network_namespace(), "sh", str(offline / "install.sh"), str(environment.folder / "app")]
    ran = subprocess.run(
        command,
        env=environment.environ | {"PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    script = environment.folder / "script.toml"
    script.write_text(SCRIPT)
    (environment.folder / "config").mkdir()
    (environment.folder / "config" / "config.toml").write_text(
        f'[backend]\nkind = "scripted"\nmodel = "{script.as_posix()}"\n'
    )
    return environment


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()

    info = f"homebody-{homebody.__version__}.dist-info"
    assert {Path(name).parts[0] for name in names} == {"homebody", info}
    assert {"homebody/py.typed", f"{info}/licenses/LICENSE", f"{info}/entry_points.txt"} <= set(names)
    package = ROOT / "server" / "homebody"
    data = {path.relative_to(package.parent).as_posix() for path in package.rglob("*.scm")}
    prompts = [path for path in (ROOT / "prompts").rglob("*") if path.is_file()]
    data |= {f"homebody/_prompts/{path.relative_to(ROOT / 'prompts').as_posix()}" for path in prompts}
    assert data <= set(names)


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        ("--help", ["lsp", "complete", "explain", "refactor", "models"]),
        ("--version", [homebody.__version__]),
        ("complete add.py:2:5", ["return left + right"]),
        ("prompts", ["Write a docstring (function, shipped)"]),
        ("models list", ["SmolLM2-135M-Instruct"]),  # the default weights come with the folder
        ("doctor", [f"Homebody {homebody.__version__}", "{programs}/python"]),
        ("demo", ["{programs}/homebody lsp"]),
    ],
)
def test_the_installed_commands_run(installed: Installed, arguments: str, shown: list[str]):
    (installed.folder / "add.py").write_text(SOURCE)

    ran = installed.run("homebody", *arguments.split())

    assert (ran.returncode, ran.stderr) == (0, "")
    texts = [text.format(programs=installed.programs) for text in shown]
    assert [text for text in texts if text not in ran.stdout] == []
    assert str(ROOT) not in ran.stdout


def test_the_installed_language_server_completes(installed: Installed):
    async def session() -> str:
        command = [str(installed.programs / "homebody"), "lsp"]
        async with start_client(command, root=installed.folder, environ=installed.environ) as client:
            document = client.open("untitled:add.py", SOURCE)
            (item, *_) = await client.complete(document.uri, 1, 4, invoked=True)
            return item["insertText"]

    assert asyncio.run(session()) == "return left + right"


@pytest.mark.parametrize(
    "line",
    [("uv", "tool", "install"), ("uv", "tool", "run", "pipx", "install")],
    ids=["uv", "pipx"],
)
def test_the_lines_of_the_readme_install_from_a_git_address(line: tuple[str, ...], tmp_path: Path):
    """`uv tool install git+ADDRESS` and `pipx install git+ADDRESS` each give the command `homebody`."""
    address = a_repository(tmp_path / "repository").as_uri()
    program, *words = line
    folders = {"UV_TOOL_BIN_DIR": "bin", "UV_TOOL_DIR": "tools", "PIPX_BIN_DIR": "bin", "PIPX_HOME": "pipx"}
    ran = subprocess.run(
        [Path(sys.executable).parent / program, *words, f"git+{address}", "--python", sys.executable],
        env=os.environ | {name: str(tmp_path / folder) for name, folder in folders.items()},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr

    version = subprocess.run(
        [tmp_path / "bin" / "homebody", "--version"], capture_output=True, text=True, check=True
    ).stdout

    assert homebody.__version__ in version


def a_repository(folder: Path) -> Path:
    for path in tracked_files():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, folder / path)
    committed(folder)
    return folder

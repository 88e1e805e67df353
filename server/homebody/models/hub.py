"""What all downloads share, and weights from the Hugging Face Hub: ``hf:REPO[:FILE]``.

The optional extra ``homebody[hub]`` makes the requests (``HF_ENDPOINT`` names a mirror; an interrupted
download is resumed); the downloaded file is verified with the Hub's checksum.
"""

import errno
import hashlib
import os
import re
import shutil
import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import TypeAlias

from filelock import FileLock

from homebody.errors import ModelInstallFailed, UsageError
from homebody.installation import pip_install
from homebody.models.facts import Model
from homebody.models.library import models_dir

OnProgress: TypeAlias = Callable[[int, int], None]
"""Called with the bytes downloaded so far and the total."""


@contextmanager
def installing() -> Generator[None]:
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
        if error.errno == errno.ENOSPC:
            message = f"The disk of {folder} is full: make room, then try again"
        else:
            message = f"{folder} cannot be written to ({error.strerror or error}): check its permissions"
        raise ModelInstallFailed(message) from error


def check_space(what: str, needed: int) -> None:
    """Raise ``ModelInstallFailed`` unless the disk of the models folder has room for ``needed`` bytes."""
    free = shutil.disk_usage(models_dir()).free
    if free < needed:
        message = (
            f"{models_dir()} has {free / 1e6:.0f} MB free and {what} {needed / 1e6:.0f} MB: "
            "make room, or set HOMEBODY_DATA_DIR to another disk"
        )
        raise ModelInstallFailed(message)


def _bytes_under(folder: Path) -> int:
    """Total bytes of all files in ``folder``, including files that are being written."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:  # pip has just moved it
            continue
    return total


def sha256_of(path: Path) -> str:
    """Compute the checksum of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_sha256(path: Path, name: str, expected: str) -> None:
    """Delete a file and raise ``ModelInstallFailed`` unless it has that checksum."""
    if (actual := sha256_of(path)) != expected:
        path.unlink()
        message = (
            f"{name} has the checksum {actual[:12]}… instead of {expected[:12]}…: "
            "it was damaged or changed during the download and was deleted; try again, over another network"
        )
        raise ModelInstallFailed(message)


# The default if a repository has several: four bits, with little loss of quality.
_PREFERRED = ("q4_k_m", "q4_k_s", "q4_0", "q5_k_m", "q8_0")
_PART = re.compile(r"(.+)-\d{5}-of-\d{5}\.gguf", re.IGNORECASE)


def install_from_hub(source: str, on_progress: OnProgress | None = None) -> Model:
    """Download the model that ``source`` names.

    Raises
    ------
    UsageError
        ``source`` is malformed, or matches several files.
    ModelInstallFailed
        The extra is not installed, the network or the repository is unavailable, or the checksum is wrong.

    """
    repo, wanted = parse_source(source)
    hub = _hub()
    with installing(), _translated(hub, repo):
        info = hub.HfApi().model_info(repo, files_metadata=True)
        files = {file.rfilename: file for file in info.siblings or ()}
        chosen = choose_files(repo, files, wanted)
        folder = models_dir() / repo.replace("/", "--")
        total = sum(files[name].size or 0 for name in chosen)
        check_space(f"{repo} needs", total)
        with watched(folder, total, on_progress):
            for name in chosen:
                path = Path(hub.hf_hub_download(repo, name, revision=info.sha, local_dir=folder))
                if files[name].lfs:
                    check_sha256(path, name, files[name].lfs.sha256)
    path = folder / chosen[0]
    return Model(path.stem, path, "installed")


def parse_source(source: str) -> tuple[str, str | None]:
    """Split ``hf:OWNER/NAME[:FILE]``; the file may be a quantisation (``Q4_K_M``)."""
    repo, _, wanted = source.removeprefix("hf:").partition(":")
    if not re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", repo):
        message = f"{source} is not a repository: write hf:OWNER/NAME or hf:OWNER/NAME:FILE"
        raise UsageError(message)
    return repo, wanted or None


def choose_files(repo: str, files: Iterable[str], wanted: str | None) -> list[str]:
    """Return the model that ``source`` names: its file, or all its parts in order.

    Raises
    ------
    UsageError
        No file matches, or several do.

    """
    models: dict[str, list[str]] = {}
    for file in sorted(files):
        path = PurePosixPath(file)
        # Reject names that lead outside the folder.
        if path.suffix == ".gguf" and not path.name.startswith("mmproj") and ".." not in path.parts:
            part = _PART.fullmatch(file)
            models.setdefault(part[1] if part else file.removesuffix(".gguf"), []).append(file)
    if not models:
        message = f"{repo} has no GGUF file: choose a repository whose name ends in -GGUF"
        raise UsageError(message)
    tags = (wanted.lower().removesuffix(".gguf"),) if wanted else _PREFERRED
    for tag in tags:
        matches = [name for name in models if name.lower() == tag or PurePosixPath(name).name.lower() == tag]
        matches = matches or [name for name in models if re.search(rf"[-.]{re.escape(tag)}$", name.lower())]
        if len(matches) == 1:
            return models[matches[0]]
    if wanted is None and len(models) == 1:
        return next(iter(models.values()))
    names = ", ".join(f"{name}.gguf" for name in models)
    message = f"{repo} has {names}: name one of them (hf:{repo}:FILE)"
    raise UsageError(message)


def _hub() -> ModuleType:
    # Read once, at import. Disables telemetry: only what the download needs is sent.
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    try:
        import huggingface_hub
    except ModuleNotFoundError as error:
        message = (
            "Installing from the Hugging Face Hub needs one more package: run "
            f"`{pip_install('huggingface_hub')}`, or download the GGUF yourself and install it by its path"
        )
        raise ModelInstallFailed(message) from error
    return huggingface_hub


@contextmanager
def _translated(hub: ModuleType, repo: str) -> Generator[None]:
    """Translate the library's errors."""
    try:
        yield
    except (ModelInstallFailed, UsageError):
        raise
    except hub.errors.GatedRepoError as error:
        message = (
            f"{repo} requires that you accept its licence on its page: then run `hf auth login` and try again"
        )
        raise ModelInstallFailed(message) from error
    except hub.errors.RepositoryNotFoundError as error:
        message = (
            f"The Hub has no repository {repo}, or it is private: check the name, or run `hf auth login`"
        )
        raise ModelInstallFailed(message) from error
    except OSError as error:
        # ``installing`` reports a full disk.
        if error.errno is not None:
            raise
        raise _unreachable(error) from error
    except Exception as error:
        # Errors of the HTTP library are not wrapped, and the library depends on the version.
        raise _unreachable(error) from error


def _unreachable(error: Exception) -> ModelInstallFailed:
    words = " ".join(str(error).split())[:200]
    return ModelInstallFailed(
        f"The Hub cannot be reached ({words}): connect to the network, or name a mirror (HF_ENDPOINT), "
        "then try again"
    )


@contextmanager
def watched(folder: Path, total: int, on_progress: OnProgress | None) -> Generator[None]:
    """Report how much is downloaded, from the sizes of the files in the folder."""
    if on_progress is None:
        yield
        return
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.2):
            on_progress(min(_bytes_under(folder), total), total)

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
    on_progress(total, total)

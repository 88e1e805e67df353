"""Fixtures for every test: models to run and a real llama.cpp that runs one."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from homebody.models.library import DEFAULT_WEIGHTS, models_dir
from support import folders
from support.hosts import Host, running_host
from support.needs import leave_out
from support.tiny_gguf import write_tiny_gguf
from support.tracked import ROOT

# No test depends on the speed of the machine. (Imported here, because pytest would import it at its end, at a
# call depth that is too deep for Python 3.11's parser.)
# Each run draws other examples, so a law that one run misses is met by a later one.
hypothesis.settings.register_profile("house", deadline=None, max_examples=50)
hypothesis.settings.load_profile("house")

# A shell starts background jobs with Ctrl-C ignored, and what the tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

_LONGEST = ("test_vscode.py", "editors", "house", "e2e", "contract", "cli")
"""Files and folders whose tests come first, so that no process is left with a long one at the end."""

_INSTALLED_WEIGHTS = models_dir() / DEFAULT_WEIGHTS  # before any test moves the folders


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def rank(item: pytest.Item) -> int:
        ranks = [_LONGEST.index(part) for part in item.path.parts if part in _LONGEST]
        return min(ranks, default=len(_LONGEST))

    items.sort(key=rank)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_gguf(tmp_path_factory.mktemp("tiny") / "tiny.gguf")


@pytest.fixture(scope="session")
def weights() -> Path:
    if not _INSTALLED_WEIGHTS.is_file():
        leave_out("the default weights are not installed: run `homebody models install`")
    return _INSTALLED_WEIGHTS


@pytest.fixture
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, folder in folders.own_folders(tmp_path / "homebody").items():
        monkeypatch.setenv(name, folder)
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    for name in ("XDG_CACHE_HOME", "OLLAMA_MODELS", "LLAMA_CACHE", "HF_HUB_CACHE", "HF_HOME"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "home").mkdir()
    return tmp_path


@pytest.fixture(scope="session")
def offline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("offline") / "folder"
    command = [sys.executable, ROOT / "packaging" / "offline.py", "--no-vsix", "--to", folder]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    return folder


@pytest.fixture(scope="session")
def host(tiny_model: Path) -> Iterator[Host]:
    """Run the scripted model in a real host process, one for the whole run.

    A test that ends it, or needs another model, starts its own with ``started_host``.
    """
    with running_host(tiny_model) as running:
        yield running

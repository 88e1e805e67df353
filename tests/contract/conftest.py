"""Every backend, against the real server if it is available, otherwise against its double."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from homebody.backend.base import Backend
from homebody.backend.scripted import ScriptedBackend, ScriptedReply
from homebody.backend.servers.llama_cpp import LlamaCppBackend
from homebody.backend.servers.lm_studio import LmStudioBackend
from homebody.backend.servers.ollama import OllamaBackend
from homebody.backend.servers.openai import OpenAiBackend
from homebody.host.shared import HostOptions
from homebody.settings import BackendSettings
from support.hosts import Host, embedded_backend, running_host
from support.ollama_double import OllamaDouble, OllamaModel
from support.openai_double import OpenAiDouble, OpenAiModel
from support.server_double import CODE, WORDS
from support.tiny_gguf import ENDLESS_SCRIPT, write_tiny_gguf

KINDS = ("llama.cpp", "embedded", "openai", "ollama", "lm-studio", "scripted")


@pytest.fixture(scope="session")
def endless_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    model = write_tiny_gguf(tmp_path_factory.mktemp("endless") / "endless.gguf", ENDLESS_SCRIPT)
    with running_host(model) as running:
        yield running


@pytest.fixture
def ollama() -> Iterator[OllamaDouble]:
    with OllamaDouble(
        [OllamaModel("qwen2.5-coder:1.5b", fim=True, capabilities=("completion", "insert"))]
    ) as double:
        yield double


@pytest.fixture
def lm_studio() -> Iterator[OpenAiDouble]:
    with OpenAiDouble([OpenAiModel("qwen2.5-coder-1.5b-instruct")]) as double:
        yield double


@pytest.fixture(params=KINDS)
def opened(
    request: pytest.FixtureRequest, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Backend:
    return _open(request, tiny_model, tmp_path, monkeypatch)


@pytest_asyncio.fixture
async def backend(opened: Backend) -> AsyncIterator[Backend]:
    yield opened
    await opened.aclose()


def _open(
    request: pytest.FixtureRequest, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Backend:
    match request.param:
        case "llama.cpp":
            host = request.getfixturevalue("host")
            return LlamaCppBackend(BackendSettings(url=host.url, api_key=host.key))
        case "embedded":
            monkeypatch.setenv("HOMEBODY_STATE_DIR", str(tmp_path / "state"))
            return embedded_backend(lambda: HostOptions(tiny_model))
        case "openai":
            host = request.getfixturevalue("host")
            return OpenAiBackend(BackendSettings(url=host.url, api_key=host.key))
        case "ollama":
            return OllamaBackend(BackendSettings(url=request.getfixturevalue("ollama").url))
        case "lm-studio":
            return LmStudioBackend(BackendSettings(url=request.getfixturevalue("lm_studio").url))
        case _:
            return ScriptedBackend(
                ScriptedReply(WORDS, contains="<|im_start|>assistant"), ScriptedReply(CODE)
            )

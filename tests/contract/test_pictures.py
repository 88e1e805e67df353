"""Pictures: the exact requests to each kind of server, and a real llama.cpp that sees.

The golden files have ``<picture>`` in place of the base64.
"""

import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import ollama
import openai
import pytest
import pytest_asyncio

from homebody.backend.base import Message, Prompt
from homebody.backend.probe import probe
from homebody.backend.servers.llama_cpp import LlamaCppBackend
from homebody.backend.servers.lm_studio import LmStudioBackend
from homebody.backend.servers.ollama import OllamaBackend
from homebody.backend.servers.openai import OpenAiBackend
from homebody.errors import BackendRefused
from homebody.media import Media, read_media
from homebody.settings import BackendSettings
from support.images import encoded
from support.ollama_double import OllamaDouble, OllamaModel
from support.openai_double import OpenAiDouble, OpenAiModel
from support.recording_proxy import RecordingProxy
from support.streams import MANY, chat, read
from support.tiny_gguf import write_tiny_gguf
from support.tiny_vision import running_vision_server, write_tiny_mmproj
from support.tracked import ROOT

GOLDEN = ROOT / "tests" / "cases" / "pictures"
PICTURE = read_media(encoded(), "shot.png", ("file:///w/shot.png",))
LARGER = read_media(encoded(size=(800, 600)), "plot.png", ("file:///w/plot.png",))
SEES = OllamaModel("qwen3-vl:4b", capabilities=("completion", "vision"))


def asked(*media: Media) -> list[Message]:
    return [Message("system", "Be short."), Message("user", "What is wrong here?", media=media)]


def check(name: str, body: dict[str, Any], *media: Media) -> None:
    text = json.dumps(body, indent=2, sort_keys=True) + "\n"
    for each in media:
        text = text.replace(each.base64, "<picture>")
    assert (GOLDEN / f"{name}.json").read_text(encoding="utf-8") == text


async def test_an_openai_server_that_does_not_say_whether_it_sees_gets_a_data_uri():
    with OpenAiDouble([OpenAiModel("qwen3-vl", vision=True)], kind="vllm") as double:
        backend = OpenAiBackend(BackendSettings(url=double.url))
        assert (await backend.describe()).sees is None
        await read(chat(backend, asked(PICTURE), MANY))
        body = double.requests[-1].json
        check("vllm", body, PICTURE)
        theirs = openai.OpenAI(base_url=f"{double.url}/v1", api_key="none")
        with theirs:
            theirs.chat.completions.create(model="qwen3-vl", messages=body["messages"], max_tokens=8)
        assert double.requests[-1].json["messages"] == body["messages"]


async def test_lm_studio_gets_a_data_uri():
    with OpenAiDouble([OpenAiModel("qwen/qwen3-vl-4b", vision=True)]) as double:
        backend = LmStudioBackend(BackendSettings(url=double.url))
        assert (await backend.describe()).sees
        await read(chat(backend, asked(PICTURE), MANY))
        check("lm-studio", double.requests[-1].json, PICTURE)
        found = await probe(double.url)
        assert found is not None
        assert [model.sees for model in found.models] == [True]


async def test_ollama_gets_pictures_beside_the_text(tmp_path: Path):
    """The message is the one that Ollama's own package makes of a file."""
    with OllamaDouble([SEES, OllamaModel("llama3.2")]) as double:
        backend = OllamaBackend(BackendSettings(url=double.url, model="qwen3-vl:4b"))
        assert (await backend.describe()).sees
        await read(chat(backend, asked(PICTURE), MANY))
        body = double.requests[-1].json
        check("ollama", body, PICTURE)
        file = tmp_path / "shot.png"
        file.write_bytes(PICTURE.data)
        theirs = [
            {"role": "system", "content": "Be short."},
            {"role": "user", "content": "What is wrong here?", "images": [file]},
        ]
        with closing(ollama.Client(double.url)) as client:
            list(client.chat("qwen3-vl:4b", theirs, stream=True))
        assert double.requests[-1].json["messages"] == body["messages"]


@pytest.fixture(scope="module")
def vision_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("vision")
    model = write_tiny_gguf(folder / "model.gguf", context_length=8192)
    with running_vision_server(model, write_tiny_mmproj(folder / "mmproj.gguf", model)) as url:
        yield url


@pytest_asyncio.fixture
async def sees(vision_server: str) -> AsyncIterator[LlamaCppBackend]:
    backend = LlamaCppBackend(BackendSettings(url=vision_server))
    yield backend


async def test_llama_cpp_reports_that_its_model_sees(sees: LlamaCppBackend, vision_server: str):
    found = await probe(vision_server)

    assert (await sees.describe()).sees
    assert found is not None
    assert [model.sees for model in found.models] == [True]
    other = OpenAiBackend(BackendSettings(url=vision_server))
    assert (await other.describe()).sees


async def test_llama_cpp_gets_the_picture_in_the_prompt(vision_server: str):
    with RecordingProxy(vision_server) as proxy:
        backend = LlamaCppBackend(BackendSettings(url=proxy.url))
        text, stats = await read(chat(backend, asked(PICTURE), MANY))
        [sent] = proxy.bodies("/completion")
    # The marker is random.
    sent["prompt"]["prompt_string"] = re.sub(r"__media_\w+__", "__media__", sent["prompt"]["prompt_string"])
    check("llama.cpp", sent, PICTURE)
    assert text == "This function adds two numbers. It returns the sum."
    assert stats.finish == "stop"


@pytest.mark.parametrize("media", [(PICTURE,), (LARGER,), (PICTURE, LARGER)], ids=["small", "large", "two"])
async def test_the_tokens_of_a_picture_are_the_servers_own_count(sees: LlamaCppBackend, media):
    """The count before the answer is the one that the server reports after it."""
    prompt = await sees.render_chat(asked(*media))
    counted = await sees.count_prompt(prompt)
    alone = [await sees.count_prompt(Prompt((each,))) for each in media]
    _, stats = await read(chat(sees, asked(*media), MANY))

    assert counted == stats.prompt_tokens
    assert counted > sum(alone)
    assert min(alone) > 20


async def test_a_follow_up_does_not_read_the_picture_again(sees: LlamaCppBackend):
    first = asked(LARGER)
    text, _ = await read(chat(sees, first, MANY))
    follow_up = [*first, Message("assistant", text), Message("user", "And now?")]
    _, stats = await read(chat(sees, follow_up, MANY))

    assert stats.evaluated_tokens is not None
    assert stats.evaluated_tokens < 100 < await sees.count_prompt(Prompt((LARGER,)))


async def test_a_picture_that_the_server_cannot_decode_is_refused(sees: LlamaCppBackend):
    broken = Media("x.png", "image/png", b"nonsense", ("homebody:typed",))
    with pytest.raises(BackendRefused, match="Failed to load image"):
        await read(chat(sees, asked(broken), MANY))

"""The models that a menu can offer: of servers that answer, and on disk."""

from pathlib import Path

import pytest

from homebody.engine import open_engine
from homebody.features.models_here import models_here
from homebody.settings import BackendSettings, Settings
from support.gated import settings_for
from support.ollama_double import OllamaDouble, OllamaModel
from support.openai_double import OpenAiDouble, OpenAiModel
from support.tiny_gguf import write_tiny_gguf

NOBODY = "http://127.0.0.1:9"
MODELS = [
    OllamaModel("qwen2.5-coder:1.5b", fim=True, size=986),
    OllamaModel("talker:3b", size=1900),
    OllamaModel("far:480b-cloud", remote_host="https://ollama.example"),
]


@pytest.fixture(autouse=True)
def weights(own_folders: Path) -> Path:
    folder = own_folders / "homebody" / "data" / "models"
    folder.mkdir(parents=True)
    return write_tiny_gguf(folder / "tiny.gguf", chat_template=None)


async def test_models_of_servers_and_on_disk_are_listed_with_the_settings_that_choose_them(weights: Path):
    with OllamaDouble(MODELS) as ollama:
        async with open_engine(Settings()) as engine:
            found = await models_here(engine, urls=[NOBODY, ollama.url])

    assert [(one.kind, one.url, one.model) for one in found] == [
        ("ollama", ollama.url, "qwen2.5-coder:1.5b"),
        ("ollama", ollama.url, "talker:3b"),
        ("embedded", None, str(weights)),
    ]
    assert ["completion" in one.uses for one in found] == [True, False, True]
    assert found[-1].uses == ("completion",)
    assert [one.size for one in found[:2]] == [986, 1900]


async def test_a_configured_server_is_listed_whatever_it_is_and_what_answers_is_marked():
    """A server that may forward requests is used only if the settings name it: then its models are listed."""
    models = [OpenAiModel("qwen2.5-coder-1.5b"), OpenAiModel("talker-3b")]
    with OpenAiDouble(models, kind="unknown") as server:
        async with open_engine(Settings()) as engine:
            unnamed = await models_here(engine, urls=[server.url])
        block = BackendSettings(kind="openai", url=server.url, model="talker-3b")
        async with open_engine(settings_for(block)) as engine:
            await engine.chat.describe()
            found = await models_here(engine, urls=[])

    assert [one.kind for one in unnamed] == ["embedded"]
    assert [(one.model, one.url, one.in_use) for one in found[:-1]] == [
        ("qwen2.5-coder-1.5b", server.url, ()),
        ("talker-3b", server.url, ("completion", "chat")),
    ]


async def test_a_model_that_is_in_no_list_is_named_once_for_all_its_uses(tmp_path: Path):
    script = tmp_path / "script.json"
    script.write_text('{"name": "scripted", "reply": [{"text": "x"}]}')
    block = BackendSettings(kind="scripted", model=str(script))
    async with open_engine(settings_for(block)) as engine:
        await engine.chat.describe()
        (found, _) = await models_here(engine, urls=[])
    assert (found.model, found.uses, found.in_use) == (str(script), *2 * (("completion", "chat"),))

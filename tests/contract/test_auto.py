"""``auto``: recognises a server before it sends code, chooses a suitable model, and replaces a lost one."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from homebody.backend.auto import Choice, SharedSearch, discover, look
from homebody.backend.base import Backend, BackendState, Prompt, Slot, Text
from homebody.backend.open import connector_for
from homebody.backend.probe import USUAL_PORTS
from homebody.backend.resilient import ResilientBackend
from homebody.engine import open_engine
from homebody.errors import BackendLoading, BackendUnavailable, ModelNotServed, NoModelInstalled
from homebody.settings import BackendSettings, Settings
from support.gated import settings_for
from support.loopback import Handler, LoopbackServer, Reply, Request
from support.ollama_double import OllamaDouble, OllamaModel
from support.recording_proxy import RecordingProxy
from support.streams import MANY, read
from support.tiny_gguf import write_tiny_gguf
from support.until import until_answered

AUTO = BackendSettings()
NOBODY = "http://127.0.0.1:9"
CODER = "qwen2.5-coder:1.5b"


@pytest.fixture(autouse=True)
def empty_machine(own_folders: Path) -> Path:
    models = own_folders / "homebody" / "data" / "models"
    models.mkdir(parents=True)
    return models


@pytest.fixture
def llama_cpp(host: Any) -> Iterator[RecordingProxy]:
    with RecordingProxy(host.url) as proxy:
        proxy.move(host.url, host.key)
        yield proxy


def searching(urls: Sequence[str]) -> SharedSearch:
    return SharedSearch(AUTO, lambda block, use: connector_for(block, Settings(), use), urls)


@asynccontextmanager
async def opened(
    urls: Sequence[str],
    use: Slot = "completion",
    look_again_seconds: float = 60,
    patience_seconds: float = 60,
) -> AsyncIterator[ResilientBackend]:
    search = searching(urls)
    search.look_again_seconds = look_again_seconds
    backend = ResilientBackend(search.connector(use), patience_seconds=patience_seconds)
    try:
        yield backend
    finally:
        await backend.aclose()


async def ask(backend: Backend) -> str:
    return (await read(backend.complete(Prompt((Text("x"),)), MANY)))[0]


async def chosen(use: Slot, *urls: str, block: BackendSettings = AUTO) -> Choice:
    return await discover(block, use, await look(block, urls))


def always(body: bytes, status: int = 200, content_type: str = "text/html") -> Handler:
    async def serve(request: Request, reply: Reply) -> None:
        await reply.whole(body, status, {"content-type": content_type})

    return serve


STRANGERS = {
    "a page": always(b"<html>Welcome to my app</html>"),
    "nothing known": always(b"not found", 404),
    "some API": always(b'{"data": {"items": []}}', content_type="application/json"),
    "a file server": always(b"[]", content_type="application/json"),
    "an unknown proxy": always(b'{"data": [{"id": "gpt-9", "owned_by": "somebody"}]}'),
}


@pytest.mark.parametrize("stranger", STRANGERS)
async def test_no_code_goes_to_a_server_that_is_not_recognised(stranger: str):
    with LoopbackServer(STRANGERS[stranger]) as server:
        async with opened([server.url]) as backend:
            with pytest.raises(NoModelInstalled):
                await ask(backend)
        choice = await chosen("chat", server.url)

    assert {request.method for request in server.requests} == {"GET"}
    assert all(request.body == b"" for request in server.requests)
    assert choice.block.kind == "embedded"
    assert server.url in choice.reasons[0]


def test_auto_looks_at_the_ports_that_the_page_names():
    """A new row with a port is found, and its page says so."""
    page = (Path(__file__).parents[2] / "docs" / "backends.md").read_text("utf-8")
    (named,) = re.findall(r"usual loopback ports, .*?: (.*)\.", page)
    assert sorted(map(int, re.findall(r"\d+", named))) == sorted(USUAL_PORTS)


async def test_a_silent_server_delays_nothing():
    async def silent(request: Request, reply: Reply) -> None:
        await asyncio.sleep(60)

    with LoopbackServer(silent) as server, OllamaDouble([OllamaModel(CODER, fim=True)]) as ollama:
        choice = await chosen("completion", server.url, ollama.url)

    assert choice.block.kind == "ollama"


async def test_the_key_is_not_sent_to_an_unrecognised_server(host: Any):
    block = BackendSettings(api_key="secret")
    with RecordingProxy(host.url) as proxy:
        choice = await chosen("completion", proxy.url, block=block)

    assert all("authorization" not in request.headers for request in proxy.requests)
    assert choice.block.kind == "embedded"
    assert "requires a key: set backend.url and backend.apiKeyEnv" in choice.reasons[0]


@pytest.mark.parametrize(
    ("use", "loaded", "model"),
    [
        ("completion", ["llama3:8b"], CODER),
        ("completion", [CODER], CODER),
        ("chat", ["llama3:8b"], "llama3:8b"),
        ("chat", [CODER], CODER),
        ("completion", [], CODER),
    ],
)
async def test_ollama_gives_each_use_what_suits_it(use: Slot, loaded: list[str], model: str):
    models = [OllamaModel("llama3:8b"), OllamaModel(CODER, fim=True), OllamaModel("starcoder2:3b", size=5)]
    with OllamaDouble(models) as double:
        double.loaded |= dict.fromkeys(loaded, 4096)
        choice = await chosen(use, double.url)

    assert (choice.block.kind, choice.block.model) == ("ollama", model)


async def test_a_remote_model_is_left_out_and_reported():
    models = [OllamaModel("qwen3-coder:480b-cloud", remote_host="https://ollama.com:443")]
    with OllamaDouble(models) as double:
        choice = await chosen("completion", double.url)

    assert choice.block.kind == "embedded"
    assert "left out because they run on another machine: qwen3-coder:480b-cloud" in choice.reasons[0]


async def test_a_server_that_loads_its_model_is_waited_for():
    loading = always(b'{"error": {"message": "Loading model", "code": 503}}', 503, "application/json")
    with LoopbackServer(loading) as server:
        async with opened([server.url], patience_seconds=0.5) as backend:
            with pytest.raises(BackendLoading, match="loading its model"):
                await backend.describe()


async def test_only_the_server_named_in_the_settings_is_contacted(llama_cpp: RecordingProxy):
    with OllamaDouble([OllamaModel(CODER, fim=True)]) as other:
        block = BackendSettings(url=llama_cpp.url)
        choice = await chosen("chat", other.url, block=block)

    assert choice.block.kind == "llama.cpp"
    assert other.requests == []


async def test_nothing_is_assumed_about_a_named_server_that_is_away(llama_cpp: RecordingProxy):
    """It would be taken for an unknown one, and get texts instead of exact tokens when it is back."""
    block = BackendSettings(url=llama_cpp.url)
    llama_cpp.stop()
    with pytest.raises(BackendUnavailable, match=r"Nothing answers .*: start the server, or correct"):
        await chosen("completion", block=block)
    llama_cpp.start()

    assert (await chosen("completion", block=block)).block.kind == "llama.cpp"


async def test_a_server_that_is_named_and_slow_to_answer_is_recognised(
    llama_cpp: RecordingProxy, monkeypatch: pytest.MonkeyPatch
):
    """A server that was only found has a second; one that the user named may be busy for longer."""
    monkeypatch.setattr("homebody.backend.probe.PROBE_SECONDS", 0.0001)
    choice = await chosen("completion", block=BackendSettings(url=llama_cpp.url))

    assert choice.block.kind == "llama.cpp"


async def test_weights_are_used_if_there_is_no_server(empty_machine: Path, tiny_model: Path):
    shutil.copy(tiny_model, empty_machine / "SmolLM2-135M-Instruct.Q4_1.gguf")
    async with opened([NOBODY]) as backend:
        assert await ask(backend) == "return a + b"

    assert "the default weights, run by Homebody itself" in backend.reasons[-1]


async def test_a_file_found_on_this_machine_comes_before_the_default_weights(
    empty_machine: Path, tiny_model: Path, tmp_path: Path
):
    shutil.copy(tiny_model, empty_machine / "SmolLM2-135M-Instruct.Q4_1.gguf")
    folder = tmp_path / "home" / ".lmstudio" / "models" / "someone"
    folder.mkdir(parents=True)
    coder = write_tiny_gguf(folder / "coder.gguf", chat_template=None)
    talker = write_tiny_gguf(folder / "talker.gguf", fim=False)

    completion = await chosen("completion", NOBODY)
    chat = await chosen("chat", NOBODY)

    assert (completion.block.kind, completion.block.model) == ("embedded", str(coder))
    assert (chat.block.kind, chat.block.model) == ("embedded", str(talker))
    assert "the largest suitable file that fits" in completion.reasons[-1]


async def test_another_server_is_chosen_when_the_first_is_unavailable(empty_machine: Path, tiny_model: Path):
    shutil.copy(tiny_model, empty_machine / "SmolLM2-135M-Instruct.Q4_1.gguf")
    states: list[BackendState] = []
    with OllamaDouble([OllamaModel(CODER, fim=True)]) as double:
        auto = searching([double.url]).connector("completion")
        backend = ResilientBackend(auto, on_state=states.append, patience_seconds=60)
        await ask(backend)
        double.stop()
        with pytest.raises(BackendUnavailable):
            await ask(backend)
        assert await ask(backend) == "return a + b"
        kind = (await backend.describe()).kind
        await backend.aclose()

    assert kind == "embedded"
    conditions = [state.condition for state in states if state.condition != "loading"]
    assert conditions == ["ready", "unavailable", "ready"]
    assert "Ollama" in states[0].reasons[-1]


async def test_a_server_that_starts_later_is_used(empty_machine: Path, tiny_model: Path):
    shutil.copy(tiny_model, empty_machine / "SmolLM2-135M-Instruct.Q4_1.gguf")
    with OllamaDouble([OllamaModel(CODER, fim=True)]) as double:
        double.stop()
        async with opened([double.url], look_again_seconds=0) as backend:
            assert (await backend.describe()).kind == "embedded"
            double.start()

            async def is_found() -> bool:
                return (await backend.describe()).kind == "ollama"

            await until_answered(is_found)
            assert await ask(backend) == "return a + b"


async def test_both_uses_search_once_and_share_the_connection(llama_cpp: RecordingProxy):
    """One of them may be closed; the other one's requests still find what was tokenized."""
    search = searching([llama_cpp.url])
    completion, chat = (
        ResilientBackend(search.connector(use), patience_seconds=60) for use in ("completion", "chat")
    )
    prompt = Prompt((Text("shared = 1\n"),))
    count = await completion.count_prompt(prompt)
    llama_cpp.forget()
    assert await chat.count_prompt(prompt) == count
    assert llama_cpp.paths() == []
    assert (await chat.describe()).url == (await completion.describe()).url
    await completion.aclose()
    assert await ask(chat) == "return a + b"
    await chat.aclose()


async def test_another_model_is_chosen_when_the_first_was_removed(empty_machine: Path):
    with OllamaDouble([OllamaModel(CODER, fim=True), OllamaModel("starcoder2:3b", size=5)]) as double:
        async with opened([double.url]) as backend:
            await ask(backend)
            del double.models[0]
            double.loaded.clear()
            with pytest.raises(ModelNotServed, match=CODER):
                await ask(backend)
            assert await ask(backend) == "return a + b"
            name = (await backend.describe()).name

    assert name == "starcoder2:3b"


SWEEP = "hf.co/sweepai/sweep-next-edit-1.5B:sweep-next-edit-1.5b.q8_0.v2.gguf"


@pytest.mark.parametrize("kind", ["auto", "ollama"])
async def test_a_model_for_next_edits_is_found_beside_the_one_for_completion(kind: Any):
    with OllamaDouble([OllamaModel(CODER, fim=True), OllamaModel(SWEEP)]) as double:
        async with open_engine(settings_for(BackendSettings(kind=kind, url=double.url))) as engine:
            completion = await engine.completion.describe()
            use = await engine.next_edit()
            assert use is not None
            assert (completion.name, (await use.describe()).name) == (CODER, SWEEP)
            assert use is await engine.next_edit()
            assert use.backend.reasons[-1].startswith(f"next edits: {SWEEP} of Ollama")


@pytest.mark.parametrize("kind", ["auto", "ollama"])
async def test_no_other_model_replaces_one_for_next_edits(kind: Any):
    """It would copy the file. The search is not repeated for each edit."""
    with OllamaDouble([OllamaModel(CODER, fim=True)]) as double:
        async with open_engine(settings_for(BackendSettings(kind=kind, url=double.url))) as engine:
            assert await engine.next_edit() is None
            asked = len(double.requests)
            assert await engine.next_edit() is None
            assert len(double.requests) == asked


async def test_an_installed_model_for_next_edits_is_run_by_homebody(empty_machine: Path):
    """Not for completion, even if it has the markers for that."""
    path = write_tiny_gguf(empty_machine / "sweep-next-edit-1.5b.q8_0.v2.gguf")
    machine = await look(AUTO, [NOBODY])
    assert (await discover(AUTO, "next_edit", machine)).block.model == str(path)
    assert (await discover(AUTO, "completion", machine)).block.model is None

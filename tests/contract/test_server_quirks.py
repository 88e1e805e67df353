"""Servers that forget or hide something, or load models themselves: it is noted, and answers continue."""

from contextlib import aclosing
from typing import Any

import pytest

from homebody.backend.auto import discover, look
from homebody.backend.base import OWN, Backend, Message, Prompt, Sampling, Text
from homebody.backend.resilient import FixedConnector, ResilientBackend
from homebody.backend.servers.llama_cpp import LlamaCppBackend
from homebody.backend.servers.lm_studio import LmStudioBackend
from homebody.backend.servers.openai import OpenAiBackend
from homebody.engine import open_engine
from homebody.errors import BackendFailed, ModelForbidden
from homebody.settings import BackendSettings, ChatSettings, Settings
from support.llama_double import LlamaDouble
from support.loopback import Reply, Request
from support.openai_double import OpenAiDouble, OpenAiModel
from support.streams import chat, read

CODER = "qwen2.5-coder-1.5b-instruct"
STOPS = ("<|a|>", "<|b|>", "<|c|>", "<|d|>", "+", "<|e|>")
PROMPT = Prompt((Text("def add(a, b):\n    "),), stop=STOPS)
ALL = Sampling(max_tokens=32, top_k=9, min_p=0.125, repeat_penalty=1.5)


async def say(backend: Backend, prompt: Prompt = PROMPT) -> str:
    return (await read(backend.complete(prompt, ALL)))[0]


@pytest.mark.parametrize("kind", ["vllm", "unknown"])
async def test_a_server_that_may_take_four_stop_texts_gets_the_likeliest(kind: Any):
    with OpenAiDouble([OpenAiModel(CODER)], kind) as double:
        backend = OpenAiBackend(BackendSettings(url=double.url))
        assert await say(backend) == "return a "

    assert [body["stop"] for body in double.bodies("/v1/completions")] == [list(STOPS[:4])]


THINKING = [
    ("vllm", "qwen3.5-9b", {"chat_template_kwargs": {"enable_thinking": False}}, False),
    ("vllm", "gpt-oss-20b", {"reasoning_effort": "low"}, True),
    ("vllm", CODER, {}, False),
    ("lm-studio", "qwen3.5-9b", {"reasoning_effort": "none"}, False),
    ("lm-studio", "gpt-oss-20b", {"reasoning_effort": "low"}, True),
    ("lm-studio", CODER, {}, False),
]


@pytest.mark.parametrize(("kind", "model", "fields", "is_slow"), THINKING)
async def test_reasoning_is_switched_off_in_the_servers_own_field(
    kind: Any, model: str, fields: dict[str, Any], *, is_slow: bool
):
    opened = OpenAiBackend if kind == "vllm" else LmStudioBackend
    with OpenAiDouble([OpenAiModel(model)], kind) as double:
        backend = opened(BackendSettings(url=double.url))
        async for _ in chat(backend, [Message("user", "Hi")], Sampling(max_tokens=64)):
            pass
        notes = (await backend.describe()).notes

    (body,) = double.bodies("/v1/chat/completions")
    names = ("chat_template_kwargs", "reasoning_effort")
    assert {name: body[name] for name in names if name in body} == fields
    assert any("is slow" in note for note in notes) == is_slow


async def test_a_context_length_of_zero_is_ignored():
    """A usual length is assumed, and reported."""

    class Zero(LlamaDouble):
        async def _handle(self, request: Request, reply: Reply) -> None:
            if request.path == "/props":
                await reply.json({"default_generation_settings": {"n_ctx": 0}, "model_alias": "double"})
            else:
                await super()._handle(request, reply)

    with Zero() as double:
        backend = LlamaCppBackend(BackendSettings(url=double.url))
        assert await say(backend, Prompt((Text("x"),))) == "x"
        info = await backend.describe()

    assert info.context_length == 4096
    assert "reports a context length of 0" in info.notes[0]


async def test_a_server_with_one_model_answers_with_it():
    with LlamaDouble() as double:
        backend = LlamaCppBackend(BackendSettings(url=double.url, model="qwen3"))
        info = await backend.describe()

    assert info.name == "double"


async def test_a_model_that_is_not_allowed_does_not_answer_under_the_name_of_another():
    with LlamaDouble() as double:
        block = BackendSettings(kind="llama.cpp", url=double.url, model="good", allowed_models=("good",))
        async with open_engine(Settings(chat=ChatSettings(backend=block))) as engine:
            with pytest.raises(ModelForbidden, match="double"):
                [piece async for piece in engine.chat.backend.complete(Prompt((Text("Hi", (OWN,)),)), ALL)]

    assert double.bodies("/completion") == []


class Router(LlamaDouble):
    """llama.cpp in router mode: it loads a model on request."""

    def __init__(self) -> None:
        super().__init__()
        self.states = {"llama-3.1-8b": "unloaded", "qwen2.5-coder-1.5b-instruct": "unloaded"}
        self.broken: set[str] = set()
        self.failed: set[str] = set()

    async def _handle(self, request: Request, reply: Reply) -> None:
        if request.path == "/v1/models":
            models = [
                {
                    "id": name,
                    "owned_by": "llamacpp",
                    # The message of llama-server, build 11669.
                    "status": {"value": state, "args": [], "preset": ""}
                    | ({"exit_code": 1, "failed": True} if name in self.failed else {}),
                }
                for name, state in self.states.items()
            ]
            await reply.json({"data": models})
        elif request.path == "/models/load":
            name = request.json["model"]
            if name in self.broken:
                self.failed.add(name)
            else:
                self.states[name] = "loaded"
            await reply.json({"success": True})
        else:
            await super()._handle(request, reply)


async def test_a_router_is_asked_to_load_the_suitable_model(monkeypatch: pytest.MonkeyPatch):
    """Also after it was idle: the router may have unloaded the model meanwhile."""
    monkeypatch.setattr("homebody.backend.servers.base._TRUST_SECONDS", 0)
    with Router() as double:
        backend = ResilientBackend(
            FixedConnector(LlamaCppBackend(BackendSettings(url=double.url))), patience_seconds=30
        )
        async with aclosing(backend):
            assert await say(backend, Prompt((Text("x"),))) == "x"
            double.states[CODER] = "unloaded"
            assert await say(backend, Prompt((Text("x"),))) == "x"

    assert double.states == {"llama-3.1-8b": "unloaded", CODER: "loaded"}
    assert {body["model"] for body in double.bodies("/completion")} == {CODER}


async def test_a_model_that_a_router_cannot_load_is_reported_at_once():
    with Router() as double:
        double.broken.add(CODER)
        backend = ResilientBackend(
            FixedConnector(LlamaCppBackend(BackendSettings(url=double.url, model=CODER))), patience_seconds=30
        )
        async with aclosing(backend):
            with pytest.raises(BackendFailed, match=f"cannot load {CODER}"):
                await say(backend, Prompt((Text("x"),)))

    assert double.bodies("/models/load") == [{"model": CODER}]


async def test_a_routers_models_are_chosen_by_what_they_are_and_whether_they_are_loaded():
    with Router() as double:
        choice = await discover(BackendSettings(), "chat", await look(BackendSettings(), [double.url]))

    assert (choice.block.kind, choice.block.model) == ("llama.cpp", "llama-3.1-8b")
    assert set(double.states.values()) == {"unloaded"}

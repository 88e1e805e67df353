"""Servers that refuse, forget or hide something: it is noted once, and completion continues."""

from contextlib import aclosing
from typing import Any

import pytest

from homebody.backend.base import Message, Piece, Prompt, Sampling, Text
from homebody.backend.discover import discover, look
from homebody.backend.resilient import FixedConnector, ResilientBackend
from homebody.backend.servers.llama_cpp import LlamaCppBackend
from homebody.backend.servers.lm_studio import LmStudioBackend
from homebody.backend.servers.ollama import OllamaBackend
from homebody.backend.servers.openai import OpenAiBackend
from homebody.engine import open_engine
from homebody.errors import BackendFailed, ContextTooLong, ModelForbidden
from homebody.settings import BackendSettings, ChatSettings, Settings
from support.llama_double import LlamaDouble
from support.loopback import LoopbackServer, Reply, Request
from support.ollama_double import OllamaDouble, OllamaModel
from support.openai_double import OpenAiDouble, OpenAiModel

CODER = "qwen2.5-coder-1.5b-instruct"
STOPS = ("<|a|>", "<|b|>", "<|c|>", "<|d|>", "+", "<|e|>")
PROMPT = Prompt((Text("def add(a, b):\n    "),), stop=STOPS)
ALL = Sampling(max_tokens=32, top_k=9, min_p=0.125, repeat_penalty=1.5)


class Refusing(OpenAiDouble):
    """A server that refuses one field, or more stop texts than ``most_stops``."""

    refused: str | None = None
    most_stops: int | None = None

    async def _handle(self, request: Request, reply: Reply) -> None:
        body = request.json if request.method == "POST" else {}
        if self.refused in body:
            await reply.json({"error": {"message": f"Unrecognized field: {self.refused}", "code": 400}}, 400)
        elif self.most_stops is not None and len(body.get("stop", ())) > self.most_stops:
            words = f"You may specify at most {self.most_stops} sequences in `stop`"
            await reply.json({"error": {"message": words, "code": 400}}, 400)
        else:
            await super()._handle(request, reply)


async def say(backend: Any, prompt: Prompt = PROMPT, sampling: Sampling = ALL) -> str:
    stream = backend.complete(prompt, sampling)
    return "".join([item.text async for item in stream if isinstance(item, Piece)])


def sent(double: LoopbackServer, path: str) -> list[dict[str, Any]]:
    return [request.json for request in double.requests if request.path == path]


async def test_vllm_gets_the_four_likeliest_stop_texts():
    with OpenAiDouble([OpenAiModel(CODER)], "vllm") as double:
        async with aclosing(OpenAiBackend(BackendSettings(url=double.url))) as backend:
            assert await say(backend) == "return a "

    assert [body["stop"] for body in sent(double, "/v1/completions")] == [list(STOPS[:4])]


@pytest.mark.parametrize(("most", "asked"), [(4, [6, 4, 4]), (0, [6, 4, None, None])])
async def test_a_server_that_refuses_stop_texts_gets_fewer_from_then_on(most: int, asked: list[int | None]):
    double = Refusing([OpenAiModel(CODER)], "unknown")
    double.most_stops = most
    with double:
        async with aclosing(OpenAiBackend(BackendSettings(url=double.url))) as backend:
            assert [await say(backend), await say(backend)] == ["return a ", "return a "]
            notes = " ".join((await backend.describe()).notes)

    found = [len(body["stop"]) if "stop" in body else None for body in sent(double, "/v1/completions")]
    assert found == asked
    assert "stop" in notes


@pytest.mark.parametrize("kind", ["vllm", "lm-studio"])
async def test_a_field_that_is_refused_is_sent_no_more(kind: Any):
    """It is reported to the user, and listed as a setting that the server does not support."""
    double = Refusing([OpenAiModel(CODER)], kind)
    double.refused = "top_k"
    with double:
        opened = (
            OpenAiBackend(BackendSettings(url=double.url))
            if kind == "vllm"
            else LmStudioBackend(BackendSettings(url=double.url))
        )
        async with aclosing(opened) as backend:
            assert [await say(backend), await say(backend)] == ["return a ", "return a "]
            info = await backend.describe()

    assert ["top_k" in body for body in sent(double, "/v1/completions")] == [True, False, False]
    assert "top_k" in info.ignored_sampling
    assert any("refuses the field top_k" in note for note in info.notes)


THINKING = [
    ("vllm", "qwen3.5-9b", {"chat_template_kwargs": {"enable_thinking": False}}),
    ("vllm", "gpt-oss-20b", {"reasoning_effort": "low"}),
    ("vllm", CODER, {}),
    ("lm-studio", "qwen3.5-9b", {"reasoning_effort": "none"}),
    ("lm-studio", "gpt-oss-20b", {"reasoning_effort": "low"}),
    ("lm-studio", CODER, {}),
]


@pytest.mark.parametrize(("kind", "model", "fields"), THINKING)
async def test_reasoning_is_switched_off_in_the_servers_own_field(
    kind: Any, model: str, fields: dict[str, Any]
):
    with OpenAiDouble([OpenAiModel(model)], kind) as double:
        opened = (
            OpenAiBackend(BackendSettings(url=double.url))
            if kind == "vllm"
            else LmStudioBackend(BackendSettings(url=double.url))
        )
        async with aclosing(opened) as backend:
            async for _ in backend.chat([Message("user", "Hi")], Sampling(max_tokens=64)):
                pass
            notes = (await backend.describe()).notes

    (body,) = sent(double, "/v1/chat/completions")
    assert {
        name: body[name] for name in ("chat_template_kwargs", "reasoning_effort") if name in body
    } == fields
    assert any("is slow" in note for note in notes) == (model == "gpt-oss-20b")


OPTIONS = [
    ("some-model", ("off", "on"), {"reasoning_effort": "none"}, False),
    ("some-model", ("low", "medium", "high"), {"reasoning_effort": "low"}, True),
    ("some-model", ("medium", "high"), {"reasoning_effort": "medium"}, True),
    ("some-model", ("on",), {}, True),
    ("qwen3.5-9b", ("low", "high"), {"reasoning_effort": "low"}, True),
    ("gpt-oss-20b", ("off", "low", "medium", "high"), {"reasoning_effort": "none"}, False),
    ("some-model", None, {}, False),
]


@pytest.mark.parametrize(("model", "options", "fields", "is_slow"), OPTIONS)
async def test_lm_studios_reasoning_options_come_before_the_name(
    model: str, options: tuple[str, ...] | None, fields: dict[str, str], *, is_slow: bool
):
    with OpenAiDouble([OpenAiModel(model, reasoning=options)]) as double:
        async with aclosing(LmStudioBackend(BackendSettings(url=double.url))) as backend:
            async for _ in backend.chat([Message("user", "Hi")], Sampling(max_tokens=64)):
                pass
            notes = (await backend.describe()).notes

    (body,) = sent(double, "/v1/chat/completions")
    assert fields == {name: body[name] for name in ("reasoning_effort",) if name in body}
    assert is_slow == any("is slow" in note for note in notes)


class Thinking(OllamaDouble):
    """An Ollama that refuses levels of reasoning for its model."""

    refused: tuple[object, ...] = ()

    async def _handle(self, request: Request, reply: Reply) -> None:
        body = request.json if request.path == "/api/chat" else {}
        if body.get("think") in self.refused:
            await reply.json({"error": f"think value {body['think']!r} is not supported for this model"}, 400)
        else:
            await super()._handle(request, reply)


@pytest.mark.parametrize(
    ("refused", "asked"), [((False,), [False, "low", "low"]), ((False, "low"), [False, "low", None, None])]
)
async def test_ollama_is_asked_for_the_least_reasoning_that_it_takes(refused: Any, asked: list[Any]):
    double = Thinking([OllamaModel("some-model:4b", capabilities=("completion", "thinking"))])
    double.refused = refused
    with double:
        async with aclosing(OllamaBackend(BackendSettings(url=double.url))) as backend:
            for _ in range(2):
                answer = backend.chat([Message("user", "Hi")], Sampling(max_tokens=64))
                assert [item async for item in answer] != []
            notes = (await backend.describe()).notes

    assert asked == [body.get("think") for body in sent(double, "/api/chat")]
    assert any("is slow" in note for note in notes)


async def test_a_context_length_of_zero_is_ignored():
    """A usual length is assumed, and reported."""

    class Zero(LlamaDouble):
        async def _handle(self, request: Request, reply: Reply) -> None:
            if request.path == "/props":
                await reply.json({"default_generation_settings": {"n_ctx": 0}, "model_alias": "double"})
            else:
                await super()._handle(request, reply)

    with Zero() as double:
        async with aclosing(LlamaCppBackend(BackendSettings(url=double.url))) as backend:
            assert await say(backend, Prompt((Text("x"),))) == "x"
            info = await backend.describe()

    assert info.context_length == 4096
    assert "reports a context length of 0" in info.notes[0]


async def test_a_context_length_that_only_a_refusal_names_is_learned():
    """Some servers report it nowhere else; the next prompt is made to fit."""
    with OpenAiDouble([OpenAiModel(CODER, context_length=1000)], "unknown") as double:
        async with aclosing(OpenAiBackend(BackendSettings(url=double.url))) as backend:
            before = (await backend.describe()).context_length
            with pytest.raises(ContextTooLong, match="1000"):
                await say(backend, Prompt((Text("x = 1\n" * 400),)))
            after = (await backend.describe()).context_length
            assert await say(backend, Prompt((Text("x = 1\n" * 100),))) == "return a + b"

    assert (before, after) == (4096, 1000)


@pytest.mark.parametrize(("named", "remarks"), [("qwen3", 1), ("models/Double.gguf", 0)])
async def test_a_server_with_one_model_answers_with_it_and_doctor_says_so(named: str, remarks: int):
    with LlamaDouble() as double:
        async with aclosing(LlamaCppBackend(BackendSettings(url=double.url, model=named))) as backend:
            info = await backend.describe()

    assert info.name == "double"
    assert sum("only one model, double" in note for note in info.notes) == remarks


async def test_a_model_that_is_not_allowed_does_not_answer_under_the_name_of_another():
    with LlamaDouble() as double:
        block = BackendSettings(kind="llama.cpp", url=double.url, model="good", allowed_models=("good",))
        async with open_engine(Settings(chat=ChatSettings(backend=block))) as engine:
            with pytest.raises(ModelForbidden, match="double"):
                [piece async for piece in engine.chat.backend.chat([Message("user", "Hi")], ALL)]

    assert sent(double, "/completion") == []


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


async def test_a_router_is_asked_to_load_the_suitable_model():
    with Router() as double:
        backend = ResilientBackend(
            FixedConnector(LlamaCppBackend(BackendSettings(url=double.url))), patience_seconds=30
        )
        async with aclosing(backend):
            assert await say(backend, Prompt((Text("x"),))) == "x"

    assert double.states == {"llama-3.1-8b": "unloaded", CODER: "loaded"}
    assert {body["model"] for body in sent(double, "/completion")} == {CODER}


async def test_a_model_that_a_router_cannot_load_is_reported_at_once():
    with Router() as double:
        double.broken.add(CODER)
        backend = ResilientBackend(
            FixedConnector(LlamaCppBackend(BackendSettings(url=double.url, model=CODER))), patience_seconds=30
        )
        async with aclosing(backend):
            with pytest.raises(BackendFailed, match=f"cannot load {CODER}"):
                await say(backend, Prompt((Text("x"),)))

    assert sent(double, "/models/load") == [{"model": CODER}]


async def test_a_routers_models_are_chosen_by_what_they_are_and_whether_they_are_loaded():
    with Router() as double:
        choice = await discover(BackendSettings(), "chat", await look(BackendSettings(), [double.url]))

    assert (choice.block.kind, choice.block.model) == ("llama.cpp", "llama-3.1-8b")
    assert set(double.states.values()) == {"unloaded"}


async def test_a_proxy_that_passes_requests_on_is_used_only_if_configured(own_folders: Any):
    async def litellm(request: Request, reply: Reply) -> None:
        if request.path == "/v1/models":
            await reply.json({"data": [{"id": "gpt-9", "object": "model", "owned_by": "openai"}]})
        elif request.path == "/health/liveliness":
            await reply.json("I'm alive!")
        else:
            await reply.json({"detail": "Not Found"}, 404)

    with LoopbackServer(litellm) as double:
        choice = await discover(BackendSettings(), "chat", await look(BackendSettings(), [double.url]))

    assert choice.block.kind == "embedded"
    assert "LiteLLM" in choice.reasons[0]
    assert "forwards requests" in choice.reasons[0]
    assert {request.method for request in double.requests} == {"GET"}

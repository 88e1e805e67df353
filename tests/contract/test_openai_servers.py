"""LM Studio, vLLM and unknown servers behind OpenAI's API: lengths, names of parameters, reasoning."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from homebody.backend.base import Message, Prompt, Sampling, Text
from homebody.backend.servers.lm_studio import LINK_NOTE, LmStudioBackend
from homebody.backend.servers.openai import OpenAiBackend
from homebody.backend.servers.strings import StringBackend
from homebody.errors import BackendRefused
from homebody.settings import BackendSettings
from support.loopback import Handler, LoopbackServer, Reply, Request
from support.openai_double import OpenAiDouble, OpenAiModel
from support.streams import MANY, chat, read

ALL = Sampling(
    max_tokens=7, temperature=0.25, top_p=0.5, top_k=9, min_p=0.125, repeat_penalty=1.5, seed=3, logprobs=2
)
CODER = "qwen2.5-coder-1.5b-instruct"


def opened(double: LoopbackServer, kind: Any, **options: Any) -> StringBackend:
    return kind(BackendSettings(url=double.url, **options))


async def test_lm_studio_serves_the_loaded_length():
    """A model of embeddings is none."""
    models = [OpenAiModel("vectors", embeds=True), OpenAiModel(CODER, context_length=8192)]
    with OpenAiDouble(models) as double:
        backend = opened(double, LmStudioBackend)
        info = await backend.describe()

    assert (info.name, info.context_length, info.trained_context_length) == (CODER, 8192, 32768)
    assert info.completion_slots == 4
    assert LINK_NOTE in info.notes


@pytest.mark.parametrize(("own", "length"), [(None, 6000), (12000, 12000)], ids=["its own", "the user's"])
async def test_lm_studio_loads_a_model_before_any_code_is_sent(own: int | None, length: int):
    with OpenAiDouble([OpenAiModel(CODER, context_length=6000, loaded=False)]) as double:
        backend = opened(double, LmStudioBackend, context_length=own)
        info = await backend.describe()

    assert (info.context_length, double.loads, double.bodies("/v1/completions")) == (length, [CODER], [])


@pytest.mark.parametrize("model", ["missing", None])
async def test_a_missing_model_is_named(model: str | None):
    models = [OpenAiModel(CODER)] if model else []
    with OpenAiDouble(models) as double:
        backend = opened(double, LmStudioBackend, model=model)
        with pytest.raises(BackendRefused, match=f"{CODER}.*backend.model|download one in LM Studio"):
            await backend.describe()


async def test_lm_studios_token_is_sent_and_its_lack_is_explained():
    with OpenAiDouble([OpenAiModel(CODER)], api_key="token") as double:
        backend = opened(double, LmStudioBackend, api_key="token")
        assert (await read(backend.complete(Prompt((Text("x"),)), MANY)))[0] == "return a + b"
        backend = opened(double, LmStudioBackend)
        with pytest.raises(BackendRefused, match=r"API token.*backend\.apiKey"):
            await backend.describe()


SAMPLING = {
    "lm-studio": {"temperature": 0.25, "top_p": 0.5, "top_k": 9, "repeat_penalty": 1.5, "seed": 3},
    "vllm": {
        "temperature": 0.25, "top_p": 0.5, "top_k": 9, "min_p": 0.125, "repetition_penalty": 1.5, "seed": 3,
        "logprobs": 2,
    },
    "unknown": {"temperature": 0.25, "top_p": 0.5, "seed": 3},
}  # fmt: skip


@pytest.mark.parametrize("kind", SAMPLING)
async def test_each_server_gets_the_parameters_by_its_own_names(kind: Any):
    backend_class = LmStudioBackend if kind == "lm-studio" else OpenAiBackend
    with OpenAiDouble([OpenAiModel(CODER)], kind) as double:
        backend = opened(double, backend_class)
        await read(backend.complete(Prompt((Text("x"),), stop=("\n",)), ALL))
        body = double.bodies("/v1/completions")[-1]

    rest = {"model", "prompt", "stop", "stream", "stream_options", "max_tokens"}
    assert {name: value for name, value in body.items() if name not in rest} == SAMPLING[kind]
    assert body["stop"] == ["\n"]


async def test_a_server_without_metadata_gets_careful_defaults():
    with OpenAiDouble([OpenAiModel("m")], "unknown") as double:
        backend = opened(double, OpenAiBackend)
        info = await backend.describe()
        backend = opened(double, OpenAiBackend, context_length=9000)
        result = await backend.describe()

    assert info.context_length == 4096
    assert "4096 is assumed" in info.notes[0]
    assert "connects to" in info.notes[1]
    assert result.context_length == 9000


@pytest.mark.parametrize("suffix", ["", "/", "/v1", "/v1/"])
async def test_the_url_may_end_in_v1_or_not(suffix: str):
    with OpenAiDouble([OpenAiModel("m")], "unknown") as double:
        backend = OpenAiBackend(BackendSettings(url=double.url + suffix))
        assert (await backend.describe()).name == "m"


@pytest.mark.parametrize("kind", ["lm-studio", "vllm"])
async def test_reasoning_never_reaches_the_caller(kind: Any):
    backend_class = LmStudioBackend if kind == "lm-studio" else OpenAiBackend
    report = "<think>Hm.</think>\n\nYes."
    with OpenAiDouble([OpenAiModel(CODER)], kind, chat_answer=lambda _: report, reasoning="Hm.") as double:
        backend = opened(double, backend_class)
        text, _ = await read(chat(backend, [Message("user", "hi")], MANY))

    assert text == "Yes."


_PIECE: dict[str, object] = {"choices": [{"index": 0, "text": "a", "finish_reason": None}]}


def _streaming(stream: Callable[[Reply], Awaitable[None]]) -> Handler:
    async def serve(request: Request, reply: Reply) -> None:
        if request.path == "/v1/models":
            await reply.json({"data": [{"id": "m"}]})
        elif request.path != "/v1/completions":
            await reply.json({"detail": "Not Found"}, 404)
        else:
            await reply.begin("text/event-stream")
            await stream(reply)

    return serve


async def test_an_answer_without_end_is_ended():
    async def stream(reply: Reply) -> None:
        while not reply.client_is_gone:
            await reply.event(_PIECE)

    with LoopbackServer(_streaming(stream)) as double:
        backend = opened(double, OpenAiBackend)
        text, stats = await read(backend.complete(Prompt((Text("x"),)), Sampling(max_tokens=10)))

    assert stats.finish == "length"
    assert len(text) < 40

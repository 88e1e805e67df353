"""The doubles answer as the vendors document: their replies are parsed by the official packages' types.

Those types ignore unknown fields; here an unknown field is an error, unless the vendor's documentation names
it.
"""

import json
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import ollama as ollama_package
import pytest
from openai.types import Completion, Model
from openai.types.chat import ChatCompletionChunk
from pydantic import BaseModel

from support.ollama_double import OllamaDouble, OllamaModel
from support.openai_double import OpenAiDouble, OpenAiModel
from support.server_double import published

# Fields that are documented (docs/openapi.yaml of Ollama 0.12.6, REST API of LM Studio), but missing in the
# packages' types.
_DOCUMENTED = {
    ollama_package.ListResponse.Model: {"name", "remote_model", "remote_host"},
    ollama_package.ShowResponse: {"remote_model", "remote_host"},
    ollama_package.GenerateResponse: {"remote_model", "remote_host"},
    ollama_package.ChatResponse: {"remote_model", "remote_host"},
}
_LOGPROB_BYTES = {"bytes"}


def unknown_fields(model: type[BaseModel], sent: Mapping[str, Any]) -> Iterator[str]:
    read = model.model_validate(sent)
    aliases = {(field.alias or name): name for name, field in model.model_fields.items()}
    allowed = _DOCUMENTED.get(model, set()) | (_LOGPROB_BYTES if "logprob" in aliases else set())
    for key, value in sent.items():
        if key not in aliases:
            if key not in allowed:
                yield f"{model.__name__}.{key}"
            continue
        parsed = getattr(read, aliases[key])
        for nested, raw in _pairs(parsed, value):
            yield from unknown_fields(type(nested), raw)


def _pairs(parsed: Any, raw: Any) -> Iterator[tuple[BaseModel, Mapping[str, Any]]]:
    if isinstance(parsed, BaseModel):
        yield parsed, raw
    elif isinstance(parsed, Sequence) and not isinstance(parsed, str | bytes):
        for nested, item in zip(parsed, raw, strict=True):
            yield from _pairs(nested, item)


def ask(url: str, route: str, body: object = None) -> list[Any]:
    method, path = route.split(" ")
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, content, method=method)
    with urllib.request.urlopen(request, timeout=60) as response:
        lines = response.read().decode().splitlines()
    texts = [line.removeprefix("data: ") for line in lines if line and line != "data: [DONE]"]
    return [json.loads(text) for text in texts]


OLLAMA = [
    ("GET /api/tags", None, ollama_package.ListResponse),
    ("GET /api/ps", None, ollama_package.ProcessResponse),
    ("POST /api/show", {"model": "coder"}, ollama_package.ShowResponse),
    ("POST /api/generate", {"model": "coder"}, ollama_package.GenerateResponse),
    (
        "POST /api/generate",
        {"model": "coder", "prompt": "def", "raw": True, "logprobs": True},
        ollama_package.GenerateResponse,
    ),
    (
        "POST /api/chat",
        {"model": "coder", "messages": [{"role": "user", "content": "hi"}]},
        ollama_package.ChatResponse,
    ),
    ("POST /api/chat", {"model": "coder", "messages": [], "keep_alive": 0}, ollama_package.ChatResponse),
]


@pytest.mark.parametrize(("route", "body", "model"), OLLAMA, ids=[route for route, *_ in OLLAMA])
def test_ollama_replies_hold_no_field_that_ollama_does_not_have(
    route: str, body: object, model: type[BaseModel]
):
    """Each field of the double's replies is one of Ollama's."""
    models = [
        OllamaModel("coder:latest", fim=True, thought="Hm."),
        OllamaModel("big:cloud", remote_host="https://ollama.com:443"),
    ]
    with OllamaDouble(models) as double:
        ask(double.url, "POST /api/generate", {"model": "coder"})
        replies = ask(double.url, route, body)

    assert [name for reply in replies for name in unknown_fields(model, reply)] == []


@pytest.mark.parametrize("kind", ["lm-studio", "vllm"])
@pytest.mark.parametrize("logprobs", [0, 2])
def test_openai_doubles_stream_completions_and_chats(kind: Any, logprobs: int):
    sampling = {"model": "coder", "max_tokens": 9, "stream": True, "stream_options": {"include_usage": True}}
    with OpenAiDouble([OpenAiModel("coder")], kind) as double:
        completion = {**sampling, "prompt": "def", **({"logprobs": logprobs} if logprobs else {})}
        chat = {**sampling, "messages": [{"role": "user", "content": "hi"}], "logprobs": bool(logprobs)}
        events = ask(double.url, "POST /v1/completions", completion)
        chunks = ask(double.url, "POST /v1/chat/completions", chat)

    # In OpenAI's type a completion always has a finish reason; streams send null before the end, as
    # documented.
    finished = [
        {**event, "choices": [{**c, "finish_reason": "stop"} for c in event["choices"]]} for event in events
    ]
    assert [name for event in finished for name in unknown_fields(Completion, event)] == []
    assert [name for chunk in chunks for name in unknown_fields(ChatCompletionChunk, chunk)] == []


def test_vllm_lists_models_with_what_it_adds():
    """In addition to OpenAI's fields of a model, there are only vLLM's published ones."""
    own = set(published("vllm-0.6")["GET /v1/models"]["data"][0])
    with OpenAiDouble([OpenAiModel("coder")], "vllm") as double:
        (reply,) = ask(double.url, "GET /v1/models")

    (model,) = reply["data"]
    Model.model_validate(model)
    assert set(model) == own


def test_lm_studio_lists_models_as_published():
    """The list has the published fields, for a language model and for an embedding model."""
    route = "GET /api/v1/models"
    models = [OpenAiModel("coder", loaded=False), OpenAiModel("vectors", embeds=True, loaded=False)]
    with OpenAiDouble(models) as double:
        (reply,) = ask(double.url, route)

    examples = published("lm-studio-0.4")[route]["models"]
    by_type = {example["type"]: set(example) for example in examples}
    assert [set(model) for model in reply["models"]] == [by_type[model["type"]] for model in reply["models"]]

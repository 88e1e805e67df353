"""The doubles answer as the vendors document: the vendors' own clients read them."""

from contextlib import closing
from typing import Any

import ollama
import openai
import pytest

from support.ollama_double import OllamaDouble, OllamaModel
from support.openai_double import OpenAiDouble, OpenAiModel
from support.server_double import CODE, WORDS

MESSAGES: Any = [{"role": "user", "content": "hi"}]


def test_ollamas_client_reads_each_reply():
    """Its types check the fields that it knows."""
    models = [OllamaModel("coder:latest", fim=True, thought="Hm."), OllamaModel("far:cloud", remote_host="x")]
    with OllamaDouble(models) as double, closing(ollama.Client(double.url)) as client:
        assert [model.model for model in client.list().models] == ["coder:latest", "far:cloud"]
        assert client.show("coder").capabilities == ["completion"]
        pieces = list(client.generate("coder", "def", raw=True, stream=True))
        chat = list(client.chat("coder", MESSAGES, stream=True))
        client.chat("coder", [], keep_alive=0)
        assert client.ps().models == []

    assert "".join(piece.response for piece in pieces) == CODE
    assert (pieces[-1].done, pieces[-1].done_reason, pieces[-1].eval_count) == (True, "stop", 7)
    assert "".join(piece.message.content or "" for piece in chat) == WORDS
    assert chat[0].message.thinking == "Hm."


@pytest.mark.parametrize("kind", ["lm-studio", "vllm"])
def test_openais_client_reads_completions_and_chats(kind: Any):
    options: Any = {"model": "coder", "max_tokens": 64, "stream": True}
    with (
        OpenAiDouble([OpenAiModel("coder")], kind) as double,
        openai.OpenAI(base_url=f"{double.url}/v1", api_key="none") as client,
    ):
        completion = client.completions.create(prompt="def", logprobs=2, **options)
        pieces = [event.choices[0] for event in completion]
        chat = client.chat.completions.create(messages=MESSAGES, logprobs=True, **options)
        words = [event.choices[0] for event in chat]
        (model,) = client.models.list().data

    assert ("".join(piece.text for piece in pieces), pieces[-1].finish_reason) == (CODE, "stop")
    assert pieces[0].logprobs.token_logprobs == [-0.1]
    assert "".join(word.delta.content or "" for word in words) == WORDS
    assert words[0].logprobs.content[0].logprob == -0.1
    assert model.id == "coder"

"""The scripted model does what its script says, in a real llama.cpp."""

import math
from pathlib import Path

import httpx
import pytest

from homebody.host.launch import start_host
from homebody.host.shared import HostOptions
from homebody.models.facts import read_facts
from support.tiny_gguf import FIM_MIDDLE, UNSURE_SCRIPT, copy_with_fim_tokens, write_tiny_gguf


def test_answers_by_script(host):
    with httpx.Client(base_url=host.url, headers={"authorization": f"Bearer {host.key}"}) as client:
        completion = client.post("/completion", json={"prompt": "ab", "temperature": 0}).json()
        messages = [{"role": "user", "content": "What is this?"}]
        chat = client.post("/v1/chat/completions", json={"messages": messages, "temperature": 0}).json()
    assert completion["content"] == "return a + b"
    expected = "This function adds two numbers. It returns the sum."
    assert chat["choices"][0]["message"]["content"] == expected


def test_every_byte_of_text_is_one_token(host):
    with httpx.Client(base_url=host.url, headers={"authorization": f"Bearer {host.key}"}) as client:
        for text in ("def f():\n    return 1", "   ", "größer → 🏠", FIM_MIDDLE):
            reply = client.post("/tokenize", json={"content": text, "parse_special": False}).json()
            assert len(reply["tokens"]) == len(text.encode())
        reply = client.post("/tokenize", json={"content": FIM_MIDDLE, "parse_special": True}).json()
        assert len(reply["tokens"]) == 1


async def test_probabilities_are_the_scripts(tmp_path):
    """So that a test can ask for low confidence, and know how low."""
    process = await start_host(HostOptions(write_tiny_gguf(tmp_path / "unsure.gguf", UNSURE_SCRIPT)))
    assert process is not None
    headers = {"authorization": f"Bearer {process.ready.api_key}"}
    url = f"http://127.0.0.1:{process.ready.port}/completion"
    async with httpx.AsyncClient(headers=headers) as client:
        reply = await client.post(url, json={"prompt": "x", "temperature": 0, "n_probs": 3, "n_predict": 1})
    await process.end()
    [token] = reply.json()["completion_probabilities"]
    found = {top["token"]: round(math.exp(top["logprob"]), 3) for top in token["top_logprobs"]}
    assert found == {"maybe": 0.4, "perhaps": 0.35, "sure": 0.25}


def test_fim_can_be_left_out_and_put_in(tmp_path: Path):
    plain = write_tiny_gguf(tmp_path / "plain.gguf", fim=False, chat_template=None)
    assert read_facts(plain).fim is None
    assert not read_facts(plain).chat_template
    ids = {"pre": 65, "suf": 66, "mid": 67}
    fim = read_facts(copy_with_fim_tokens(plain, tmp_path / "fim.gguf", ids)).fim
    assert fim is not None
    assert (fim.prefix, fim.suffix, fim.middle) == ("A", "B", "C")


def test_wrong_probabilities_are_reported(tmp_path: Path):
    with pytest.raises(ValueError, match="add up"):
        write_tiny_gguf(tmp_path / "wrong.gguf", {"a": {"b": 0.5, "c": 0.1}})

"""A real llama.cpp: what the server receives, and how it handles it."""

import math
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from homebody.backend.base import Marker, Message, Piece, Prompt, ReadProgress, Sampling, Text
from homebody.backend.servers.llama_cpp import LlamaCppBackend
from homebody.errors import BackendRefused
from homebody.host.shared import Ready
from homebody.models.facts import FimTokens
from homebody.settings import BackendSettings
from support.hosts import started_host
from support.llama_server import copy_with, tokenize
from support.recording_proxy import RecordingProxy
from support.streams import MANY, chat, read
from support.tiny_gguf import ANY_BYTE, END, FIM_MIDDLE, UNSURE_SCRIPT, write_tiny_gguf
from support.tiny_spm import write_tiny_spm


@pytest.fixture
def proxy(host: Any) -> Iterator[RecordingProxy]:
    with RecordingProxy(host.url, host.key) as recording:
        yield recording


@pytest.fixture
def backend(proxy: RecordingProxy, host: Any) -> LlamaCppBackend:
    return LlamaCppBackend(BackendSettings(url=proxy.url, api_key=host.key))


@asynccontextmanager
async def running(model: Path) -> AsyncIterator[tuple[LlamaCppBackend, Ready]]:
    async with started_host(model) as ready:
        block = BackendSettings(url=f"http://127.0.0.1:{ready.port}", api_key=ready.api_key)
        yield LlamaCppBackend(block), ready


async def test_markers_are_read_out_of_the_server(backend: LlamaCppBackend, proxy: RecordingProxy):
    info = await backend.describe()

    assert info.fim == FimTokens(
        "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|repo_name|>", "<|file_sep|>"
    )
    assert (info.context_length, info.chat_template, info.exact_tokenizer) == (4096, True, True)
    assert proxy.paths().count("POST /completion") == 0


async def test_a_model_without_fim_has_no_markers(tmp_path: Path):
    """A model without a chat template cannot render a chat."""
    model = write_tiny_gguf(tmp_path / "base.gguf", fim=False, chat_template=None)
    async with running(model) as (backend, _):
        info = await backend.describe()
        with pytest.raises(BackendRefused, match="no chat template"):
            await backend.render_chat([Message("user", "hi")])

    assert info.fim is None
    assert not info.chat_template


async def test_no_text_of_the_users_acts_as_a_marker(
    backend: LlamaCppBackend, proxy: RecordingProxy, host: Any
):
    (middle,) = tokenize(host.url, host.key, FIM_MIDDLE, special=True)

    await read(backend.complete(Prompt((Text(f"x {FIM_MIDDLE}"), Marker(FIM_MIDDLE))), MANY))

    (body,) = proxy.bodies("/completion")
    assert body["prompt"].count(middle) == 1
    assert body["prompt"][-1] == middle
    assert proxy.prompts() == [f"x {FIM_MIDDLE}{FIM_MIDDLE}"]


async def test_a_running_explanation_does_not_hold_completion_up(endless_host: Any):
    backend = LlamaCppBackend(BackendSettings(url=endless_host.url, api_key=endless_host.key))
    prompt = Prompt((Text("value = 4\n" * 30),))
    few = Sampling(max_tokens=4)
    await read(backend.complete(prompt, few))
    async with aclosing(
        chat(backend, [Message("user", "Explain.")], Sampling(max_tokens=3000))
    ) as explaining:
        await anext(explaining)
        _, stats = await read(backend.complete(prompt, few))
        still = await anext(explaining)

    assert isinstance(still, Piece)
    assert stats.evaluated_tokens == 1


async def test_no_more_tokens_are_asked_for_than_there_is_room(
    backend: LlamaCppBackend, proxy: RecordingProxy
):
    """A server that shifts its context would otherwise drop the prompt's beginning."""
    await read(backend.complete(Prompt((Text("x" * 4090),)), Sampling(max_tokens=500)))

    (body,) = proxy.bodies("/completion")
    assert body["n_predict"] == 6


async def test_sampling_is_sent_under_the_servers_names(backend: LlamaCppBackend, proxy: RecordingProxy):
    """All parameters are sent, including those for which the server may have other start options."""
    sampling = Sampling(
        max_tokens=3,
        temperature=0.25,
        top_p=0.5,
        top_k=7,
        min_p=0.125,
        repeat_penalty=1.5,
        seed=9,
        logprobs=2,
    )
    await read(backend.complete(Prompt((Text("x"),), stop=("\n\n",)), sampling))

    (body,) = proxy.bodies("/completion")
    wanted = {
        "n_predict": 3, "temperature": 0.25, "top_p": 0.5, "top_k": 7, "min_p": 0.125, "repeat_penalty": 1.5,
        "seed": 9, "n_probs": 2, "stop": ["\n\n"], "presence_penalty": 0.0, "mirostat": 0, "stream": True,
    }  # fmt: skip
    assert {name: body.get(name) for name in wanted} == wanted


async def test_forced_text_leaves_the_models_own_probabilities(tmp_path: Path):
    model = write_tiny_gguf(tmp_path / "unsure.gguf", UNSURE_SCRIPT)
    async with running(model) as (backend, _):
        prompt = Prompt((Text("x"),), forced="per")
        items = [item async for item in backend.complete(prompt, Sampling(max_tokens=4, logprobs=1))]

    piece = items[0]
    assert isinstance(piece, Piece)
    assert piece.text == "haps"
    assert piece.logprob == pytest.approx(math.log(0.35), abs=0.01)


HEALING = {
    ANY_BYTE: {"return": 0.5, "ret": 0.3, "raise": 0.2},
    "ret": "urn wrong",
    "return": END,
    "raise": END,
}


@pytest.mark.parametrize(
    ("forced", "answer"), [("r", "eturn"), ("ret", "urn"), ("ra", "ise"), ("", "return")]
)
async def test_the_likeliest_token_that_matches_the_forced_text_is_chosen(
    tmp_path: Path, forced: str, answer: str
):
    """Whole tokens are chosen, as the model would have generated them, not the shortest or single letters."""
    async with running(write_tiny_gguf(tmp_path / "healing.gguf", HEALING)) as (backend, _):
        text, _ = await read(backend.complete(Prompt((Text("x"),), forced=forced), MANY))

    assert text == answer


@pytest.mark.parametrize("forced", ['"', "\\", "\n", "\t", "'\"\\n", "é", "🎉", "]", "\\x"])
async def test_any_text_can_be_forced(backend: LlamaCppBackend, proxy: RecordingProxy, forced: str):
    text, _ = await read(backend.complete(Prompt((Text("x"),), forced=forced), MANY))

    assert forced not in text
    assert len(proxy.bodies("/completion")) == 1


async def test_bos_is_sent_where_the_model_wants_it(tiny_model: Path, tmp_path: Path):
    """It is sent once, even if the prompt begins with it."""
    async with running(copy_with(tiny_model, tmp_path / "bos.gguf", tokenizer__ggml__add_bos_token=True)) as (
        backend,
        ready,
    ):
        url = f"http://127.0.0.1:{ready.port}"
        (bos,) = tokenize(url, ready.api_key, END, special=True)
        with RecordingProxy(url, ready.api_key) as proxy:
            behind = LlamaCppBackend(BackendSettings(url=proxy.url, api_key=ready.api_key))
            await read(behind.complete(Prompt((Text("x"),)), MANY))
            await read(behind.complete(Prompt((Marker(END), Text("x"))), MANY))
            await behind.aclose()
            prompts = [body["prompt"] for body in proxy.bodies("/completion")]
        count = await backend.count_prompt(Prompt((Text("x"),)))

    assert prompts == [[bos, ord("x")]] * 2
    assert count == 2


async def test_no_blank_is_inserted_between_the_parts_of_a_sentencepiece_prompt(tmp_path: Path):
    """Such models put a blank before a text; parts in the middle of a prompt must not get one."""
    async with running(write_tiny_spm(tmp_path / "spm.gguf")) as (_, ready):
        url = f"http://127.0.0.1:{ready.port}"
        with RecordingProxy(url, ready.api_key) as proxy:
            backend = LlamaCppBackend(BackendSettings(url=proxy.url, api_key=ready.api_key))
            await read(backend.complete(Prompt((Text("ab"), Text("cd"), Text(" e"))), Sampling(max_tokens=1)))
            counts = await backend.count(["ab", "cd", " e"])
            (body,) = proxy.bodies("/completion")
            (text,) = proxy.prompts()

    assert text.replace("<s>", "") == "abcd e"
    assert counts == [2, 2, 1]
    assert len(body["prompt"]) == 1 + sum(counts)


async def test_another_model_on_the_same_port_is_noticed(tiny_model: Path, tmp_path: Path):
    plain = write_tiny_gguf(tmp_path / "plain.gguf", fim=False, context_length=2048)
    other = copy_with(plain, tmp_path / "other.gguf", general__name="another")
    async with running(tiny_model) as (_, first), running(other) as (_, second):
        with RecordingProxy(f"http://127.0.0.1:{first.port}") as proxy:
            backend = LlamaCppBackend(
                BackendSettings(url=proxy.url, api_key=first.api_key, timeout_seconds=60)
            )
            before = await backend.describe()
            proxy.move(f"http://127.0.0.1:{second.port}", second.api_key)
            await read(backend.complete(Prompt((Text("x"),)), MANY))
            after = await backend.describe()

    assert (before.context_length, before.fim is not None) == (4096, True)
    assert (after.context_length, after.fim) == (2048, None)


async def test_an_answer_goes_back_by_the_tokens_that_were_generated(
    backend: LlamaCppBackend, proxy: RecordingProxy
):
    """Its text would be tokenized differently, and the server would read the answer again."""
    question = [Message("user", "What does it do?")]
    answer, stats = await read(chat(backend, question, MANY))
    assert answer == "This function adds two numbers. It returns the sum."
    assert stats.output_tokens == 3
    proxy.forget()

    follow_up = [*question, Message("assistant", answer), Message("user", "And now?")]
    _, stats = await read(chat(backend, follow_up, MANY))

    # "<|im_end|>\n<|im_start|>user\n", the question, "<|im_end|>\n<|im_start|>assistant\n"
    assert stats.evaluated_tokens == 8 + len("And now?") + 13
    assert answer not in str(proxy.bodies("/tokenize"))


async def test_reading_a_prompt_is_reported_while_it_is_read(backend: LlamaCppBackend):
    seen: list[ReadProgress] = []

    await read(backend.complete(Prompt((Text("reported = 6\n" * 20),)), MANY, on_read=seen.append))

    assert [progress.read for progress in seen] == sorted(progress.read for progress in seen)
    assert (seen[-1].read, seen[-1].total) == (260, 260)
    assert len(seen) > 2


async def test_after_a_cancelled_answer_the_prompt_is_not_read_again(endless_host: Any):
    """Its slot is still busy for a moment; in another slot the whole prompt would be read."""
    backend = LlamaCppBackend(BackendSettings(url=endless_host.url, api_key=endless_host.key))
    lines = "total = total + 1\n" * 30
    await backend.warm(Prompt((Text(lines),)), slot=0)
    evaluated: list[int | None] = []
    for typed in ("", "a", "ab", "abc"):
        prompt = Prompt((Text(lines + typed),))
        async with aclosing(backend.complete(prompt, Sampling(max_tokens=3000), slot=0)) as answering:
            piece = await anext(answering)
        assert isinstance(piece, Piece)
        assert piece.read is not None
        evaluated.append(piece.read.evaluated)

    assert evaluated[1:] == [1, 1, 1]

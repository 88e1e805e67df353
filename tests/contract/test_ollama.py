"""Ollama, with its documented behaviour: one context length, no silent cut, no cloud."""

from collections.abc import Callable
from typing import Any

import pytest

from homebody.backend.base import Marker, Message, Prompt, Purpose, Sampling, Text
from homebody.backend.servers.ollama import OllamaBackend, Shown
from homebody.errors import BackendRefused, ConnectionForbidden, ContextTooLong
from homebody.models.facts import FimTokens
from homebody.models.families import COMMON_SPECIAL_TEXTS
from homebody.settings import BackendSettings
from support.ollama_double import OllamaDouble, OllamaModel
from support.streams import MANY, chat, read

CODER = OllamaModel("qwen2.5-coder:1.5b", fim=True, capabilities=("completion", "insert"))


def opened(double: OllamaDouble, use: Purpose = "completion", **options: Any) -> OllamaBackend:
    return OllamaBackend(BackendSettings(url=double.url, **options), use)


async def test_markers_and_special_texts_come_from_the_models_template():
    with OllamaDouble([CODER]) as double:
        backend = opened(double)
        info = await backend.describe()

    assert info.fim == FimTokens("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")
    assert info.special_texts == COMMON_SPECIAL_TEXTS | {"<|own_start|>"}
    assert not info.takes_token_ids
    assert not info.exact_tokenizer


@pytest.mark.parametrize(
    ("template", "fim"),
    [
        (
            "{{- if .Suffix }}<PRE> {{ .Prompt }} <SUF>{{ .Suffix }} <MID>{{ else }}",
            ("<PRE>", "<SUF>", "<MID>"),
        ),
        ("{{ if .Suffix }}[SUFFIX]{{ .Suffix }}[PREFIX] {{ .Prompt }}{{ else }}", None),
        ("{{ .Prompt }}", None),
    ],
    ids=["Code Llama", "Codestral, the suffix first", "a base model"],
)
def test_a_template_may_name_the_markers(template: str, fim: tuple[str, str, str] | None):
    assert Shown(template=template).fim == (None if fim is None else FimTokens(*fim))


async def test_the_served_context_is_used_and_nothing_is_loaded_twice():
    with OllamaDouble([CODER], default_num_ctx=8192) as double:
        completing, chatting = opened(double, use="completion"), opened(double, use="chat")
        await read(completing.complete(Prompt((Text("x"),)), MANY))
        await read(chat(chatting, [Message("user", "hi")], MANY))
        await read(completing.complete(Prompt((Text("y"),)), MANY))
        info = await completing.describe()
        sent = [body["options"]["num_ctx"] for body in double.bodies("/api/generate") if "options" in body]

    assert info.context_length == 8192
    assert info.trained_context_length == 32768
    assert double.loads == [(CODER.name, 8192)]
    assert sent == [8192, 8192]


async def test_a_context_length_of_the_users_is_loaded_once():
    with OllamaDouble([CODER]) as double:
        backend = opened(double, context_length=12000)
        await read(backend.complete(Prompt((Text("x"),)), MANY))
        backend = opened(double, context_length=99999)
        info = await backend.describe()

    assert double.loads == [(CODER.name, 12000)]
    assert info.context_length == 32768


async def test_prompts_go_raw_and_unabridged():
    with OllamaDouble([CODER]) as double:
        backend = opened(double)
        prompt = Prompt((Marker("<|fim_prefix|>"), Text("def f("), Marker("<|fim_middle|>")), stop=("\n",))
        sampling = Sampling(
            max_tokens=7, temperature=0.25, top_p=0.5, top_k=9, min_p=0.125, repeat_penalty=1.5, seed=3
        )
        await read(backend.complete(prompt, sampling))
        body = double.bodies("/api/generate")[-1]

    wanted = {"prompt": "<|fim_prefix|>def f(<|fim_middle|>", "raw": True, "truncate": False, "shift": False}
    assert {name: body[name] for name in wanted} == wanted
    assert body["keep_alive"]
    assert body["options"] == {
        "num_ctx": 4096, "num_predict": 7, "temperature": 0.25, "top_p": 0.5, "top_k": 9, "min_p": 0.125,
        "repeat_penalty": 1.5, "seed": 3, "stop": ["\n"],
    }  # fmt: skip


async def test_a_prompt_that_is_too_long_for_ollama_is_refused_and_not_cut():
    """If the estimate was too low, the server refuses the prompt."""
    long = Prompt((Text("x " * 2100),))
    with OllamaDouble([CODER]) as double:
        backend = opened(double)
        backend.estimate.learn("word " * 1000, 100)
        with pytest.raises(ContextTooLong, match="exceeds the context length; nothing was cut"):
            await read(backend.complete(long, MANY))
        with pytest.raises(ContextTooLong, match="nothing was cut"):
            await read(chat(backend, [Message("user", "x " * 2100)], MANY))


async def test_a_silent_cut_of_an_old_ollama_is_noticed():
    with OllamaDouble([CODER], knows_truncate=False) as double:
        backend = opened(double)
        backend.estimate.learn("word " * 1000, 100)
        _, stats = await read(backend.complete(Prompt((Text("x " * 2100),)), MANY))

    assert stats.truncated
    assert stats.prompt_tokens == 4096


CLOUD = "https://ollama.com:443"
REMOTE = [
    OllamaModel("gpt-oss:120b-cloud", remote_host=CLOUD),
    OllamaModel("renamed:latest", remote_host=CLOUD),
    OllamaModel("qwen3-coder:480b-cloud"),
    OllamaModel("big:cloud"),
]


@pytest.mark.parametrize("model", REMOTE, ids=lambda model: model.name)
async def test_a_model_that_runs_elsewhere_is_refused_by_name(model: OllamaModel):
    with OllamaDouble([model]) as double:
        backend = opened(double, model=model.name)
        with pytest.raises(ConnectionForbidden, match=r"ollama\.com.*nothing was sent.*allowedHosts"):
            await read(backend.complete(Prompt((Text("secret"),)), MANY))
        with pytest.raises(ConnectionForbidden):
            await backend.warm(Prompt((Text("secret"),)))
        with pytest.raises(ConnectionForbidden):
            await read(chat(backend, [Message("user", "secret")], MANY))

    assert double.left_the_machine == []
    assert double.bodies("/api/generate") == double.bodies("/api/chat") == []


async def test_a_remote_model_is_served_where_the_user_allows_its_host():
    model = REMOTE[0]
    with OllamaDouble([model]) as double:
        backend = opened(double, model=model.name, allowed_hosts=["ollama.com:443"])
        text, _ = await read(backend.complete(Prompt((Text("x"),)), MANY))
        remote_host = (await backend.describe()).remote_host
        backend = opened(double, model=model.name, allowed_hosts=["ollama.com:80"])
        with pytest.raises(ConnectionForbidden):
            await backend.describe()

    assert text == "return a + b"
    assert remote_host == CLOUD


async def test_a_remote_model_is_never_chosen():
    """It is not chosen even if it is the only one."""
    with OllamaDouble(REMOTE) as double:
        backend = opened(double)
        with pytest.raises(BackendRefused, match=r"no model of its own.*ollama pull"):
            await backend.describe()


async def test_a_model_that_became_remote_is_stopped_at_its_first_reply():
    model = OllamaModel("coder:latest", fim=True)
    with OllamaDouble([model]) as double:
        backend = opened(double)
        await backend.describe()
        model.remote_host = CLOUD
        with pytest.raises(ConnectionForbidden):
            await read(backend.complete(Prompt((Text("x"),)), MANY))


async def test_a_missing_model_is_named_with_the_command_that_fetches_it():
    with OllamaDouble([CODER]) as double:
        backend = opened(double, model="missing:7b")
        with pytest.raises(BackendRefused, match="ollama pull missing:7b"):
            await backend.describe()


@pytest.mark.parametrize(
    "setup",
    [
        lambda double: setattr(double, "chat_answer", lambda _: "<think>Hm.</think>\n\nYes."),
        lambda double: setattr(double.models[0], "thought", "Hm."),
    ],
    ids=["in the text", "in a field of its own"],
)
async def test_thoughts_never_reach_the_caller(setup: Callable[[OllamaDouble], None]):
    with OllamaDouble([OllamaModel("thinker:latest")], chat_answer=lambda _: "Yes.") as double:
        setup(double)
        backend = opened(double)
        text, _ = await read(chat(backend, [Message("user", "hi")], MANY))

    assert text == "Yes."


@pytest.mark.parametrize(
    ("capabilities", "think"), [(("completion", "thinking"), False), (("completion",), None)]
)
async def test_thinking_is_switched_off_where_it_can_be(capabilities: tuple[str, ...], think: object):
    """The switch is not sent for a model without reasoning, because older servers refuse it."""
    with OllamaDouble([OllamaModel("m:latest", capabilities=capabilities)]) as double:
        backend = opened(double)
        await read(chat(backend, [Message("user", "hi")], MANY))
        (body,) = double.bodies("/api/chat")

    assert body.get("think") is think


async def test_a_prompt_is_read_ahead_in_longer_and_longer_beginnings():
    """Each piece begins like the previous one, so that only the new part is not in the server's cache."""
    prompt = Prompt((Marker("<|fim_prefix|>"), Text("total = total + 1\n" * 40)))
    with OllamaDouble([CODER]) as double:
        backend = opened(double)
        for tokens in (50, 100, 150):
            await backend.warm(prompt, tokens=tokens)
        sent = [body for body in double.bodies("/api/generate") if body.get("prompt")]

    texts = [body["prompt"] for body in sent]
    assert all(prompt.text.startswith(text) for text in texts)
    assert [len(text) for text in texts] == sorted({len(text) for text in texts})
    assert len(texts[-1]) > 2 * len(texts[0])
    assert {body["options"]["num_predict"] for body in sent} == {1}

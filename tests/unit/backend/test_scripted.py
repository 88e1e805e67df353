"""The scripted backend: it answers exactly as in its script."""

import asyncio
import json
import math
from contextlib import aclosing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homebody.backend import open_backend
from homebody.backend.base import Marker, Message, Piece, Prompt, ReadProgress, Sampling, Stats, Text
from homebody.backend.scripted import Fault, Reply, ScriptedBackend, scripted_tokens
from homebody.errors import (
    BackendError,
    BackendLoading,
    BackendProtocolError,
    BackendRefused,
    BackendTimeout,
    BackendUnavailable,
    SettingsError,
)
from homebody.models.facts import FimTokens
from homebody.settings import BackendSettings, Settings
from support.passes import everything
from support.streams import MANY


def prompt(text: str, **more: object) -> Prompt:
    return Prompt((Text(text),), **more)


async def say(backend: ScriptedBackend, asked: Prompt, sampling: Sampling = MANY) -> str:
    return "".join([item.text async for item in backend.complete(asked, sampling) if isinstance(item, Piece)])


async def test_one_text_answers_everything():
    backend = ScriptedBackend("return a + b")
    assert [await say(backend, prompt(text)) for text in ("a", "b")] == ["return a + b"] * 2


async def test_the_first_reply_that_matches_answers():
    backend = ScriptedBackend(
        Reply("one", contains="def f("), Reply("two", regex=r"class \w+:"), Reply("three")
    )
    assert [await say(backend, prompt(text)) for text in ("def f(", "class A:", "x")] == [
        "one",
        "two",
        "three",
    ]


async def test_replies_in_order_answer_once_each():
    backend = ScriptedBackend(Reply("one", times=1), Reply("two", times=1))
    assert [await say(backend, prompt("x")) for _ in range(2)] == ["one", "two"]
    with pytest.raises(BackendRefused, match="no reply"):
        await say(backend, prompt("x"))


async def test_a_function_answers_the_prompt():
    """From Python, a reply may depend on the prompt."""
    assert await say(ScriptedBackend(Reply(str.upper)), prompt("abc")) == "ABC"


async def test_pieces_and_probabilities_are_as_given():
    backend = ScriptedBackend(Reply(pieces=("a", "b", "c"), probabilities=(0.5, 0.25)))
    pieces = [item async for item in backend.complete(prompt("x"), MANY) if isinstance(item, Piece)]
    assert [piece.text for piece in pieces] == ["a", "b", "c"]
    assert [piece.logprob for piece in pieces] == [math.log(0.5), math.log(0.25), math.log(0.25)]


async def test_a_limit_cuts_the_answer():
    items = [
        item async for item in ScriptedBackend(Reply(pieces=("a", "b"))).complete(prompt("x"), Sampling(1))
    ]
    assert [item.text for item in items if isinstance(item, Piece)] == ["a"]
    assert isinstance(items[-1], Stats)
    assert items[-1].finish == "length"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("unavailable", BackendUnavailable),
        ("loading", BackendLoading),
        ("timeout", BackendTimeout),
        ("refused", BackendRefused),
        ("protocol", BackendProtocolError),
        ("cut", BackendUnavailable),
    ],
)
async def test_each_fault_is_its_error(fault: Fault, error: type[BackendError]):
    backend = ScriptedBackend(Reply(pieces=("a", "b", "c"), fault=fault, fault_after=2))
    seen: list[str] = []

    async def listen() -> None:
        async for item in backend.complete(prompt("x"), MANY):
            seen.append(item.text if isinstance(item, Piece) else "stats")  # noqa: PERF401 - kept on error

    with pytest.raises(error, match="as its script says"):
        await listen()

    assert seen == ["a", "b"]


async def test_delays_can_be_cancelled():
    """A slow answer ends when its task is cancelled."""
    backend = ScriptedBackend(Reply("x", delay_ms=60_000))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(say(backend, prompt("x")), 0.05)


async def test_another_process_can_read_what_was_asked(tmp_path):
    path, script = tmp_path / "asked.jsonl", tmp_path / "script.json"
    script.write_text(json.dumps({"reply": [{"text": "x"}], "requests_file": str(path)}))
    backend = ScriptedBackend.from_file(script)
    await backend.warm(prompt("a b c"), tokens=2)
    await say(backend, prompt("a b c"))

    assert [json.loads(line) for line in path.read_text().splitlines()] == [
        {"prompt": "a b c", "read": 2, "of": 5},
        {"prompt": "a b c", "read": 5, "of": 5},
    ]


async def test_everything_that_was_asked_is_kept():
    backend = ScriptedBackend("x")
    await say(backend, prompt("abc"))
    await backend.warm(prompt("abcdef"), slot="chat")
    assert [(r.prompt.text, r.slot, r.sampling) for r in backend.requests] == [
        ("abc", "completion", MANY),
        ("abcdef", "chat", None),
    ]


async def test_reused_tokens_are_counted_as_a_server_with_one_prompt_a_slot_does():
    backend = ScriptedBackend("x")
    first = await backend.warm(prompt("one two"))
    longer = await backend.warm(prompt("one two three"))
    again = await backend.warm(prompt("one two three"))
    other = await backend.warm(prompt("one two"), slot="chat")
    assert [s.evaluated_tokens for s in (first, longer, again, other)] == [3, 2, 1, 3]


@given(st.text())
def test_tokens_joined_are_the_text(text: str):
    found = scripted_tokens(text)
    assert "".join(found) == text
    assert all(found)


@given(st.text(), st.text())
def test_a_whole_has_no_more_tokens_than_its_parts(first: str, second: str):
    assert len(scripted_tokens(first + second)) <= len(scripted_tokens(first)) + len(scripted_tokens(second))


TOML = """
name = "tiny"
context_length = 512
fim = { prefix = "<P>", suffix = "<S>", middle = "<M>" }

[[reply]]
contains = "def add("
text = "return a + b"
probability = 0.9

[[reply]]
text = "else"
times = 1
"""
JSON = json.dumps(
    {
        "name": "tiny",
        "context_length": 512,
        "fim": {"prefix": "<P>", "suffix": "<S>", "middle": "<M>"},
        "reply": [
            {"contains": "def add(", "text": "return a + b", "probability": 0.9},
            {"text": "else", "times": 1},
        ],
    }
)


@pytest.mark.parametrize(("name", "content"), [("script.toml", TOML), ("script.json", JSON)])
async def test_a_script_file_is_opened_by_the_settings(tmp_path: Path, name: str, content: str):
    path = tmp_path / name
    path.write_text(content)
    backend = open_backend(
        BackendSettings(kind="scripted", model=str(path)), Settings(), use="completion", passes=everything
    )
    info = await backend.describe()

    assert (info.kind, info.name) == ("scripted", "tiny")
    assert (info.context_length, info.fim) == (512, FimTokens("<P>", "<S>", "<M>"))
    assert await say(backend, prompt("def add(a, b):")) == "return a + b"
    assert await say(backend, prompt("x")) == "else"


@pytest.mark.parametrize("content", [None, "reply = 3", '[[reply]]\ntxt = "typo"', "[[reply"])
def test_a_script_that_cannot_be_used_is_a_settings_error(tmp_path: Path, content: str | None):
    path = tmp_path / "script.toml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SettingsError, match=r"script\.toml"):
        ScriptedBackend.from_file(path)


def test_a_script_has_to_be_named():
    with pytest.raises(SettingsError, match=r"backend\.model"):
        open_backend(BackendSettings(kind="scripted"), Settings(), use="chat", passes=everything)


async def test_a_model_without_a_template_refuses_to_render():
    with pytest.raises(BackendRefused, match="no chat template"):
        await ScriptedBackend("x", chat_template=False).render_chat([Message("user", "hi")])


async def test_a_marker_is_one_token():
    assert await ScriptedBackend("x").count_prompt(Prompt((Marker("<|fim_prefix|>"), Text("a b")))) == 4


async def test_a_stream_may_be_closed_early():
    async with aclosing(ScriptedBackend("a b c d").complete(prompt("x"), MANY)) as stream:
        assert await anext(stream)


async def test_reading_is_reported_before_and_after():
    backend = ScriptedBackend("x")
    await say(backend, prompt("one two"))
    seen: list[ReadProgress] = []
    async for _ in backend.complete(prompt("one two three"), MANY, on_read=seen.append):
        pass
    assert [(one.read, one.total) for one in seen] == [(3, 5), (5, 5)]


async def test_without_a_slot_the_longest_shared_beginning_is_reused():
    backend = ScriptedBackend("x")
    async for _ in backend.complete(prompt("one two"), MANY, slot="chat"):
        pass
    items = [item async for item in backend.complete(prompt("one two three"), MANY, slot=None)]
    assert isinstance(items[-1], Stats)
    assert items[-1].reused_tokens == 3

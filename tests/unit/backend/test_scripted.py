"""The scripted backend: it answers exactly as in its script."""

import json
from pathlib import Path

import pytest

from homebody.backend import open_backend
from homebody.backend.base import Piece, Prompt, Sampling, Text
from homebody.backend.scripted import Fault, Reply, ScriptedBackend
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


async def test_the_first_reply_that_matches_answers():
    backend = ScriptedBackend(
        Reply("one", contains="def f("), Reply("two", regex=r"class \w+:"), Reply("three")
    )
    assert [await say(backend, prompt(text)) for text in ("def f(", "class A:", "x")] == [
        "one",
        "two",
        "three",
    ]


@pytest.mark.parametrize(
    ("forced", "said"), [("ret", "urn a"), (" ret", "urn a"), (" ", "return a"), ("x", "return a")]
)
async def test_a_word_that_is_begun_is_not_said_again(forced: str, said: str):
    assert await say(ScriptedBackend("return a"), prompt("x", forced=forced)) == said


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

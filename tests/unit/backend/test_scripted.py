"""The scripted backend: it answers exactly as in its script."""

from pathlib import Path

import pytest

from homebody.backend.base import Piece, Prompt, Text
from homebody.backend.scripted import Fault, ScriptedBackend, ScriptedReply
from homebody.errors import (
    BackendError,
    BackendLoading,
    BackendProtocolError,
    BackendRefused,
    BackendTimeout,
    BackendUnavailable,
    SettingsError,
)
from support.streams import MANY


def prompt(text: str, **more: object) -> Prompt:
    return Prompt((Text(text),), **more)


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
    backend = ScriptedBackend(ScriptedReply(pieces=("a", "b", "c"), fault=fault, fault_after=2))
    seen: list[str] = []

    async def listen() -> None:
        async for item in backend.complete(prompt("x"), MANY):
            seen.append(item.text if isinstance(item, Piece) else "stats")  # noqa: PERF401 - kept on error

    with pytest.raises(error, match="as its script says"):
        await listen()

    assert seen == ["a", "b"]


@pytest.mark.parametrize("content", [None, "reply = 3", '[[reply]]\ntxt = "typo"', "[[reply"])
def test_a_script_that_cannot_be_used_is_a_settings_error(tmp_path: Path, content: str | None):
    path = tmp_path / "script.toml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SettingsError, match=r"script\.toml"):
        ScriptedBackend.from_file(path)

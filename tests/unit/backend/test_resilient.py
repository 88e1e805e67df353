"""A server that becomes unavailable and available again: each change is reported once, without a restart."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from homebody.backend.base import BackendState, Prompt, Text
from homebody.backend.resilient import FixedConnector, ResilientBackend
from homebody.backend.scripted import ScriptedBackend
from homebody.backend.servers.llama_cpp import LlamaCppBackend
from homebody.errors import (
    BackendFailed,
    BackendUnavailable,
    ModelForbidden,
)
from homebody.settings import BackendSettings
from support.llama_double import LlamaDouble
from support.streams import MANY, read
from support.until import until

PROMPT = Prompt((Text("def f("),))


@pytest_asyncio.fixture
async def double() -> AsyncIterator[LlamaDouble]:
    with LlamaDouble() as server:
        yield server


async def ask(backend: ResilientBackend) -> str:
    return (await read(backend.complete(PROMPT, MANY)))[0]


async def reports(states: list[BackendState], condition: str) -> None:
    await until(lambda: states and states[-1].condition == condition)


def tasks_running() -> set[str]:
    return {task.get_name() for task in asyncio.all_tasks() - {asyncio.current_task()}}


async def test_each_change_is_reported_once_and_not_per_request(double: LlamaDouble):
    states: list[BackendState] = []
    backend = ResilientBackend(
        FixedConnector(LlamaCppBackend(BackendSettings(url=double.url))),
        on_state=states.append,
        patience_seconds=1,
    )
    for _ in range(3):
        await ask(backend)
    double.stop()
    for _ in range(10):
        with pytest.raises(BackendUnavailable):
            await ask(backend)
    double.start()
    await reports(states, "ready")
    await backend.aclose()

    assert [state.condition for state in states] == ["ready", "unavailable", "ready"]
    assert states[0].info is not None
    assert "Nothing answers" in states[1].message


async def test_a_server_that_only_fails_to_generate_is_not_ready(double: LlamaDouble):
    states: list[BackendState] = []
    double.busy = True
    backend = ResilientBackend(
        FixedConnector(LlamaCppBackend(BackendSettings(url=double.url))),
        on_state=states.append,
        patience_seconds=1,
    )
    for _ in range(2):
        with pytest.raises(BackendFailed, match="is unavailable: no slot is free"):
            await ask(backend)
        await backend.describe()
    assert [state.condition for state in states] == ["unavailable"]
    double.busy = False
    await ask(backend)
    await backend.aclose()

    assert [state.condition for state in states] == ["unavailable", "ready"]


async def test_a_request_waits_while_the_model_loads_and_reports_it(double: LlamaDouble):
    states: list[BackendState] = []
    double.loading = True
    backend = ResilientBackend(
        FixedConnector(LlamaCppBackend(BackendSettings(url=double.url))),
        on_state=states.append,
        patience_seconds=30,
    )
    asked = asyncio.create_task(ask(backend))
    await reports(states, "loading")
    double.loading = False

    assert await asked == "x"
    assert [state.condition for state in states] == ["loading", "ready"]
    await backend.aclose()


async def test_an_available_server_gets_no_requests_while_idle(double: LlamaDouble):
    """Without requests from the editor, none is sent to the server."""
    backend = ResilientBackend(
        FixedConnector(LlamaCppBackend(BackendSettings(url=double.url))), patience_seconds=1
    )
    await ask(backend)
    await until(lambda: not tasks_running())
    await backend.aclose()


async def test_a_change_of_the_chosen_server_is_reported():
    """``auto`` may choose another server although the first one still works."""
    states: list[BackendState] = []
    connector = FixedConnector(ScriptedBackend("x"))
    connector.reasons = ("our own model",)
    backend = ResilientBackend(connector, on_state=states.append, patience_seconds=1)
    await ask(backend)
    await ask(backend)
    connector.reasons = ("a server came up",)
    await ask(backend)
    await backend.aclose()

    assert [state.reasons for state in states] == [("our own model",), ("a server came up",)]


async def test_a_model_that_is_not_allowed_gets_nothing():
    inner = ScriptedBackend("x", name="llama-3")
    backend = ResilientBackend(FixedConnector(inner), patience_seconds=1, models=("qwen*", "gpt-oss"))
    with pytest.raises(ModelForbidden, match=r"llama-3 is not one .* \(qwen\*, gpt-oss\)"):
        await ask(backend)
    with pytest.raises(ModelForbidden):
        await backend.count(["text"])
    assert inner.requests == []

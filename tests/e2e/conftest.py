"""A real ``homebody lsp`` for each test, in separate folders, with a scripted model."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from support.editor import Client, start_client
from support.folders import own_environ

Replies: TypeAlias = str | list[dict[str, Any]]
_LONGEST_SECONDS = 240

Serve: TypeAlias = Callable[..., AbstractAsyncContextManager[Client]]


@pytest.fixture
def environ(tmp_path: Path) -> Mapping[str, str]:
    return own_environ(tmp_path)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


@pytest.fixture
def scripted(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    def write(replies: Replies, **model: object) -> dict[str, Any]:
        if isinstance(replies, str):
            replies = [{"text": replies, "probability": 0.95}]
        path = tmp_path / "script.json"
        script = {"name": "scripted", "reply": replies, **model}
        path.write_text(json.dumps(script, default=str))
        return {"backend": {"kind": "scripted", "model": str(path)}}

    return write


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """The ``gate_file`` of a scripted reply, which continues once it is there."""
    return tmp_path / "gate"


@pytest.fixture
def serve(environ: Mapping[str, str], workspace: Path, scripted: Callable[..., dict[str, Any]]) -> Serve:
    @asynccontextmanager
    async def start(
        replies: Replies = "x",
        settings: Mapping[str, object] | None = None,
        capabilities: dict[str, Any] | None = None,
        opens: Mapping[str, str] = {},
        **model: object,
    ) -> AsyncGenerator[Client]:
        options = scripted(replies, **model) | dict(settings or {})
        # A server that hangs fails its test, but does not block the run.
        async with (
            asyncio.timeout(_LONGEST_SECONDS),
            start_client(
                root=workspace, options=options, capabilities=capabilities, environ=environ
            ) as client,
        ):
            for uri, text in opens.items():
                client.open(uri, text)
            yield client

    return start

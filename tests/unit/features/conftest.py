"""An engine over the scripted backend."""

import contextlib
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from homebody.backend.base import Job
from homebody.backend.scripted import ScriptedBackend, ScriptedReply
from homebody.engine import Engine
from homebody.session.session import Session
from homebody.settings import ChatSettings, CompletionSettings, Settings
from support.gated import ScriptedEngine

# How fast this process reads must not decide what goes into a prompt.
_UNHURRIED = ChatSettings(reading_seconds=600)


@dataclass
class World:
    """Everything that a test of a feature checks."""

    engine: Engine
    session: Session
    backend: ScriptedBackend

    @property
    def asked(self) -> list[Job]:
        return [request for request in self.backend.requests if request.sampling is not None]


MakeWorld = Callable[..., AbstractAsyncContextManager[World]]


@pytest.fixture
def world(own_folders) -> MakeWorld:
    @asynccontextmanager
    async def make(
        *replies: ScriptedReply | str,
        min_confidence: float = 0.0,
        debounce_ms: int = 0,
        chat: ChatSettings = _UNHURRIED,
        folders: Sequence[Path] = (),
        trusted_folders: Sequence[str] = (),
        kind: type[ScriptedBackend] = ScriptedBackend,
        **backend,
    ) -> AsyncGenerator[World, None]:
        completion = CompletionSettings(min_confidence=min_confidence, debounce_ms=debounce_ms)
        scripted = kind(*replies, **backend)
        settings = Settings(completion=completion, chat=chat, trusted_folders=tuple(trusted_folders))
        engine = ScriptedEngine(scripted, settings, folders)
        async with contextlib.aclosing(engine), contextlib.aclosing(Session(engine)) as session:
            yield World(engine, session, scripted)

    return make

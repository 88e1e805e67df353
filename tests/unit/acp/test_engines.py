"""Which engines are open: none that no chat needs, but always those in use."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from homebody.acp.engines import Engines
from homebody.settings import BackendSettings


@pytest.fixture
async def engines(own_folders: Path) -> AsyncGenerator[Engines]:
    engines = Engines({"context.snippets": "false"})
    yield engines
    await engines.aclose()


async def test_an_engine_in_use_is_kept_although_its_chat_has_ended(engines: Engines, tmp_path: Path):
    own, chosen = (tmp_path, None), (tmp_path, BackendSettings(kind="ollama"))
    async with engines.use(own) as first, engines.use(chosen) as other:
        await engines.keep([])
        async with engines.use(own) as again:
            assert again is first
        assert other is not first
        assert other.engine.settings.chat.backend.kind == "ollama"
    await engines.keep([chosen])
    async with engines.use(chosen) as kept, engines.use(own) as new:
        assert kept is other
        assert new is not first

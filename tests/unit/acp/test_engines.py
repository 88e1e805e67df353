"""Which engines are open: none that no chat needs, but always those in use."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import cast

import acp
import pytest

from homebody.acp.agent import Agent
from homebody.acp.session import Engines
from homebody.features.models_here import chat_models
from homebody.settings import BackendSettings
from support.ollama_double import OllamaDouble, OllamaModel


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


async def test_the_engine_of_a_model_that_is_no_longer_chosen_is_closed(own_folders: Path, tmp_path: Path):
    models = [OllamaModel("small:1b"), OllamaModel("large:7b")]
    with OllamaDouble(models, loaded={"small:1b": 4096}) as double:
        server = {"backend.kind": "ollama", "backend.url": double.url}
        engines = Engines({"context.snippets": "false", **server})
        agent = Agent(engines, lambda _: None)
        agent.on_connect(cast("acp.Client", None))
        session = (await agent.new_session(str(tmp_path))).session_id
        async with engines.use((tmp_path, None)) as opened:
            _, large = await chat_models(opened.engine)
        await agent.set_config_option("model", session, "large:7b")
        async with engines.use((tmp_path, large.block)) as first, engines.use((tmp_path, None)) as own:
            pass
        await agent.set_config_option("model", session, "small:1b")
        async with engines.use((tmp_path, large.block)) as second, engines.use((tmp_path, None)) as again:
            assert (second is first, again is own) == (False, True)
        await agent.aclose()

"""Which engines are open: at most eight, and none that no chat needs, but always those in use."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from homebody.acp.engines import Engines
from homebody.errors import SettingsBroken
from homebody.settings import BackendSettings


@pytest.fixture
async def engines(own_folders: Path) -> AsyncGenerator[Engines]:
    """Engines without an index."""
    engines = Engines({"context.snippets": "false"})
    yield engines
    await engines.aclose()


async def test_a_ninth_folder_waits_for_an_engine_that_is_not_in_use(engines: Engines, tmp_path: Path):
    """Then the one that was used first is closed, and opened again when it is needed."""
    keys = [(tmp_path / str(number), None) for number in range(9)]
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(engines.use(keys[0]))
        async with AsyncExitStack() as others:
            for key in keys[1:8]:
                await others.enter_async_context(engines.use(key))
            ninth = asyncio.create_task(stack.enter_async_context(engines.use(keys[8])))
            await asyncio.sleep(0.05)
            assert not ninth.done()
        await asyncio.wait_for(ninth, 60)
        async with engines.use(keys[0]) as again:
            assert again is first
    async with engines.use(keys[1]) as opened:
        assert opened.engine.folders == (keys[1][0],)


async def test_an_engine_in_use_is_kept_although_its_chat_has_ended(engines: Engines, tmp_path: Path):
    """It is closed with the next chat that ends; the same folder and model share one."""
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


async def test_an_engine_that_could_not_be_opened_is_opened_again(engines: Engines, own_folders: Path):
    """With the settings as they are then."""
    config = own_folders / "homebody" / "config" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("[context]\nignroe = []\n")
    with pytest.raises(SettingsBroken, match="ignroe"):
        async with engines.use((own_folders, None)):
            pass
    config.write_text("[context]\nignore = []\n")
    async with engines.use((own_folders, None)) as opened:
        assert opened.engine.gate.stopped is None

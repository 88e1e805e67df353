"""One engine for each folder, and one for each model that is chosen there."""

from contextlib import aclosing
from pathlib import Path

from homebody.acp.engines import Engines
from homebody.settings import BackendSettings


async def test_an_engine_is_opened_once_for_each_folder_and_model(own_folders: Path, tmp_path: Path):
    own, chosen = (tmp_path, None), (tmp_path, BackendSettings(kind="ollama"))
    async with aclosing(Engines({"context.snippets": "false"})) as engines:
        first, other = await engines.get(own), await engines.get(chosen)

        assert await engines.get(own) is first
        assert await engines.get(chosen) is other
        assert other.engine.settings.chat.backend.kind == "ollama"

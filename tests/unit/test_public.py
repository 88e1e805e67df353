"""What ``import homebody`` offers to scripts."""

import importlib
import json
import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest

import homebody
from homebody import complete, explain, open_engine, read_source
from homebody.errors import Excluded, PositionOutOfRange, SettingsBroken
from homebody.settings import BackendSettings, ChatSettings, Settings


@pytest.fixture
def folder(own_folders: Path) -> Path:
    """A folder with a file, and the user's settings with a scripted model."""
    folder = own_folders / "work"
    folder.mkdir()
    (folder / "a.py").write_text("a = 1\n")
    script = own_folders / "script.toml"
    script.write_text('[[reply]]\ntext = "It is one."\n')
    config = own_folders / "homebody" / "config" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(f'[backend]\nkind = "scripted"\nmodel = {json.dumps(str(script))}\n')
    return folder


def test_every_public_name_is_there_and_typed():
    stub = Path(homebody.__file__).with_name("__init__.pyi").read_text("utf-8")
    typed = re.findall(r"^from (\S+) import (\w+) as \2$", stub, re.MULTILINE)
    assert {name: module for module, name in typed} == homebody._PUBLIC
    modules = {name: importlib.import_module(module) for name, module in homebody._PUBLIC.items()}
    assert all(getattr(homebody, name) is getattr(module, name) for name, module in modules.items())
    assert {*homebody._PUBLIC, "__version__"} == set(dir(homebody))


def test_nothing_is_loaded_before_its_first_use():
    code = "import sys, homebody; print([name for name in sys.modules if name.startswith('homebody.')])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"


async def test_an_offset_that_is_not_there_is_an_error_of_homebody(folder: Path):
    async with open_engine(folders=[folder]) as engine:
        for offset in (-1, 99999):
            with pytest.raises(PositionOutOfRange, match=f"a.py has offsets 0 to 6: there is no {offset}"):
                await complete(engine, read_source(folder / "a.py").document, offset)


async def test_open_engine_uses_the_users_settings(folder: Path, caplog):
    (folder / ".homebody.toml").write_text('chat.temperature = "hot"\n')
    with caplog.at_level(logging.WARNING):
        async with open_engine(folders=[folder]) as engine:
            assert engine.settings.chat.backend.kind == "scripted"
    assert "chat.temperature" in caplog.text
    own = Settings(chat=ChatSettings(backend=BackendSettings(kind="ollama")))
    async with open_engine(own) as engine:
        assert engine.settings is own


@pytest.mark.parametrize("wrong", ["[context]\nignor = ['work/']\n", "[context\n"])
async def test_wrong_settings_of_the_user_open_no_engine(folder: Path, own_folders: Path, wrong):
    config = own_folders / "homebody" / "config" / "config.toml"
    right = config.read_text()
    config.write_text(right + wrong)
    with pytest.raises(SettingsBroken, match=r"config\.toml"):
        async with open_engine(folders=[folder]):
            pass

    config.write_text(right)
    async with open_engine(folders=[folder]) as engine:
        document = read_source(folder / "a.py").document
        assert (await explain(engine, document)).markdown == "It is one."
        config.write_text(right + wrong)
        with pytest.raises(SettingsBroken, match=r"config\.toml"):
            await explain(engine, document)
        config.write_text(right + "[context]\nignore = ['a.py']\n")
        with pytest.raises(Excluded):
            await explain(engine, document)
        config.write_text(right)
        assert (await explain(engine, document)).markdown == "It is one."

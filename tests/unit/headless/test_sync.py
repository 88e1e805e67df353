"""The features for scripts that are not asynchronous."""

import json
import logging
import threading
from pathlib import Path

import pytest

from homebody import Span, apply_edits, open_engine, open_sync
from homebody.errors import BackendRefused, Excluded, FileUnreadable, PositionOutOfRange, SettingsBroken
from homebody.settings import BackendSettings, ChatSettings, Settings
from support.images import encoded

SCRIPT = """
context_length = 4096
[[reply]]
contains = "Shorten"
text = "```python\\na = 2\\n```"
[[reply]]
contains = "Explain"
text = "It is one."
[[reply]]
contains = "And now?"
text = "Later."
[[reply]]
contains = "What"
text = "A number."
"""


@pytest.fixture
def folder(own_folders: Path) -> Path:
    folder = own_folders / "work"
    folder.mkdir()
    (folder / "a.py").write_text("a = 1\n")
    (own_folders / "script.toml").write_text(SCRIPT)
    config = own_folders / "homebody" / "config" / "config.toml"
    config.parent.mkdir(parents=True)
    model = json.dumps(str(own_folders / "script.toml"))
    config.write_text(f'[backend]\nkind = "scripted"\nmodel = {model}\n')
    (folder / ".homebody.toml").write_text('chat.temperature = "hot"\n')
    return folder


def test_each_method_waits_for_its_result(folder: Path):
    with open_sync(folders=[folder]) as home:
        document = home.read(folder / "a.py")
        pieces: list[str] = []

        assert home.describe().name == "scripted"
        assert home.explain(document, on_text=pieces.append).markdown == "It is one."
        assert "".join(pieces) == "It is one."
        result = home.refactor(document, instruction="Shorten it.")
        assert apply_edits(document.text, result.edits) == "a = 2\n"
        first = home.ask("What is it?", document=document)
        second = home.ask("And now?", conversation=first.conversation)
        assert (first.markdown, second.markdown) == ("A number.", "Later.")
        assert home.update_index() is True

    assert not [thread for thread in threading.enumerate() if thread.name == "homebody"]


def test_a_picture_is_attached_to_a_question(folder: Path, own_folders: Path):
    script = own_folders / "script.toml"
    script.write_text('modalities = ["vision"]\n' + SCRIPT)
    (folder / "shot.png").write_bytes(encoded())
    with open_sync(folders=[folder]) as home:
        reply = home.ask("What is it?", attachments=[home.attach(folder / "shot.png")])

    assert [source.why for source in reply.sources] == ["picture, 80 x 60"]


def test_errors_are_those_of_the_coroutines(folder: Path):
    with open_sync(folders=[folder]) as home:
        with pytest.raises(FileUnreadable):
            home.read("none.py")
        for offset in (-1, 99999):
            with pytest.raises(PositionOutOfRange, match=f"a.py has offsets 0 to 6: there is no {offset}"):
                home.complete(home.read(folder / "a.py"), offset)
        with pytest.raises(BackendRefused):
            home.refactor(home.read(folder / "a.py"), Span(0, 5), instruction="nobody answers this")


async def test_it_works_where_a_loop_runs_already(folder: Path):
    with open_sync(folders=[folder]) as home:
        assert home.ask("What is it?").markdown == "A number."


async def test_open_engine_uses_the_users_settings(folder: Path, caplog):
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
    with pytest.raises(SettingsBroken, match=r"config\.toml"), open_sync(folders=[folder]):
        pass

    config.write_text(right)
    with open_sync(folders=[folder]) as home:
        document = home.read(folder / "a.py")
        assert home.explain(document).markdown == "It is one."
        config.write_text(right + wrong)
        with pytest.raises(SettingsBroken, match=r"config\.toml"):
            home.explain(document)
        config.write_text(right + "[context]\nignore = ['a.py']\n")
        with pytest.raises(Excluded):
            home.explain(document)
        config.write_text(right)
        assert home.explain(document).markdown == "It is one."

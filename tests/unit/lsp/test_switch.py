"""Completion on and off: settings, then toggles over them."""

from pathlib import Path

from homebody.lsp.switch import Switch
from homebody.settings import CompletionSettings, Settings
from homebody.text import Document

PYTHON = Document.create("file:///w/app.py", "python", 1, "")
MARKDOWN = Document.create("file:///w/notes.md", "markdown", 1, "")


def _switch(completion: CompletionSettings | None = None) -> Switch:
    return Switch(Settings(completion=completion or CompletionSettings()))


def test_a_toggle_turns_everything_off_and_on_again():
    switch = _switch()
    assert switch.turn(None, enabled=None) is False
    assert not switch.suggests(PYTHON, invoked=True)
    assert switch.turn(None, enabled=None) is True
    assert switch.suggests(PYTHON, invoked=False)


def test_a_language_stays_off_while_everything_is_off():
    switch = _switch(CompletionSettings(enabled=False))
    assert switch.turn("python", enabled=True) is False
    assert switch.turn(None, enabled=True) is True
    assert switch.suggests(PYTHON, invoked=False)


def test_a_folder_has_its_own_settings_and_the_same_toggles():
    switch = Switch(Settings(folder_completion={Path("/quiet"): CompletionSettings(enabled=False)}))
    quiet = Document.create("file:///quiet/app.py", "python", 1, "")
    assert not switch.suggests(quiet, invoked=False)
    assert switch.suggests(PYTHON, invoked=False)
    assert switch.turn("python", enabled=False) is False
    assert not switch.suggests(PYTHON, invoked=False)
    assert switch.settings.folder_completion[Path("/quiet")].languages["python"] is False


def test_manual_suggests_only_when_asked():
    switch = _switch(CompletionSettings(trigger="manual"))
    assert not switch.suggests(PYTHON, invoked=False)
    assert switch.suggests(PYTHON, invoked=True)


def test_the_reason_for_a_pause_names_the_language():
    switch = _switch(CompletionSettings(languages={"markdown": False}))
    assert switch.paused(None) == ""
    assert switch.paused(PYTHON) == ""
    assert switch.paused(MARKDOWN).startswith("Completion is off for markdown: your config.toml, ")
    switch.turn(None, enabled=False)
    assert switch.paused(PYTHON) == "Completion is off."

"""The answer is written after the progress of reading, and never erased."""

import sys

from homebody.backend.base import ReadProgress
from homebody.cli.answers import heard, update_index
from homebody.cli.terminal import Terminal
from homebody.engine import open_engine
from homebody.settings import BackendSettings, Settings
from homebody.workspace.index import WorkspaceIndex


def test_the_progress_is_removed_once_before_the_first_word(capsys, monkeypatch):
    """Clearing the line again would erase the written part of the answer."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr("sys.stderr", sys.stdout)
    with Terminal() as terminal:
        listeners = heard(terminal)
        listeners["on_read"](ReadProgress(50, 100, 0, 1000.0))
        for text in ("It ", "halves."):
            listeners["on_text"](text)
    start = "\r\x1b[K"
    shown = ("waiting for the model", "reading 50 of 100 tokens, 1 s left", "It halves.")
    assert capsys.readouterr().out == "".join(start + text for text in shown)


async def test_a_command_says_when_the_index_is_not_complete_yet(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOMEBODY_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("FORCE_COLOR", "1")
    (tmp_path / "a.py").write_text("def alpha(): ...\n")
    settings = Settings(backend=BackendSettings(kind="scripted"))
    async with open_engine(settings, folders=[tmp_path]) as engine:
        with monkeypatch.context() as patch:
            patch.setattr(WorkspaceIndex.updated, "__defaults__", (0.0,))
            await update_index(engine, Terminal())
        assert await engine.index.updated(60)
        await update_index(engine, Terminal())
    assert capsys.readouterr().err.count("only the files indexed so far are used.") == 1

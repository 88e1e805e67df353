"""The answer is written after the progress of reading, and never erased."""

from homebody.backend.base import ReadProgress
from homebody.cli.answers import AnswerWriter, update_index
from homebody.engine import open_engine
from homebody.settings import BackendSettings, Settings
from homebody.workspace.index import WorkspaceIndex


class _Screen:
    """A terminal that records what is shown."""

    is_watched = False

    def __init__(self) -> None:
        self.result: list[tuple[str, ...]] = []

    def progress(self, text: str) -> None:
        self.result.append(("progress", text))

    def remark(self, text: str) -> None:
        self.result.append(("remark", text))

    def write(self, text: str) -> None:
        if text:
            self.result.append(("write", text))


def test_the_progress_is_cleared_once_before_the_first_word():
    """Clearing the line again would erase the written part of the answer."""
    screen = _Screen()
    with AnswerWriter(screen) as writer:
        writer.on_read(ReadProgress(50, 100, 0, 1000.0))
        for text in ("It ", "halves."):
            writer.on_text(text)
    assert screen.result == [
        ("progress", "waiting for the model"),
        ("progress", "reading 50 of 100 tokens, 1 s left"),
        ("progress", ""),
        ("write", "It "),
        ("write", "halves."),
    ]


async def test_a_command_says_when_the_index_is_not_complete_yet(tmp_path, monkeypatch):
    monkeypatch.setenv("HOMEBODY_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "a.py").write_text("def alpha(): ...\n")
    settings = Settings(backend=BackendSettings(kind="scripted"))
    screen = _Screen()
    async with open_engine(settings, folders=[tmp_path]) as engine:
        with monkeypatch.context() as patch:
            patch.setattr(WorkspaceIndex.updated, "__defaults__", (0.0,))
            await update_index(engine, screen)
            await update_index(engine, None)
        assert await engine.index.updated(60)
        await update_index(engine, screen)
    assert screen.result == [
        ("progress", ""),
        ("remark", "The workspace is still being indexed: only the files indexed so far are used."),
    ]

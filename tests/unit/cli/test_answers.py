"""The answer is written after the progress of reading, and never erased."""

from homebody.backend.base import ReadProgress
from homebody.cli.answers import Writer


class _Screen:
    """A terminal that notes what it is told."""

    def __init__(self) -> None:
        self.result: list[tuple[str, str]] = []

    def progress(self, text: str) -> None:
        self.result.append(("progress", text))

    def write(self, text: str) -> None:
        self.result.append(("write", text))


def test_the_progress_is_cleared_once_before_the_first_word():
    """Clearing the line again would erase the written part of the answer."""
    screen = _Screen()
    writer = Writer(screen)
    writer.on_read(ReadProgress(50, 100, 0, 1000.0))
    for text in ("It ", "halves."):
        writer.on_text(text)
    assert screen.result == [
        ("progress", "reading 50 of 100 tokens, 1 s left"),
        ("progress", ""),
        ("write", "It "),
        ("write", "halves."),
    ]


def test_a_quiet_writer_shows_how_far_it_is_and_no_text():
    """For reports that are printed at the end."""
    screen = _Screen()
    writer = Writer(screen, is_quiet=True)
    writer.on_read(ReadProgress(10, 10, 10, 0.0))
    writer.on_text("It")
    assert screen.result == [("progress", "reading 10 of 10 tokens"), ("progress", "")]

"""The answer is written after the progress of reading, and never erased."""

from contextlib import suppress
from pathlib import Path

import pytest

from homebody.backend.base import ReadProgress
from homebody.cli.answers import Writer
from homebody.cli.hyperlinks import hyperlink, place_of, shows_hyperlinks
from homebody.errors import NothingAnswered


class _Screen:
    """A terminal that records what is shown."""

    def __init__(self) -> None:
        self.result: list[tuple[str, ...]] = []

    def progress(self, text: str) -> None:
        self.result.append(("progress", text))

    def write(self, text: str) -> None:
        if text:
            self.result.append(("write", text))

    def link(self, text: str, uri: str) -> None:
        self.result.append(("link", text, uri))


def test_the_progress_is_cleared_once_before_the_first_word(tmp_path):
    """Clearing the line again would erase the written part of the answer."""
    screen = _Screen()
    with Writer(screen, tmp_path) as writer:
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


def test_a_quiet_writer_shows_how_far_it_is_and_no_text(tmp_path):
    """Used for reports that are printed at the end."""
    screen = _Screen()
    with Writer(screen, tmp_path, is_quiet=True) as writer:
        writer.on_read(ReadProgress(10, 10, 10, 0.0))
        writer.on_text("It")
    assert screen.result[1:] == [("progress", "reading 10 of 10 tokens"), ("progress", "")]


def test_an_error_leaves_no_progress_on_the_screen(tmp_path):
    """Its message begins on an empty line."""
    screen = _Screen()
    with suppress(NothingAnswered), Writer(screen, tmp_path) as writer:
        writer.on_read(ReadProgress(50, 100, 0, 1.0))
        raise NothingAnswered
    assert screen.result[-1] == ("progress", "")


def test_links_to_files_of_the_workspace_are_written_as_places(tmp_path):
    """Those that lead elsewhere are text of the model."""
    (tmp_path / "app.py").touch()
    uri = (tmp_path / "app.py").as_uri()
    screen = _Screen()
    with Writer(screen, tmp_path) as writer:
        writer.on_text(f"### [Lines 1 to 9]({uri}#L1)\n\n")
        writer.on_text("[x](file:///etc/passwd)")
    assert screen.result[2:] == [
        ("write", "### "),
        ("link", "Lines 1 to 9", f"{uri}#L1"),
        ("write", "\n\n"),
        ("write", "[x](file:///etc/passwd)"),
    ]


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, False),
        ({"TERM": "xterm-256color"}, False),
        ({"TERM": "xterm-kitty"}, True),
        ({"TERM_PROGRAM": "iTerm.app"}, True),
        ({"TERM_PROGRAM": "Apple_Terminal"}, False),
        ({"VTE_VERSION": "7200"}, True),
        ({"VTE_VERSION": "4800"}, False),
        ({"WT_SESSION": "1"}, True),
        ({"TERM": "xterm-kitty", "FORCE_HYPERLINK": "0"}, False),
        ({"FORCE_HYPERLINK": "1"}, True),
    ],
)
def test_hyperlinks_are_written_where_a_terminal_is_known_to_show_them(environ, expected):
    """And where the user says so."""
    assert shows_hyperlinks(environ) is expected


def test_a_place_is_shown_as_seen_from_the_current_folder(own_folders):
    """As editors and terminals recognise it."""
    inside, outside = own_folders / "src" / "app.py", own_folders.parent / "b.py"
    assert place_of(f"{inside.as_uri()}#L12") == str(Path("src/app.py:12"))
    assert place_of(outside.as_uri()) == str(outside)


def test_a_hyperlink_has_no_control_characters_of_its_uri():
    """They could end the sequence."""
    assert hyperlink("a", "file:///a\x1b]8;;") == "a"
    assert hyperlink("a", "file://there/a.py#L3") == "\x1b]8;;file://there/a.py#L3\x1b\\a\x1b]8;;\x1b\\"

"""What the user asked, out of the blocks that clients send."""

from pathlib import Path

import pytest

from homebody.acp.params import Block, Resource
from homebody.acp.question import Question, Reference, read_blocks

CWD = Path("/w")


def text(words: str) -> Block:
    """A text block."""
    return Block("text", text=words)


def link(uri: str) -> Block:
    """A mention of a file."""
    return Block("resource_link", uri=uri, name="a.py")


@pytest.mark.parametrize(
    ("fragment", "lines"),
    [
        ("", None),
        ("#L3", (2, 2)),
        ("#L10:20", (9, 19)),
        ("#L10-L20", (9, 19)),
        ("#L9-3", (8, 8)),
        ("#L0", (0, 0)),
        ("#section", None),
        ("?symbol=area#L4:6", (3, 5)),
    ],
)
def test_lines_are_read_from_a_fragment(fragment: str, lines: tuple[int, int] | None):
    """Zed writes `#L10:20`, others `#L10-20`; they count from 1."""
    assert read_blocks([link(f"file:///w/a.py{fragment}")], CWD).references == (
        Reference("file:///w/a.py", lines),
    )


def test_a_file_within_a_sentence_keeps_its_place():
    """Before or after the sentence it is an attachment only."""
    mention = link("file:///w/a.py")
    assert read_blocks([text("Why does "), mention, text(" fail?")], CWD).text == "Why does a.py fail?"
    assert read_blocks([mention, text("/docstring area"), mention], CWD).command == ("docstring", "area")


def test_what_codecompanion_names_in_its_text_is_a_reference():
    """It sends no links."""
    found = read_blocks([text("Sharing the following file as context: b.py\n\nWhat is it?")], CWD)
    assert found == Question("What is it?", (Reference("file:///w/b.py"),))


def test_of_the_messages_that_avante_repeats_the_newest_is_the_question():
    """The earlier ones are in the conversation already."""
    repeated = "".join(
        f"<previous_user_message>\n{words}\n</previous_user_message>\n" for words in ("new", "old")
    )
    assert read_blocks([text(repeated)], CWD).text == "new"


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("/explain", ("explain", "")),
        ("\\edit  a.py:3\nuse a loop", ("edit", "a.py:3\nuse a loop")),
        ("/usr/bin/python fails", None),
        ("Is /explain a command?", None),
    ],
)
def test_a_slash_command_is_the_whole_text(words: str, command: tuple[str, str] | None):
    """codecompanion.nvim writes a backslash; a path is no command."""
    assert read_blocks([text(words)], CWD).command == command


def test_what_cannot_be_read_is_named():
    """Pictures and binary files; blocks of an unknown type are ignored."""
    binary = Block("resource", resource=Resource("file:///w/a.zip", blob="UEs="))
    found = read_blocks([text("Hm?"), binary, Block("image"), Block("hologram")], CWD)
    assert found.unread == ("a.zip is binary", "the image: Homebody sends text only")

"""Closed streams, interrupts, terminals, and what the start of the language server imports."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from homebody.backend.base import ReadProgress
from homebody.cli.answers import heard, update_index
from homebody.cli.edge import guarded
from homebody.cli.terminal import Terminal
from homebody.engine import open_engine
from homebody.settings import BackendSettings, Settings
from homebody.workspace.index import WorkspaceIndex
from support.forked import COMMAND
from support.terminal import on_a_terminal

SLOW = """
[[reply]]
text = "one two three"
piece_delay_ms = 30000
"""


def run(*arguments: str, stdout: int = subprocess.PIPE) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*COMMAND, *arguments], stdout=stdout, stderr=subprocess.PIPE, check=False, timeout=60
    )


def test_a_closed_pipe_prints_no_error():
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ended = run("config", "schema", stdout=writer)
    finally:
        os.close(writer)
    assert (ended.stderr, ended.returncode) == (b"", 141)


def test_a_full_disk_is_one_sentence():
    """Output that could not be written is a failure, reported once."""
    with Path("/dev/full").open("wb") as full:
        ended = run("config", "schema", stdout=full.fileno())
    assert (ended.stderr, ended.returncode) == (b"homebody: No space left on device.\n", 1)


def test_an_interrupt_ends_quietly(scripted: Path):
    (scripted / "script.toml").write_text(SLOW)
    with subprocess.Popen(
        [*COMMAND, "explain", "add.py"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout.read(1) == b"o"
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)

    assert (stderr, process.returncode) == (b"", 130)


def test_a_terminal_that_knows_few_characters_gets_them_escaped(own_folders: Path):
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    (own_folders / "a.py").write_text("x")
    ended = subprocess.run(
        [*COMMAND, "explain", "naïve.py"], capture_output=True, check=False, timeout=60, env=environment
    )

    assert (
        ended.returncode,
        ended.stderr,
    ) == (2, b"homebody: na\\xefve.py does not exist: check the path.\n")


def test_an_internal_error_is_one_sentence_too(capsys, monkeypatch):
    def fail() -> int:
        message = "oh"
        raise ZeroDivisionError(message)

    assert guarded(fail) == 1
    assert "Internal error (ZeroDivisionError: oh); HOMEBODY_DEBUG=1" in capsys.readouterr().err
    monkeypatch.setenv("HOMEBODY_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        guarded(fail)


def test_the_language_server_starts_without_importing_the_terminal_libraries():
    heavy = "typer rich httpx msgspec tree_sitter platformdirs homebody.settings homebody.engine asyncio"
    program = (
        "import sys\n"
        "from homebody.cli import main\n"
        "main(['lsp', '--tcp', 'nowhere'])\n"
        f"print([name for name in {heavy.split()!r} if name in sys.modules], file=sys.stderr)"
    )

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False, timeout=60)

    assert ended.stderr.splitlines()[-1] == b"[]"


def test_on_a_terminal_no_text_controls_it(scripted: Path):
    (scripted / "script.toml").write_text(
        '[[reply]]\ntext = "a\\u001b]0;owned\\u0007b\\u202ec\\u200fd\\r\\n"\n'
    )
    written = on_a_terminal([*COMMAND, "explain", "add.py"])
    assert written.decode() == "a␛]0;owned␇b\N{REPLACEMENT CHARACTER}c\N{REPLACEMENT CHARACTER}d\r\n"


def test_to_a_pipe_all_text_goes_as_it_is(scripted: Path):
    (scripted / "script.toml").write_text('[[reply]]\ntext = "a\\u001b]0;owned\\u0007b\\r\\n"\n')
    assert run("explain", "add.py").stdout == b"a\x1b]0;owned\x07b\r\n"


def test_a_place_is_a_hyperlink_on_a_terminal_and_its_uri_cannot_end_the_sequence():
    show = (
        "import sys; sys.stderr = sys.stdout; from homebody.cli.terminal import Terminal; "
        "Terminal().places([{!r}])"
    )
    for uri, sent in (("file:///a.py#L3", ";file:///a.py#L3"), ("file:///a\x1b]8;;", ";file:///a␛]8;;")):
        assert sent.encode() in on_a_terminal([sys.executable, "-c", show.format(uri)])


def test_a_code_block_is_applied_by_its_number(scripted: Path):
    old = "def add(a, b):\n    return a + b\n"
    (scripted / "add.py").write_text(old)
    block = "```python\\ndef add(a, b):\\n    return b + a\\n```"
    (scripted / "script.toml").write_text(f'[[reply]]\ntext = "So:\\n{block}"\n')
    lines = b"Turn it around\n/apply 2 add.py\n/apply 1 add.py\n/quit\n"

    written = on_a_terminal([*COMMAND, "ask"], lines, shows_errors=True)

    assert b"The last answer has no code block 2; it has 1." in written
    assert (scripted / "add.py").read_text() == old.replace("a + b", "b + a")
    run("undo")
    assert (scripted / "add.py").read_text() == old


DIFF = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+[bold]\u001b:smile:\n"
SHOW_DIFF = f"from homebody.cli.terminal import Terminal; Terminal().diff({DIFF!r})"


def test_a_diff_is_coloured_on_a_terminal():
    written = on_a_terminal([sys.executable, "-c", SHOW_DIFF], COLUMNS="20")
    assert b"\x1b[31m-a" in written
    assert "\x1b[32m+[bold]␛:smile:".encode() in written


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_may_be_kept_plain(environment):
    assert on_a_terminal([sys.executable, "-c", SHOW_DIFF], **environment).replace(b"\r\n", b"\n") == (
        DIFF.replace("\x1b", "␛").encode()
    )


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

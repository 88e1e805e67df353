"""Parsing under guard: what breaks the process twice is left out."""

import subprocess
import sys

import pytest

from homebody.workspace.indexer import GuardedExtract

_RUN = """
import sys
from pathlib import Path
from homebody.workspace.indexer import GuardedExtract

guarded = GuardedExtract(Path(sys.argv[1]), seconds=0.02)
kept = guarded("large.py", b"def large(x): return x + 1\\n" * 20_000)
guarded.close()
print(len(kept[1]))
"""


_WAIT = """
import time
from homebody.workspace import indexer
indexer.extract = lambda _path, _data: time.sleep(0.1) or ("", ())
"""


def run(note, first="") -> tuple[int, str]:
    """Parse a file that takes too long, in a process of its own: its exit code and what it printed."""
    command = [sys.executable, "-c", first + _RUN, str(note)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout


def test_what_takes_too_long_ends_the_process_and_is_left_out_the_third_time(tmp_path):
    """Native code that does not return cannot be ended in any other way."""
    note = tmp_path / "note"
    for strikes in (1, 2):
        code, printed = run(note)
        assert code != 0
        assert (printed, note.read_text()) == ("", "\0".join(strikes * ["large.py"]))
    assert run(note) == (0, "0\n")
    assert not note.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no timer of processor time")
def test_waiting_for_the_processor_does_not_count(tmp_path):
    assert run(tmp_path / "note", _WAIT) == (0, "0\n")


def test_a_file_that_broke_the_process_twice_is_left_out(tmp_path):
    note = tmp_path / "note"
    for crashed, is_read in (("a.py", True), ("a.py\0b.py\0a.py", False), ("b.py\0b.py", True), ("", True)):
        note.write_text(crashed)
        _, pieces = GuardedExtract(note)("a.py", b"def alpha(): ...")
        assert bool(pieces) == is_read

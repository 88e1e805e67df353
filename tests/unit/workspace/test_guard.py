"""Parsing under guard: what breaks the process twice is left out."""

import subprocess
import sys

from homebody.workspace.guard import GuardedExtract

_RUN = """
import sys
from pathlib import Path
from homebody.workspace.guard import GuardedExtract

guarded = GuardedExtract(Path(sys.argv[1]), seconds=0.02)
kept = guarded("large.py", b"def large(x): return x + 1\\n" * 20_000)
guarded.done()
print(len(kept[3]))
"""


def run(note) -> tuple[int, str]:
    """Parse a file that takes too long, in a process of its own: its exit code and what it printed."""
    command = [sys.executable, "-c", _RUN, str(note)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout


def test_what_takes_too_long_ends_the_process_and_is_left_out_the_third_time(tmp_path):
    """Native code that does not return cannot be ended in any other way."""
    note = tmp_path / "note"
    assert [run(note), note.read_text()] == [(1, ""), "1 large.py"]
    assert [run(note), note.read_text()] == [(1, ""), "2 large.py"]
    assert run(note) == (0, "0\n")
    assert not note.exists()


def test_what_is_tried_is_noted_until_all_is_done(tmp_path):
    """The note is deleted afterwards."""
    guarded = GuardedExtract(tmp_path / "note")
    assert guarded("a.py", b"def alpha(): ...") is not None
    assert (tmp_path / "note").read_text() == "1 a.py"
    guarded.done()
    assert not (tmp_path / "note").exists()


def test_a_file_that_broke_the_process_twice_is_left_out(tmp_path):
    """One crash may be a coincidence. An invalid note names no file."""
    note = tmp_path / "note"
    for text, kept in (("1 a.py", 1), ("2 a.py", 0), ("2 b.py", 1), ("nonsense", 1), ("", 1)):
        note.write_text(text)
        found = GuardedExtract(note)("a.py", b"def alpha(): ...")
        assert found is not None
        assert len(found[3]) == kept

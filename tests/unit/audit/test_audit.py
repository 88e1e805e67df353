"""The audit: last prompts, the optional log, notes and counts."""

import os
import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from homebody.audit import (
    Audit,
    LeftOut,
    ModelNote,
    PromptRecord,
    Source,
    erase_logged,
    read_counts,
    read_log,
    read_notes,
)
from homebody.settings import LogSettings


def a_record(**changes: object) -> PromptRecord:
    record = PromptRecord(
        feature="complete",
        uri="file:///a.py",
        model="tiny",
        backend="embedded",
        text="def f(",
        prompt_tokens=3,
        context_length=512,
        sources=(Source("file:///a.py", 0, 4, 3, "prefix"),),
        left_out=(LeftOut("file:///b.py", 0, 9, "no room"),),
        when=1_700_000_000.0,
        answer="x)",
        timings={"total": 12.5},
    )
    return replace(record, **changes)


def test_the_last_record_is_kept_by_document_and_overall(tmp_path: Path):
    kept = Audit(folder=tmp_path)
    first, second = a_record(), a_record(uri="file:///b.py")
    kept.record(first)
    kept.record(second)
    assert [second, first, None] == [kept.last(), kept.last("file:///a.py"), kept.last("file:///c.py")]


def test_nothing_is_written_unless_asked(tmp_path: Path):
    kept = Audit(folder=tmp_path)
    kept.record(a_record())
    kept.flush()
    assert list(tmp_path.iterdir()) == []


def test_the_log_has_files_and_counts_but_no_text(tmp_path: Path):
    kept = Audit(LogSettings(enabled=True), tmp_path)
    kept.record(a_record())
    kept.flush()
    assert [a_record(text="", answer="")] == list(read_log(tmp_path))
    assert b"def f(" not in (tmp_path / "log.jsonl").read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows goes by the profile's rights")
def test_only_the_user_can_read_the_log(tmp_path: Path):
    """The permissions are narrowed even if the file existed with wider ones."""
    (tmp_path / "log.jsonl").touch(0o644)
    kept = Audit(LogSettings(enabled=True), tmp_path)
    kept.record(a_record())
    kept.flush()
    assert stat.S_IMODE((tmp_path / "log.jsonl").stat().st_mode) == 0o600


def test_the_log_has_a_maximum_size(tmp_path: Path):
    kept = Audit(LogSettings(enabled=True, prompts=True), tmp_path)
    for number in range(100):
        kept.record(a_record(answer=f"{number:200000}", when=float(number)))
    kept.flush()

    size = sum(path.stat().st_size for path in tmp_path.glob("log*.jsonl"))
    answers = [int(record.answer) for record in read_log(tmp_path)]
    assert size < 9 * 1024 * 1024
    assert answers == sorted(answers)
    assert answers[-1] == 99


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipe with a name in a folder")
def test_no_key_waits_for_the_disk(tmp_path: Path):
    os.mkfifo(tmp_path / "log.jsonl")
    kept = Audit(LogSettings(enabled=True), tmp_path)
    kept.record(a_record())  # opening the pipe waits for a reader
    reader = os.open(tmp_path / "log.jsonl", os.O_RDONLY)
    kept.flush()
    assert b"file:///a.py" in os.read(reader, 100_000)
    os.close(reader)


def test_a_note_is_reported_once_per_model(tmp_path: Path):
    kept = Audit(folder=tmp_path)
    result: list[ModelNote] = []
    kept.on_note = result.append
    kept.record(a_record(notes=("the server counted 7, 9 were expected",)))
    kept.record(a_record(notes=("the server counted 8, 9 were expected",)))
    kept.record(a_record(notes=("the server counted 8, 9 were expected",), model="other"))
    kept.flush()

    assert [note.model for note in result] == ["tiny", "other"]
    assert result == list(read_notes(tmp_path))


def test_counts_add_up_over_processes(tmp_path: Path):
    """Two editors count into the same file, and nothing is counted twice."""
    for _ in range(2):
        counting = Audit(folder=tmp_path)
        for what in ("shown", "shown", "accepted", "partly_accepted"):
            counting.count(what)
        counting.save()
        counting.save()

    counts = read_counts(tmp_path)
    assert (counts["shown"], counts["accepted"], counts["partly_accepted"]) == (4, 2, 2)


def test_a_forgotten_record_is_neither_in_memory_nor_in_the_log(tmp_path: Path):
    kept = Audit(LogSettings(enabled=True, prompts=True), folder=tmp_path)
    other = Audit(LogSettings(enabled=True, prompts=True), folder=tmp_path)
    secret = a_record(
        uri="homebody:conversation/1", text="a secret question", answer="and its answer", when=2.0
    )
    kept.record(a_record())
    kept.record(secret)
    kept.flush()
    other.record(a_record(uri="file:///c.py", when=3.0))
    other.flush()
    kept.forget(lambda uri: uri == secret.uri)
    kept.flush()

    assert [a_record(), None] == [kept.last(), kept.last(secret.uri)]
    assert [record.uri for record in read_log(tmp_path)] == ["file:///a.py", "file:///c.py"]
    written = (tmp_path / "log.jsonl").read_bytes()
    assert b"secret" not in written
    assert b"answer" not in written.replace(b'"answer"', b"")


def test_the_older_log_is_erased_too_and_damaged_lines_stay(tmp_path: Path):
    assert erase_logged(lambda _: True, tmp_path) == 0
    kept = Audit(LogSettings(enabled=True), folder=tmp_path)
    kept.record(a_record())
    kept.flush()
    (tmp_path / "log.jsonl").replace(tmp_path / "log.1.jsonl")
    with (tmp_path / "log.1.jsonl").open("ab") as file:
        file.write(b"\xff{ no record\n")
    kept.record(a_record(uri="file:///b.py", when=5.0))
    kept.flush()
    assert erase_logged(lambda uri: uri == "file:///a.py", tmp_path) == 1
    assert [record.uri for record in read_log(tmp_path)] == ["file:///b.py"]
    assert b"\xff{ no record\n" in (tmp_path / "log.1.jsonl").read_bytes()

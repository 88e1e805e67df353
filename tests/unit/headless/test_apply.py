"""Every step of a change can be reverted: the journal, the command, undo."""

import asyncio
import os
import sys
from pathlib import Path

import psutil
import pytest

from homebody.errors import DocumentChanged, JournalUnusable, TreeBusy, VerifyFailed
from homebody.headless import journal as journals
from homebody.headless.apply import Applied, Applier, settle
from homebody.headless.journal import Event, Journal, Work, digest
from homebody.headless.select import read_source
from homebody.headless.tree_lock import tree_lock
from homebody.headless.undo import undo
from homebody.headless.verify import run_command
from support.until import until

PYTHON = f'"{sys.executable}"'
OLD, NEW = "a = 1\n", "a = 2\n"


@pytest.fixture
def journal(tree: Path) -> Journal:
    """The journal of a run over ``a.py``, which holds the old text."""
    (tree / "a.py").write_text(OLD)
    (tree / "a.py").chmod(0o640)
    return journals.create(tree, "homebody refactor a.py", b"{}", (Work("a.py"),))


def apply(journal: Journal, command: str = "", *, timeout: float = 60, new: str = NEW) -> Applied:
    """Apply ``new`` to ``a.py``."""
    source = read_source(journal.root / "a.py", max_bytes=1000)
    return asyncio.run(Applier(journal, command, timeout).apply(source, new))


def text(journal: Journal) -> str:
    """The text of ``a.py``."""
    return (journal.root / "a.py").read_text()


def test_without_a_command_a_change_stays(journal):
    """It is recorded as kept."""
    assert apply(journal) == Applied(kept=True)

    state = journal.state().files["a.py"]
    assert (text(journal), state.kept, state.open) == (NEW, True, False)


def test_a_command_that_succeeds_keeps_the_change(journal):
    """It sees the changed file under its own name."""
    applied = apply(
        journal, f"{PYTHON} -c \"import sys; assert open(sys.argv[1]).read() == 'a = 2\\n'\" {{file}}"
    )

    assert (applied.kept, applied.reason, text(journal)) == (True, None, NEW)


def test_the_old_text_is_restored_if_the_command_fails(journal):
    """The mode too; the reason has the exit code, the verdict the output."""
    applied = apply(journal, f"{PYTHON} -c \"print('no good'); raise SystemExit(3)\"")

    assert not applied.kept
    assert "exit code 3" in (applied.reason or "")
    assert applied.verdict is not None
    assert applied.verdict.output.strip() == "no good"
    assert (text(journal), (journal.root / "a.py").stat().st_mode & 0o777) == (OLD, 0o640)
    assert not journal.state().files["a.py"].open


def test_a_command_that_hangs_is_ended_with_its_child_processes(journal):
    """The old text is restored after the time limit."""
    wait = "import time; time.sleep(99)"
    start = f"subprocess.Popen([sys.executable, '-c', '{wait}', '{journal.root}'])"
    child = f"import subprocess, sys; {start}; {wait}"
    applied = apply(journal, f'{PYTHON} -c "{child}"', timeout=1.0)

    assert "it did not end within 1 s" in (applied.reason or "")
    assert text(journal) == OLD
    # A killed process is there until somebody has asked how it ended.
    left = [
        one
        for one in psutil.process_iter(["cmdline", "status"])
        if str(journal.root) in (one.info["cmdline"] or []) and one.info["status"] != psutil.STATUS_ZOMBIE
    ]
    assert left == []


def test_a_command_that_is_not_there_ends_the_run(journal):
    """Every other file would fail the same way."""
    with pytest.raises(VerifyFailed, match="cannot be started"):
        apply(journal, "homebody-no-such-program {file}")

    assert text(journal) == OLD


def test_a_command_that_fails_beforehand_ends_the_run(journal):
    """Except for a command that checks only the changed file."""
    with pytest.raises(VerifyFailed, match="before anything is changed"):
        asyncio.run(Applier(journal, "exit 1").check_command())
    asyncio.run(Applier(journal, "exit 1 {file}").check_command())


def test_text_that_the_command_writes_stays_if_it_succeeds(journal):
    """As with a formatter; undo expects the text that the command wrote."""
    assert apply(journal, "echo b >> {file}").kept

    assert text(journal) == f"{NEW}b\n"
    assert undo(journal).restored == ("a.py",)
    assert text(journal) == OLD


def test_text_that_the_command_writes_is_reverted_if_it_fails(journal):
    """The journal keeps the text that the command wrote."""
    apply(journal, "echo b >> {file}; exit 1")

    assert text(journal) == OLD
    assert journal.text(digest(f"{NEW}b\n".encode())) == f"{NEW}b\n".encode()


def test_a_file_that_the_command_deletes_is_restored(journal):
    """The file has its old mode too."""
    apply(journal, "rm {file}; exit 1")

    assert (text(journal), (journal.root / "a.py").stat().st_mode & 0o777) == (OLD, 0o640)


def test_the_old_text_is_restored_if_verification_is_cancelled(journal):
    """Ctrl-C cancels the run this way."""
    started = journal.root / "started"

    async def cancelled() -> None:
        source = read_source(journal.root / "a.py", max_bytes=1000)
        task = asyncio.create_task(Applier(journal, f"touch {started}; sleep 99").apply(source, NEW))
        await until(started.exists)
        assert text(journal) == NEW
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())

    assert text(journal) == OLD


def test_a_file_that_changed_meanwhile_is_left_alone(journal):
    """What others wrote is not overwritten."""
    source = read_source(journal.root / "a.py", max_bytes=1000)
    (journal.root / "a.py").write_text("mine\n")

    with pytest.raises(DocumentChanged):
        asyncio.run(Applier(journal).apply(source, NEW))

    assert text(journal) == "mine\n"


@pytest.mark.parametrize(
    ("found", "is_verified", "expected", "kept"),
    [
        (OLD, True, OLD, False),
        (NEW, True, OLD, False),
        (NEW, False, NEW, True),
        ("mine\n", True, "mine\n", False),
    ],
    ids=["not written", "not verified", "nothing to verify", "edited since"],
)
def test_the_changes_of_a_killed_run_are_verified_or_reverted(journal, found, is_verified, expected, kept):
    """An unverified change is reverted, later edits stay, and the temporary file is removed."""
    old = journal.keep_text(OLD.encode())
    begin = Event("begin", "a.py", old=old, new=digest(NEW.encode()), mode=0o640, temporary=".a.py.x.new")
    journal.record(begin)
    (journal.root / "a.py").write_text(found)
    (journal.root / ".a.py.x.new").write_text("half")

    settle(journal, journal.state(), is_verified=is_verified)

    state = journal.state().files["a.py"]
    assert (text(journal), state.open, state.kept) == (expected, False, kept)
    assert not (journal.root / ".a.py.x.new").exists()


def test_undo_restores_files_that_were_not_changed_since(journal):
    """The other files are named."""
    (journal.root / "b.py").write_text(OLD)
    apply(journal)
    source = read_source(journal.root / "b.py", max_bytes=1000)
    asyncio.run(Applier(journal).apply(source, NEW))
    (journal.root / "b.py").write_text("mine\n")

    done = undo(journal)

    assert done.restored == ("a.py",)
    assert len(done.left) == 1
    assert done.left[0].startswith("b.py was changed since")
    assert (text(journal), (journal.root / "b.py").read_text()) == (OLD, "mine\n")
    assert undo(journal).restored == ()


def test_a_second_attempt_is_undone_to_the_first_text(journal):
    """Undo does not bring back the text of the failed first attempt."""
    apply(journal, "exit 1 {file}")
    apply(journal, new="a = 3\n")

    undo(journal)

    assert text(journal) == OLD


def test_a_torn_last_line_of_the_journal_is_no_event(journal):
    """Such a line is left by a power failure during writing."""
    apply(journal)
    with (journal.folder / "events.jsonl").open("ab") as file:
        file.write(b'{"kind":"restored","pa')

    assert journal.state().files["a.py"].kept


def test_a_damaged_old_text_is_not_put_back(journal):
    """One sentence reports it."""
    apply(journal)
    (journal.folder / "texts" / digest(OLD.encode())).write_bytes(b"other")

    done = undo(journal)

    assert (text(journal), done.restored) == (NEW, ())
    assert "damaged" in done.left[0]


def test_old_texts_are_for_the_user_alone(journal):
    """They are copies of the user's files."""
    apply(journal)

    assert (journal.folder / "run.json").stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in (journal.folder / "texts").iterdir())


def test_only_the_newest_runs_are_kept(tree: Path):
    """The newest twenty for each tree are kept."""
    made = [journals.create(tree, str(number), b"{}", ()) for number in range(journals.KEPT_RUNS + 3)]

    kept = journals.list_runs(tree)

    assert len(kept) == journals.KEPT_RUNS
    assert {one.header.run for one in kept} <= {one.header.run for one in made}


def test_a_state_folder_that_cannot_be_written_is_named(tree: Path, monkeypatch):
    """The error comes before any file is changed."""
    (tree / "file").touch()
    monkeypatch.setenv("HOMEBODY_STATE_DIR", str(tree / "file"))

    with pytest.raises(JournalUnusable, match="no file is changed"):
        journals.create(tree, "", b"{}", ())
    with pytest.raises(JournalUnusable), tree_lock(tree, ""):
        pass


def test_one_run_at_a_time_changes_a_tree(tree: Path):
    """The other one is named; the lock is free again afterwards, by whatever way the tree is named."""
    link = tree.parent / "link"
    link.symlink_to(tree)
    with (
        tree_lock(tree, "homebody refactor src --write"),
        pytest.raises(TreeBusy, match=rf"`homebody refactor src --write` \(process {os.getpid()}, since"),
        tree_lock(link, ""),
    ):
        pass
    with tree_lock(tree, ""):
        pass


def test_a_name_with_quotes_is_one_word_of_the_command(tree: Path):
    """Characters in a path are never interpreted by the shell."""
    path = tree / "a'; touch pwned; '$(touch pwned).py"
    path.write_text("x")

    verdict = asyncio.run(run_command("cat {file}", tree, path, 30))

    assert (verdict.passed, verdict.output) == (True, "x")
    assert not (tree / "pwned").exists()


def test_only_the_end_of_much_output_is_kept(tree: Path):
    """A command that prints endlessly needs only bounded memory."""
    verdict = asyncio.run(run_command(f"{PYTHON} -c \"print('x' * 10**7, 'end')\"", tree, None, 60))

    assert len(verdict.output) <= 64 * 1024
    assert verdict.output.endswith("end\n")

"""Every step of a change can be reverted: the journal, the command, undo."""

import asyncio
import sys
from pathlib import Path

import psutil
import pytest

from homebody.errors import DocumentChanged, TreeBusy
from homebody.headless import journal as journals
from homebody.headless.apply import Applied, Applier, run_command
from homebody.headless.journal import Journal, Record, RecordedChange, Work, settle, tree_lock
from homebody.headless.select import read_source
from homebody.headless.write import digest

PYTHON = f'"{sys.executable}"'
OLD, NEW = "a = 1\n", "a = 2\n"


@pytest.fixture
def journal(tree: Path) -> Journal:
    (tree / "a.py").write_text(OLD)
    (tree / "a.py").chmod(0o640)
    return journals.create(tree, "homebody refactor a.py", b"{}", (Work("a.py"),))


def apply(journal: Journal, command: str = "", *, timeout: float = 60, new: str = NEW) -> Applied:
    source = read_source(journal.root / "a.py", max_bytes=1000)
    return asyncio.run(Applier(journal, command, timeout).apply(source, new))


def states(journal: Journal) -> list[tuple[str, bool]]:
    return [(change.record.path, change.is_kept) for change in journal.changes()[0]]


def text(journal: Journal) -> str:
    return (journal.root / "a.py").read_text()


def test_a_command_that_hangs_is_ended_with_its_child_processes(journal):
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


def test_content_that_a_failing_command_writes_stays(journal):
    """It may be an edit that the user saved meanwhile."""
    with pytest.raises(DocumentChanged, match=r"failed \(exit code 1\). a.py was changed since"):
        apply(journal, "echo b >> {file}; exit 1")
    assert (text(journal), states(journal)) == (f"{NEW}b\n", [("a.py", True)])


@pytest.mark.parametrize(
    ("found", "is_verified", "expected", "kept"),
    [
        (OLD, True, OLD, False),
        (NEW, True, OLD, False),
        (NEW, False, NEW, True),
        ("mine\n", True, "mine\n", True),
    ],
    ids=["not written", "not verified", "nothing to verify", "edited since"],
)
def test_the_changes_of_a_killed_run_are_verified_or_reverted(journal, found, is_verified, expected, kept):
    begin(journal, is_verified=is_verified)
    (journal.root / "a.py").write_text(found)
    (journal.root / ".a.py.x.new").write_text("half")
    settle(journal)
    assert (text(journal), states(journal)) == (expected, [("a.py", True)] * kept)
    assert not (journal.root / ".a.py.x.new").exists()
    assert settle(journal) == []


def begin(journal: Journal, *, is_verified: bool) -> RecordedChange:
    old, new = digest(OLD.encode()), digest(NEW.encode())
    record = Record("a.py", old, new, 0o640, ".a.py.x.new")
    return journal.begin(record, OLD.encode(), is_kept=not is_verified)


def test_old_texts_are_for_the_user_alone(journal):
    apply(journal)
    assert {path.name for path in journal.folder.iterdir()} == {"run.json", "1.old", "1.kept"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in (journal.folder, *journal.folder.iterdir()))


def test_only_the_newest_runs_are_kept(tree: Path):
    made = [journals.create(tree, "", b"{}", ()).run for _ in range(journals.KEPT_RUNS + 3)]
    assert [run.run for run in journals.list_runs(tree)] == made[:2:-1]


def test_one_run_at_a_time_changes_a_tree(tree: Path):
    link = tree.parent / "link"
    link.symlink_to(tree)
    with tree_lock(tree), pytest.raises(TreeBusy), tree_lock(link):
        pass
    with tree_lock(tree):
        pass


def test_a_name_with_quotes_is_one_word_of_the_command(tree: Path):
    path = tree / "a'; touch pwned; '$(touch pwned).py"
    path.write_text("x")
    verdict = asyncio.run(run_command("cat {file}", tree, path, 30))
    assert (verdict.passed, verdict.output) == (True, "x")
    assert not (tree / "pwned").exists()

"""Kills `homebody refactor --write --verify` at random moments, and checks the files.

A moment is a random number of events in the run's journal and up to a tenth of a second after it, so that
it does not depend on how busy the machine is. After each kill every file has to be complete: the old text or
the new one. Then `--resume` has to finish the run. Prints a table, and fails if either is violated.

    python benchmarks/kills.py [TIMES] [SEED]
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

HOMEBODY = str(Path(sys.executable).with_name("homebody"))
FILES = 12
EVENTS = 3 * FILES  # begin, kept, done
OLD = "def add(a, b):\n    c = a + b\n    return c\n"
NEW = "def add(a, b):\n    return a + b\n"
SCRIPT = f'context_length = 4096\n[[reply]]\ndelay_ms = 40\ntext = """```python\n{NEW}```"""\n'
# Half of the time is spent in the command, so that kills happen during it too.
CHECK = "sleep 0.05; grep -q 'return a + b' {file}"
RUN = (".", "--instruction", "x", "--write", "--verify", CHECK)


def main() -> None:
    """Kill, check, resume, and count."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    chance = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    print(f"runs of {FILES} files, killed {times} times at random moments\n\n{'files new':>10}{'kills':>7}")
    found: Counter[int] = Counter()
    for _ in range(times):
        found[killed(chance.randrange(EVENTS), chance.uniform(0, 0.1))] += 1
    for new, count in sorted(found.items()):
        print(f"{new:>10}{count:>7}")
    print("\nevery file was complete after each kill, and --resume finished each run")


def killed(events: int, delay: float) -> int:
    """Kill one run, check the files, resume it; return how many files were new when it was killed."""
    with tempfile.TemporaryDirectory() as name:
        tree = prepared(Path(name))
        with start(tree, RUN) as process:
            while events_of(tree) < events and process.poll() is None:
                time.sleep(0.002)
            time.sleep(delay)
            process.kill()
            process.communicate()
        texts = [path.read_text() for path in files_of(tree)]
        assert {*texts} <= {OLD, NEW}, f"a file is neither old nor new after {events} events"
        with start(tree, ("--resume",)) as process:
            _, err = process.communicate()
        begun = any((tree.parent / "state").glob("runs/*/*/run.json"))
        final = [path.read_text() for path in files_of(tree)]
        assert process.returncode == 0 or "no unfinished run" in err, err
        assert final == [NEW] * FILES or not begun, f"not finished after {events} events: {err}"
        assert len(list(tree.iterdir())) == FILES, sorted(tree.iterdir())
        return texts.count(NEW)


def start(tree: Path, arguments: Sequence[str]) -> subprocess.Popen[str]:
    """Start the command."""
    environ = {
        **os.environ,
        "HOMEBODY_BACKEND_KIND": "scripted",
        "HOMEBODY_BACKEND_MODEL": str(tree.parent / "script.toml"),
        "HOMEBODY_CONTEXT_SNIPPETS": "false",
        "HOMEBODY_STATE_DIR": str(tree.parent / "state"),
    }
    command = [HOMEBODY, "refactor", *arguments]
    return subprocess.Popen(command, cwd=tree, env=environ, stderr=subprocess.PIPE, text=True)


def prepared(folder: Path) -> Path:
    """Write the files and the script; return the tree."""
    tree = folder / "tree"
    tree.mkdir()
    (folder / "script.toml").write_text(SCRIPT)
    for number in range(FILES):
        (tree / f"m{number:02}.py").write_text(OLD)
    return tree


def files_of(tree: Path) -> list[Path]:
    """Return the files in order."""
    return sorted(tree.glob("m*.py"))


def events_of(tree: Path) -> int:
    """Count the events of the run."""
    found = (tree.parent / "state").glob("runs/*/*/events.jsonl")
    return sum(path.read_bytes().count(b"\n") for path in found)


if __name__ == "__main__":
    main()

"""Kill `homebody refactor --write --verify` at random moments, and see what is left.

After each kill every file has to be whole: the old text or the new one. Then `--resume` has to finish the
run. Prints a table and fails where either does not hold.

    python benchmarks/kills.py [TIMES] [SEED]
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

HOMEBODY = str(Path(sys.executable).with_name("homebody"))
FILES = 12
OLD = "def add(a, b):\n    c = a + b\n    return c\n"
NEW = "def add(a, b):\n    return a + b\n"
SCRIPT = f'context_length = 4096\n[[reply]]\ndelay_ms = 40\ntext = """```python\n{NEW}```"""\n'
# Half of the time goes into the command, so that kills fall into it too.
CHECK = "sleep 0.05; grep -q 'return a + b' {file}"
RUN = (".", "--instruction", "x", "--write", "--verify", CHECK)


def main() -> None:
    """Kill, look, resume, and count."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    chance = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    whole = run_once(None)
    print(f"a run of {FILES} files takes {whole:.1f} s; killed {times} times at random moments of it\n")
    found: Counter[str] = Counter()
    for _ in range(times):
        found[killed(chance.uniform(0, whole))] += 1
    for what, count in sorted(found.items()):
        print(f"{count:>4}  {what}")


def run_once(kill_after: float | None, folder: Path | None = None, *arguments: str) -> float:
    """Run the command, killed after so many seconds; return how long it took."""
    if folder is None:
        with tempfile.TemporaryDirectory() as name:
            return run_once(kill_after, prepared(Path(name)))
    command = [HOMEBODY, "refactor", *(arguments or RUN)]
    environ = {
        **os.environ,
        "HOMEBODY_BACKEND_KIND": "scripted",
        "HOMEBODY_BACKEND_MODEL": str(folder.parent / "script.toml"),
        "HOMEBODY_CONTEXT_SNIPPETS": "false",
        "HOMEBODY_STATE_DIR": str(folder.parent / "state"),
    }
    began = time.monotonic()
    with subprocess.Popen(command, cwd=folder, env=environ, stderr=subprocess.PIPE, text=True) as process:
        try:
            _, err = process.communicate(timeout=kill_after)
        except subprocess.TimeoutExpired:
            process.kill()
            _, err = process.communicate()
    if kill_after is None and process.returncode and "no unfinished run" not in err:
        sys.exit(f"the run failed: {err}")
    return time.monotonic() - began


def prepared(folder: Path) -> Path:
    """Write the files and the script; return the tree."""
    tree = folder / "tree"
    tree.mkdir()
    (folder / "script.toml").write_text(SCRIPT)
    for number in range(FILES):
        (tree / f"m{number:02}.py").write_text(OLD)
    return tree


def killed(after: float) -> str:
    """Kill one run, check the files, resume it; say how many files were new when it was killed."""
    with tempfile.TemporaryDirectory() as name:
        tree = prepared(Path(name))
        run_once(after, tree)
        texts = [(tree / f"m{number:02}.py").read_text() for number in range(FILES)]
        torn = [n for n, text in enumerate(texts) if text not in {NEW, OLD}]
        assert not torn, f"files {torn} are neither old nor new after a kill at {after:.2f} s"
        begun = any((Path(name) / "state").glob("runs/*/*/run.json"))
        run_once(None, tree, "--resume")
        left = sorted(path.name for path in tree.iterdir())
        assert left == [f"m{number:02}.py" for number in range(FILES)], f"left behind: {left}"
        final = [path.read_text() for path in sorted(tree.iterdir())]
        if begun:
            assert final == [NEW] * FILES, f"not finished after a kill at {after:.2f} s"
        done = sum(text == NEW for text in texts)
        return f"{done:>2} of {FILES} files new, all whole; " + (
            "finished by --resume" if begun else "not begun"
        )


if __name__ == "__main__":
    main()

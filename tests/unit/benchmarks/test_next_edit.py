"""The replay of commits runs, and counts what it suggests."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "next_edit.py"


def test_a_commit_with_the_same_change_three_times_is_suggested_once_in_each_order(tmp_path):
    lines = [f'first_{number} = read(paths[{number}], encoding="latin-1")' for number in range(3)]
    hunks = [
        {"line": 2 * number, "old": [line], "new": [line.replace("latin-1", "utf-8")]}
        for number, line in enumerate(lines)
    ]
    file = {"path": "a.py", "before": "\n\n".join(lines), "hunks": hunks}
    corpus = tmp_path / "corpus.jsonl.gz"
    corpus.write_bytes(
        gzip.compress(json.dumps({"repository": "a", "commit": "b", "files": [file]}).encode())
    )
    ran = subprocess.run(
        [sys.executable, SCRIPT, corpus], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    rows = [[cell.strip() for cell in row.split("|")] for row in ran.stdout.splitlines()]
    shown = {row[1]: row[2:5] for row in rows if len(row) > 9}
    assert shown["all orders"] == ["9", "33.33", "100.0 %"], ran.stdout

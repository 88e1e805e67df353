r"""Diffs apply, and JSON counts from 1."""

import json
import subprocess
from pathlib import Path

import pytest

from homebody.audit import LeftOut, PromptRecord, Source
from homebody.headless.diff import unified_diff
from homebody.headless.report import to_json, to_prompt

CASES = {
    "a line": ("a\nb\nc\n", "a\nB\nc\n"),
    "no newline before": ("a\nb", "a\nb\n"),
    "no newline after": ("a\nb\n", "a\nb"),
    "no newline at both ends": ("a\nb", "a\nc"),
    "no newline, untouched end": ("x\n" * 3 + "end", "y\n" + "x\n" * 2 + "end"),
    "from nothing": ("", "a\n"),
    "to nothing": ("a\n", ""),
    "windows": ("a\r\nb\r\n", "a\r\nc\r\n"),
    "mixed": ("a\r\nb\nc\rd\n", "a\nb\r\nc\rd!\n"),
    "form feed and separators": ("a\fb\u2028c\x85d\n", "a\fb\u2028c\x85e\n"),
    "mark": ("\ufeffa\n", "\ufeffb\n"),
    "far apart": (
        "\n".join(map(str, range(60))),
        "\n".join("x" if n in {2, 50} else str(n) for n in range(60)),
    ),
    "too long to compare": (
        "".join(f"{n}\n" for n in range(15_000)) + "end",
        "".join(f"{n}\n" for n in range(15_000, 30_000)) + "end",
    ),
    "lines like marks": ("--- a\n+++ b\n@@ -1 +1 @@\n", "--- a\n+++ c\n\\ no\n"),
}


@pytest.mark.parametrize(
    "name", ["a.py", "with space.py", 'quo"te\\.py', "tab\there.py", "üñï.py", "sub/deep.py"]
)
@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES)
def test_git_applies_the_diff(tmp_path: Path, monkeypatch, name, before, after):
    if name != "a.py" and (before, after) != CASES["a line"]:
        return  # names and contents do not depend on each other
    monkeypatch.chdir(tmp_path)
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(before, newline="")

    diff = unified_diff(path, before, after)
    done = subprocess.run(["git", "apply", "-"], input=diff.encode(), capture_output=True, check=False)

    assert (done.stderr, done.returncode) == (b"", 0)
    assert path.read_bytes().decode() == after if after else not path.exists() or not path.read_bytes()


def test_sources_are_reported_in_lines_counted_from_one():
    record = PromptRecord(
        feature="complete",
        uri="file:///a.py",
        model="m",
        backend="scripted",
        text="text",
        prompt_tokens=2,
        context_length=10,
        sources=(Source("file:///a.py", 0, 4, 2, "prefix"),),
        left_out=(LeftOut("file:///b.py", 9, 9, "no room"),),
        when=0.0,
    )

    result = json.loads(to_json(to_prompt(record)))

    assert result["sources"] == [
        {"uri": "file:///a.py", "firstLine": 1, "lastLine": 5, "why": "prefix", "tokens": 2}
    ]
    assert result["leftOut"] == [{"uri": "file:///b.py", "firstLine": 10, "lastLine": 10, "why": "no room"}]
    assert (result["promptTokens"], result["contextLength"], result["text"]) == (2, 10, "text")

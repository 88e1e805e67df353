"""The examples of docs/scripting.md and docs/client.md work as printed."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.git import staged
from support.needs import needs

DOCS = Path(__file__).parents[2] / "docs"
HOMEBODY = str(Path(sys.executable).with_name("homebody"))
CODE = "def add(a, b):\n    c = a + b\n    return c\n"
SCRIPT = """
[[reply]]
contains = "Shorten"
text = "```python\\ndef add(a, b):\\n    return a + b\\n```"

[[reply]]
contains = "Is that tested?"
text = "No, it is not."

[[reply]]
contains = "def area"
text = "width * height"
probability = 0.95

[[reply]]
text = "It adds two numbers."
"""


def python_of(page: str) -> str:
    [code] = re.findall(r"^```python\n(.*?)^```", (DOCS / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return code


@pytest.fixture
def folder(own_folders: Path) -> Path:
    """A folder with the page's example file, and user settings with a scripted model."""
    folder = own_folders / "work"
    folder.mkdir()
    (folder / "app.py").write_text(CODE)
    script = own_folders / "script.toml"
    script.write_text(SCRIPT)
    config = own_folders / "homebody" / "config"
    config.mkdir(parents=True)
    (config / "config.toml").write_text(f'[backend]\nkind = "scripted"\nmodel = {json.dumps(str(script))}\n')
    return folder


def run_python(code: str, folder: Path) -> str:
    command = [sys.executable, "-P", "-W", "error", "-c", code]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.stderr, done.returncode) == ("", 0)
    return done.stdout


def test_the_python_example_runs(folder: Path):
    assert "No, it is not." in run_python(python_of("scripting.md"), folder)


def test_the_client_in_python_runs(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    printed = run_python(python_of("client.md"), folder)
    expected = ("suggestion: width * height", "ready", '"""width * height"""')
    assert [text for text in expected if text not in printed] == []


def test_every_jq_example_runs(folder: Path):
    jq = needs("jq")
    command = [HOMEBODY, "refactor", "app.py", "--instruction", "Shorten it.", "--json"]
    report = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    page = (DOCS / "scripting.md").read_text("utf-8")
    programs = re.findall(r"jq (-\w+ )?'(.*?)'", page, re.DOTALL)

    result = [
        subprocess.run(
            [jq, *flags.split(), program], input=report, capture_output=True, text=True, check=True
        ).stdout
        for flags, program in programs
    ]

    assert result[0].strip() == "app.py: 1 hunks, 28 tokens"
    assert result[1] == "::warning file=app.py,line=2,endLine=3::    return a + b%0A\n"
    assert result[2] == ""
    assert json.loads(result[3])["files"] == 1
    assert result[4].startswith("--- a/app.py\n")


def test_the_hook_works_in_the_real_pre_commit(folder: Path):
    pre_commit = Path(sys.executable).with_name("pre-commit")
    if not pre_commit.exists():
        needs("pre-commit")
    manifest = Path(__file__).parents[2] / ".pre-commit-hooks.yaml"
    subprocess.run([pre_commit, "validate-manifest", manifest], check=True)
    entries = dict(
        re.findall(r"- id: (\S+).*?entry: homebody (.*?)\n", manifest.read_text("utf-8"), re.DOTALL)
    )
    # The unchanged definition, but with this installation instead of one that pre-commit would make.
    hooks = "".join(
        f"      - id: {name}\n        name: {name}\n        language: system\n        types: [python]\n"
        f"        require_serial: true\n        entry: {HOMEBODY} {entry}\n"
        f"        args: [--instruction, Shorten it.]\n"
        for name, entry in entries.items()
    )
    (folder / ".pre-commit-config.yaml").write_text(f"repos:\n  - repo: local\n    hooks:\n{hooks}")
    environ = {**os.environ, "PRE_COMMIT_HOME": str(folder.parent / "pre-commit")}
    staged(folder)

    def hook(name: str) -> subprocess.CompletedProcess[str]:
        command = [str(pre_commit), "run", name, "--color", "never"]
        return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)

    checked, rewritten = hook("homebody-check"), hook("homebody-refactor")

    assert checked.returncode == 1
    assert "would change app.py" in checked.stdout
    assert rewritten.returncode == 1
    assert "files were modified by this hook" in rewritten.stdout
    assert (folder / "app.py").read_text() == "def add(a, b):\n    return a + b\n"

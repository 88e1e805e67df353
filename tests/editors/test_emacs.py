"""A real Emacs in batch mode: the configuration of the page, homebody.el, and a scripted model."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.folders import own_folders
from support.images import encoded
from support.needs import needs
from support.terminal import terminal

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "clients" / "emacs"
PAGE = ROOT / "docs" / "editors" / "emacs.md"
ADD = "def add(a, c):\n    return a + c\n"
DOCUMENTED = 'def add(a, c):\n    """Add.\n\n    ```\n    add(1, 2)\n    ```\n    """\n    return a + c\n'
DIGITS = "def digits():\n    a = 10\n    b = '日本'\n" + 7 * "    c += 1\n" + "    h = 80\n"
CALLS = "\n".join(
    [
        "def load(path):",
        "    first = read_file(path, encoding='latin-1')",
        "    second = read_file(path, encoding='latin-1')",
        *["    # nothing"] * 6,
        "    third = read_file(path, encoding='latin-1')",
        "    return first",
        "",
    ]
)
TESTS = "from app import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n"
REPLIES = [
    {"contains": "Write tests for", "text": f"```python\n{TESTS}```"},
    {"contains": "commit message", "text": "Add numbers"},
    {
        "regex": r"(?s)\A(?=.*What is attached\?)(?=.*third = read_file)(?=.*it is odd)",
        "text": "A file and a problem.",
    },
    {
        "regex": r"(?s)\A(?=.*From nowhere)(?=.*second = read_file)(?!.*third =)(?!.*def add)",
        "text": "Lines of it.",
    },
    {"contains": "[shot.png: picture, 80 x 60]", "text": "It is red."},
    {"contains": "broken", "text": "x", "fault": "refused"},
    {"regex": "(?s)Shorter\\?.*Still there\\?", "text": "It goes on."},
    {"contains": "Shorter?", "text": f"So:\n\n```python\n{DOCUMENTED}```"},
    {"contains": "How slow?", "text": "Very slow. " * 500, "gate_file": "never", "gate_after": 6, "times": 1},
    {"contains": "And then?", "text": "Then it ends."},
    {"contains": "Why?", "text": "Because of `add()`."},
    {"contains": "keep it short", "text": f"```python\n{ADD.replace('+', '-')}```"},
    {"contains": "ten times", "text": f"```python\n{DIGITS}```"},
    {"contains": "rename b to c", "text": f"```python\n{ADD}```"},
    {"contains": "drop the call", "text": "```python\ndef add(a, b):\n    return a + b\n```"},
    {"contains": "take your time", "text": f"```python\n{ADD}```", "gate_file": "never", "gate_after": 6},
    {"contains": "leave it open", "text": "```python\ndef add(a, b):\n    return (a + b\n```"},
    {"contains": "one short sentence", "text": "Add two numbers."},
    {"regex": "(?s)size_0.*total =", "text": "42", "probability": 0.99},
    {"contains": "total =", "text": "42", "probability": 0.1},
    {"contains": "xplain", "text": "It adds two numbers."},
    {"text": "return a + b", "probability": 0.99},
]


@pytest.fixture
def emacs():
    """Emacs without a user's configuration."""
    return [needs("emacs", "emacs-nox"), "--batch", "-Q", "-L", str(CLIENT)]


@pytest.fixture
def environ(tmp_path):
    """Environment with a scripted model; `workspace` and `init.el` are beside its folders."""
    script, config, workspace = tmp_path / "script.json", tmp_path / "config", tmp_path / "workspace"
    script.write_text(json.dumps({"name": "scripted", "sees": True, "reply": REPLIES}))
    config.mkdir()
    (config / "config.toml").write_text(f"[backend]\nkind = 'scripted'\nmodel = '{script}'\n")
    workspace.mkdir()
    (workspace / "app.py").write_text("def add(a, b):\n    ")
    (workspace / "shot.png").write_bytes(encoded())
    (workspace / "calls.py").write_text(CALLS)
    (workspace / "sizes.py").write_text("".join(f"size_{n} = {n} * width\n" for n in range(40)))
    (tmp_path / "init.el").write_text(configuration())
    return own_folders(tmp_path) | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


@pytest.mark.parametrize("claims", ["claims", "next-edit"])
def test_the_claims_hold_with_the_configuration_of_the_page(emacs, environ, tmp_path, claims):
    """Ghost text, answers and changes; next edits. A claim that fails is named."""
    folder = Path(__file__).parent / "emacs"
    scripts = [tmp_path / "init.el", folder / "helpers.el", folder / f"{claims}.el"]
    ended = subprocess.run(
        [*emacs, *(word for script in scripts for word in ("-l", str(script)))],
        cwd=tmp_path / "workspace",
        env=os.environ | environ,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert (ended.returncode, ended.stderr.splitlines()[-1:]) == (0, ["all claims hold"]), ended.stderr


async def test_a_killed_server_is_restarted_while_files_change(emacs, environ, tmp_path):
    """In a terminal: in batch, Emacs calls no sentinel while an event waits for its command loop."""
    (program, _, *options) = emacs
    watch = "(progn (require 'filenotify) (file-notify-add-watch default-directory '(change) #'ignore))"
    command = [program, "-nw", *options, "-l", str(tmp_path / "init.el"), "app.py", "--eval", watch]
    with terminal(command, tmp_path / "workspace", environ | {"TERM": "xterm-256color"}) as editor:
        await editor.shows("def add")
        editor.press("M->", "ret")
        await editor.shows("return a + b")
        editor.press("BSpace", "BSpace", "BSpace")
        await editor.has(lambda screen: "return" not in screen)
        (tmp_path / "workspace" / "new.py").touch()
        editor.kill_server()
        await editor.shows("the server ended unexpectedly and is restarted")
        editor.press("ret")
        await editor.shows("return a + b")


def test_an_emacs_that_is_too_old_is_named(emacs):
    """The first line of the configuration ends with one sentence, not with an unknown function later."""
    script = "(progn (setq emacs-major-version 29) (require 'homebody))"
    ended = subprocess.run([*emacs, "--eval", script], capture_output=True, text=True, check=False)
    assert ended.returncode != 0
    assert "Homebody needs Emacs 30 or newer; this is Emacs " in ended.stderr


def test_the_client_compiles_without_a_warning(tmp_path):
    """The byte compiler finds unknown names and wrong arguments."""
    rooms = ("server", "changes", "answers", "next-edit", "pages")
    names = (*(f"homebody-{room}.el" for room in rooms), "homebody.el")
    for name in names:
        (tmp_path / name).write_text((CLIENT / name).read_text("utf-8"), "utf-8")
    strict = "(setq byte-compile-error-on-warn t)"
    program = [needs("emacs", "emacs-nox"), "--batch", "-Q", "-L", "."]
    ended = subprocess.run(
        [*program, "--eval", strict, "-f", "batch-byte-compile", *names],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def configuration() -> str:
    """The first block of the page, with the client's folder in this checkout."""
    (block, *_) = re.findall(r"```elisp\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert '"/path/to/homebody/clients/emacs"' in block
    return block.replace("/path/to/homebody/clients/emacs", str(CLIENT))

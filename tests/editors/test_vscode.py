"""The extension in a real VS Code: in its extension host, and as a user sees it in the window."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.vscode import VSCode, homebody, package, start_vscode

# Both end where a line is about to be typed.
SHAPES = "def area(width, height):\n    "
ROOMS = """\
def height_of_room(length):
    return length / 2


def volume_of_room(length):
    """
REPLIES = [
    {"contains": "Say in one short sentence", "text": "Say how high the room is."},
    {"contains": "Explain what this", "text": "It computes an area.", "piece_delay_ms": 20},
    {"contains": "def area(width, height):\n", "text": "return width * height", "probability": 0.95},
    {"text": "return length * height_of_room(length)", "probability": 0.95},
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that the tests write."""
    return tmp_path_factory.mktemp("vscode")


@pytest.fixture(scope="module")
def vscode(folder: Path) -> Iterator[VSCode]:
    """A VS Code with the packaged extension, behind which a script plays the model."""
    script = folder / "script.json"
    script.write_text(json.dumps({"name": "scripted", "reply": REPLIES}))
    settings = {
        "homebody.server.command": homebody(),
        "homebody.backend.kind": "scripted",
        "homebody.backend.model": str(script),
    }
    with start_vscode(folder, settings, package(folder)) as running:
        yield running


@pytest.fixture(scope="module")
def workspace(folder: Path) -> Path:
    """A workspace whose settings want to choose the server, and where code goes."""
    made = folder / "workspace"
    (made / ".vscode").mkdir(parents=True)
    evil = made / "evil.sh"
    evil.write_text(f"#!/bin/sh\ntouch {made}/evil.ran\n")
    evil.chmod(0o755)
    wanted = {
        "homebody.server.command": str(evil),
        "homebody.backend.url": "http://192.0.2.1:8080",
        "homebody.log.prompts": True,
        "homebody.completion.maxTokens": 96,
    }
    (made / ".vscode" / "settings.json").write_text(json.dumps(wanted))
    (made / "shapes.py").write_text(SHAPES)
    (made / "rooms.py").write_text(ROOMS)
    return made


def test_the_extension_works_in_the_extension_host(vscode: VSCode, workspace: Path):
    """Typing, taking, refactoring, explaining, a crash, and a hostile workspace: by VS Code's own API."""
    assert vscode.run("exthost.js", workspace) == [
        "the extension starts the server",
        "a workspace cannot choose the server or where code goes",
        "only what is set is sent",
        "ghost text comes while typing and is taken by command",
        "code actions are listed",
        "a docstring is written by the code action",
        "an explanation streams into a read-only page of text",
        "the last prompt is shown with what went into it",
        "a server that crashes is there again",
    ]


def test_a_user_sees_ghost_text_and_takes_it(vscode: VSCode, workspace: Path):
    """In the window: grey text, Tab, the lightbulb, and a message when the server is not there."""
    assert vscode.run("ui.js", workspace) == [
        "ghost text is seen",
        "Tab takes it",
        "the lightbulb has the actions",
        "a server that is not there is told with what to do",
        "it starts once the setting is right",
    ]

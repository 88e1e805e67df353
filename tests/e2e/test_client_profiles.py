"""Each editor gets only messages that it declared, and every feature in the best form that it supports.

The profiles are the files in ``tests/cases/clients``; each says in ``origin`` whether it was recorded from
the editor or written by hand.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from homebody.text import Span
from support.editor import Client
from support.until import until_answered

Json: TypeAlias = dict[str, Any]

URI = "file:///w/app.py"
CODE = "def area(width, height):\n    return \n"
BODY = Span(0, len(CODE))
FOLDER = Path(__file__).parents[1] / "cases" / "clients"
PROFILES = sorted(path.stem for path in FOLDER.glob("*.json"))


def _declared(capabilities: Json, path: str) -> Any:
    value: Any = capabilities
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _is_registrable(capabilities: Json, params: Json) -> bool:
    kinds = {
        "workspace/didChangeConfiguration": "workspace.didChangeConfiguration",
        "workspace/didChangeWatchedFiles": "workspace.didChangeWatchedFiles",
    }
    return all(
        _declared(capabilities, f"{kinds[registration['method']]}.dynamicRegistration")
        for registration in params["registrations"]
    )


# What the server may send, by method, and when. Homebody's own notification is documented for all.
ALLOWED: Mapping[str, Callable[[Json, Json], Any]] = {
    "homebody/didChangeStatus": lambda _capabilities, _params: True,
    "window/showMessage": lambda _capabilities, _params: True,
    "window/workDoneProgress/create": lambda c, _params: _declared(c, "window.workDoneProgress"),
    "$/progress": lambda c, _params: _declared(c, "window.workDoneProgress"),
    "client/registerCapability": _is_registrable,
    "workspace/configuration": lambda c, _params: _declared(c, "workspace.configuration"),
    "workspace/applyEdit": lambda c, _params: _declared(c, "workspace.applyEdit"),
}


@pytest.mark.parametrize("name", PROFILES)
async def test_an_editor_gets_what_it_declared_and_every_feature(name: str, serve):
    """Completion, explain, ask and refactor work, and no message is one that the editor did not ask for."""
    capabilities: Json = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))["capabilities"]
    sent: list[tuple[str, Json]] = []
    async with serve("width * height", capabilities=capabilities) as client:
        client.protocol.handle_message = _recording(client, sent)
        client.open(URI, CODE)
        await client.execute("homebody.showPrompt")
        await _completes(client, capabilities)
        explanation = await client.explain(URI, BODY)
        assert explanation["markdown"] == "width * height"
        question = {"question": "What is it?", "textDocument": {"uri": URI}}
        assert (await client.execute("homebody.ask", question))["markdown"] == "width * height"
        await _refactors(client, capabilities)
        encodings = _declared(capabilities, "general.positionEncodings") or []
        assert client.capabilities["positionEncoding"] in {*encodings, "utf-16"}

    undeclared = [method for method, params in sent if not ALLOWED[method](capabilities, params)]
    assert undeclared == []


async def _completes(client: Client, capabilities: Json) -> None:
    (ghost,) = await client.complete(URI, 1, 11, invoked=True)
    assert ghost["insertText"] == "width * height"
    place = {"textDocument": {"uri": URI}, "position": {"line": 1, "character": 11}}

    async def items() -> list[Json]:
        return (await client.request("textDocument/completion", place))["items"]

    if _declared(capabilities, "textDocument.inlineCompletion") is not None:
        assert await items() == []
        return
    # On a busy machine the menu's time may be over before its first answer.
    (item,) = await until_answered(items)
    assert item["textEdit"]["newText"] == "width * height"
    assert item["documentation"] == "width * height"


async def _refactors(client: Client, capabilities: Json) -> None:
    """Run the action's command; the editor applies the edit, or gets it in the result if it cannot."""
    actions = await client.actions(URI, Span(4, 4))
    action = next(action for action in actions if action["title"] == "Write a docstring")
    command = action["command"]
    (argument,) = command["arguments"]
    if _declared(capabilities, "workspace.applyEdit"):
        assert (await client.execute(command["command"], argument))["status"] == "applied"
        assert '"""width * height"""' in client.documents[URI].text
        return
    result = await client.execute(command["command"], argument | {"apply": False})
    assert result["status"] == "ready"
    versioned = bool(_declared(capabilities, "workspace.workspaceEdit.documentChanges"))
    assert ("documentChanges" in result["edit"]) is versioned


def _recording(client: Client, sent: list[tuple[str, Json]]) -> Callable[[Any], None]:
    handle_message = client.protocol.handle_message

    def record(message: Any) -> None:
        if hasattr(message, "method"):
            sent.append((message.method, message.params))
        handle_message(message)

    return record

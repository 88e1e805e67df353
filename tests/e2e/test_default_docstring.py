"""The edit that the default weights can do: a docstring, for clients with and without capabilities."""

import ast
from typing import Any

from homebody.text import Span
from support.editor import CAPABILITIES, Client, start_client

URI = "file:///w/area.py"
CODE = "def area(width, height):\n    result = width * height\n    return result\n"
BARE = {"general": {"positionEncodings": ["utf-32"]}}


async def test_the_default_weights_write_a_docstring_for_every_client(weights, environ, workspace):
    """It is the menu's first entry, and only adds the docstring; clients that cannot apply edits get it."""
    options = {"backend": {"kind": "embedded", "model": str(weights), "contextLength": 2048}}
    for capabilities, status in ((CAPABILITIES, "applied"), (BARE, "ready")):
        async with start_client(
            root=workspace, options=options, capabilities=capabilities, environ=environ
        ) as client:
            client.open(URI, CODE)
            await client.wait_for_model()
            first = await _first_action(client)
            result = await client.execute(first["command"], first["arguments"][0])
            assert result["status"] == status
            new = client.documents[URI].text if status == "applied" else _edited(result)
            (before,), (after,) = ast.parse(CODE).body, ast.parse(new).body
            docstring = ast.get_docstring(after)
            assert docstring
            assert len(docstring.splitlines()) <= 4
            assert [ast.dump(one) for one in after.body[1:]] == [ast.dump(one) for one in before.body]


async def _first_action(client: Client) -> dict[str, Any]:
    action, *_ = await client.actions(URI, Span(6, 6))
    assert action["title"] == "Write a docstring"
    return action if isinstance(action["command"], str) else action["command"]


def _edited(result: dict[str, Any]) -> str:
    (edit,) = result["edit"]["changes"][URI]
    lines = CODE.splitlines(keepends=True)
    start = edit["range"]["start"]
    assert edit["range"]["end"] == start
    at = sum(map(len, lines[: start["line"]])) + start["character"]
    return CODE[:at] + edit["newText"] + CODE[at:]

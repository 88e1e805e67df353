"""Next edits with the real process: offered, shown, accepted, rejected, and never when they must not be."""

from typing import Any

import pytest

from homebody.text import Span, TextEdit
from support.editor import Client

CODE = """def load(path):
    data = read_file(path, encoding="latin-1")
    return data


def load_all(paths):
    first = read_file(paths[0], encoding="latin-1")
    rest = [read_file(path, encoding="latin-1") for path in paths[1:]]
    last = read_file(paths[-1], encoding="latin-1")
    return first, rest, last
"""


async def ask(client: Client, uri: str, line: int = 0, version: int | None = None) -> list[Any]:
    """Ask for the next edit."""
    document: dict[str, Any] = {"uri": uri}
    if version is not None:
        document["version"] = version
    params = {"textDocument": document, "position": {"line": line, "character": 0}}
    return (await client.request("textDocument/copilotInlineEdit", params))["edits"]


def replace(client: Client, uri: str, old: str, new: str) -> None:
    """Replace the first ``old`` in the document, as the user would."""
    at = client.documents[uri].text.index(old)
    client.change(uri, TextEdit(Span(at, at + len(old)), new))


def apply(client: Client, edit: dict[str, Any]) -> str:
    """Apply an edit as a client does; returns the new text."""
    document = client.documents[edit["textDocument"]["uri"]]
    assert edit["textDocument"]["version"] == document.version
    start, end = (
        document.offset_at(edit["range"][side]["line"], edit["range"][side]["character"])
        for side in ("start", "end")
    )
    return client.change(document.uri, TextEdit(Span(start, end), edit["text"])).text


@pytest.fixture
def uri(workspace) -> str:
    """A file of the workspace."""
    (workspace / "app.py").write_text(CODE)
    return (workspace / "app.py").as_uri()


async def test_two_agreeing_edits_offer_the_next_one_until_none_is_left(serve, uri):
    """Each accepted edit offers the next; the last one offers nothing."""
    async with serve() as client:
        client.open(uri, CODE)
        await client.execute("homebody.status")
        for _ in range(2):
            replace(client, uri, "latin-1", "utf-8")
        offered = 0
        while edits := await ask(client, uri, version=client.documents[uri].version):
            (edit,) = edits
            client.notify("textDocument/didShowInlineEdit", {"item": {"command": edit["command"]}})
            apply(client, edit)
            params = {"command": edit["command"]["command"], "arguments": edit["command"]["arguments"]}
            await client.request("workspace/executeCommand", params)
            offered += 1

        assert offered == 2
        assert client.documents[uri].text == CODE.replace("latin-1", "utf-8")

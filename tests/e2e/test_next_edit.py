"""Next edits with the real process: offered, shown, accepted, rejected, and never when they must not be."""

import asyncio
from typing import Any

import pytest

from homebody.text import Span, TextEdit
from support.editor import Client
from support.until import until

CODE = """def load(path):
    data = read_file(path, encoding="latin-1")
    return data


def load_all(paths):
    first = read_file(paths[0], encoding="latin-1")
    second = read_file(paths[1], encoding="latin-1")
    last = read_file(paths[-1], encoding="latin-1")
    return first, second, last
"""


async def ask(client: Client, uri: str, line: int = 0, version: int | None = None) -> list[Any]:
    document: dict[str, Any] = {"uri": uri}
    if version is not None:
        document["version"] = version
    params = {"textDocument": document, "position": {"line": line, "character": 0}}
    return (await client.request("textDocument/copilotInlineEdit", params))["edits"]


def replace(client: Client, uri: str, old: str, new: str) -> None:
    """Replace the first ``old`` in the document, as the user would."""
    at = client.documents[uri].text.index(old)
    client.change(uri, TextEdit(Span(at, at + len(old)), new))


def change_two(client: Client, uri: str) -> None:
    """Open the file, and make two of four equal changes."""
    client.open(uri, CODE)
    for _ in range(2):
        replace(client, uri, "latin-1", "utf-8")


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
    (workspace / "app.py").write_text(CODE)
    return (workspace / "app.py").as_uri()


async def test_two_agreeing_edits_offer_the_next_one_until_none_is_left(serve, uri):
    async with serve(opens={uri: CODE}) as client:
        await client.execute("homebody.status")
        for _ in range(2):
            replace(client, uri, "latin-1", "utf-8")
        assert await ask(client, uri, version=1) == []
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


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
async def test_changes_typed_key_by_key_in_a_large_file_offer_the_next_one(serve, uri, newline):
    code = (CODE + "".join(f"value_{number} = {number}\n" for number in range(5000))).replace("\n", newline)
    async with serve(opens={uri: code}) as client:
        for _ in range(2):
            at = client.documents[uri].text.index("latin-1")
            for end in range(at + len("latin-1"), at, -1):
                client.change(uri, TextEdit(Span(end - 1, end), ""))
            for offset, key in enumerate("utf-8", start=at):
                client.type(uri, offset, key)
        (edit,) = await ask(client, uri)

        assert apply(client, edit) == code.replace("latin-1", "utf-8", 3)


async def test_a_cell_of_a_notebook_is_a_document(serve, workspace):
    book = (workspace / "book.ipynb").as_uri()
    cell = f"vscode-notebook-cell:{book.removeprefix('file:')}#1"
    async with serve() as client:
        client.open_notebook(book, {cell: CODE})
        for version, line in ((2, 1), (3, 6)):
            start = CODE.split("\n")[line].index("latin-1")
            sides = {"start": start, "end": start + len("latin-1")}
            span = {side: {"line": line, "character": column} for side, column in sides.items()}
            changed = {
                "document": {"uri": cell, "version": version},
                "changes": [{"range": span, "text": "utf-8"}],
            }
            params = {
                "notebookDocument": {"uri": book, "version": version},
                "change": {"cells": {"textContent": [changed]}},
            }
            client.notify("notebookDocument/didChange", params)
        (edit,) = await ask(client, cell, version=3)

        assert (edit["text"], edit["range"]["start"]["line"]) == ("utf-8", 7)


async def test_an_accepted_edit_may_be_reported_by_a_notification(serve, uri):
    """As some clients do; unknown ids and odd arguments are ignored."""
    async with serve() as client:
        change_two(client, uri)
        (edit,) = await ask(client, uri)
        apply(client, edit)
        for arguments in (edit["command"]["arguments"], ["next-99"], [], [{}], None):
            client.notify(
                "workspace/executeCommand", {"command": edit["command"]["command"], "arguments": arguments}
            )
        client.notify("textDocument/didShowInlineEdit", {"item": {}})

        assert len(await ask(client, uri)) == 1
        assert client.messages == []


async def test_settings_and_the_toggle_decide(serve, uri, workspace):
    async with serve(settings={"nextEdit": {"enabled": "hint"}}) as client:
        change_two(client, uri)
        assert [edit["show"] for edit in await ask(client, uri)] == ["hint"]
        off = {"feature": "nextEdit", "enabled": False}
        assert await client.execute("homebody.toggle", off) == {"enabled": False}
        assert await ask(client, uri) == []
        assert await client.execute("homebody.toggle", off | {"enabled": True}) == {"enabled": True}
        assert len(await ask(client, uri)) == 1
        await client.execute("homebody.toggle", off | {"languageId": "python"})
        assert await ask(client, uri) == []


async def test_a_file_that_is_kept_out_of_prompts_gets_nothing(serve, uri, workspace):
    (workspace / ".homebodyignore").write_text("app.py\n")
    async with serve() as client:
        change_two(client, uri)

        assert await ask(client, uri) == []


SWEEP = "sweep-next-edit-1.5b.v2"
MODEL_ANSWER = "    return read(path, encoding)\n\n\ndata = load('a.txt', 'utf-8')\n"
MODEL_CODE = "def load(path):\n    return read(path)\n\n\ndata = load('a.txt', 'utf-8')\n"


async def test_a_trained_model_is_asked_if_the_rules_are_silent(serve, uri, tmp_path):
    """What it repeats after a rejection is not offered."""
    asked = tmp_path / "asked.jsonl"
    async with serve(MODEL_ANSWER, name=SWEEP, requests_file=str(asked), opens={uri: MODEL_CODE}) as client:
        await client.wait_for_model()
        replace(client, uri, "(path)", "(path, encoding)")
        (edit,) = await ask(client, uri, line=1)

        assert ", encoding" in edit["text"]
        client.notify("homebody/didRejectInlineEdit", {"id": edit["command"]["arguments"][0]})
        replace(client, uri, "encoding", "encoding=None")
        assert await ask(client, uri, line=1) == []
    assert "<|file_sep|>current/app.py" in asked.read_text()


@pytest.mark.parametrize(
    ("answer", "model", "language"),
    [
        (MODEL_ANSWER, "qwen2.5-coder-1.5b", "python"),
        (MODEL_ANSWER, SWEEP, "markdown"),
        ("", SWEEP, "python"),
        ("    return read(path, (encoding)\n\n\ndata = load('a.txt', 'utf-8')\n", SWEEP, "python"),
    ],
    ids=["not trained for it", "prose", "deletes everything", "breaks the syntax"],
)
async def test_an_answer_that_does_not_hold_is_not_offered(serve, uri, answer, model, language):
    async with serve(answer, name=model) as client:
        client.open(uri, MODEL_CODE, language)
        await client.wait_for_model()
        replace(client, uri, "(path)", "(path, encoding)")

        assert await ask(client, uri, line=1) == []


async def test_an_answer_for_an_old_version_is_not_offered(serve, uri, gate, tmp_path):
    replies = [{"text": "    return read(path, encoding)\n", "gate_file": gate}]
    asked = tmp_path / "asked.jsonl"
    async with serve(replies, name=SWEEP, requests_file=str(asked), opens={uri: MODEL_CODE}) as client:
        await client.wait_for_model()
        replace(client, uri, "(path)", "(path, encoding)")
        waiting = asyncio.ensure_future(ask(client, uri, line=1))
        await until(asked.exists)
        replace(client, uri, "data", "dates")
        gate.touch()

        assert await waiting == []

"""Asking through a real server: conversations, attachments, applied code."""

import asyncio
from typing import Any

import pytest
from pygls.exceptions import JsonRpcException

from support.until import until_answered

URI = "file:///w/area.py"
CODE = "def area(width, height):\n    return width * height\n"
FENCED = "Like this:\n\n```python\ndef area(width, height):\n    return height * width\n```\n"


def _named(**argument: object) -> dict[str, object]:
    return {"textDocument": {"uri": URI}} | argument


def _range(*places: int) -> dict[str, object]:
    line, character, last, end = places
    return {"start": {"line": line, "character": character}, "end": {"line": last, "character": end}}


async def test_a_conversation_continues(serve):
    async with serve("It multiplies.", opens={URI: CODE}) as client:
        first = await client.execute(
            "homebody.ask", _named(question="What is it?", range=_range(0, 0, 1, 25))
        )
        assert first["markdown"] == "It multiplies."
        assert first["complete"] is True
        assert set(first["usage"]) == {"promptTokens", "outputTokens", "contextLength", "tokensLeft"}
        assert first["sources"][0]["uri"] == URI
        assert first["leftOut"] == []
        assert first["blocks"] == []

        again = {"question": "And now?", "conversationId": first["conversationId"]}
        second = await client.execute("homebody.ask", again)
        assert second["conversationId"] == first["conversationId"]
        shown = await client.execute("homebody.showPrompt")
        assert "What is it?" in shown["text"]
        assert shown["text"].count("return width * height") == 1

        saved = await client.execute("homebody.openConversation", {"conversationId": first["conversationId"]})
        assert saved["markdown"] == "## What is it?\n\nIt multiplies.\n\n## And now?\n\nIt multiplies.\n"


async def test_an_answer_links_to_the_workspace_where_the_client_wants_it(serve, workspace):
    path = workspace / "area.py"
    path.write_text(CODE)
    text = "`area()` is in area.py:1, see [more](https://evil.example)."
    async with serve(text) as client:
        client.open(path.as_uri(), CODE)
        argument = {"textDocument": {"uri": path.as_uri()}, "links": True}
        uri = f"{path.as_uri()}#L1"
        wanted = f"[`area()`]({uri}) is in [area.py:1]({uri}), see [more]\\(`https://evil.example`)."
        assert (await client.execute("homebody.explain", argument))["markdown"] == wanted
        asked = await client.execute("homebody.ask", argument | {"question": "What?"})
        assert asked["markdown"] == wanted
        assert (await client.execute("homebody.explain", argument | {"links": False}))["markdown"] == text
        found = await client.execute("homebody.ask", argument | {"question": "What?", "links": "ranges"})
        assert found["markdown"] == text
        assert [link["target"] for link in found["links"]] == [uri, uri]
        assert [link["range"]["start"]["character"] for link in found["links"]] == [0, text.index("area.py")]


@pytest.mark.parametrize("command", ["homebody.explain", "homebody.ask"])
async def test_an_answer_is_about_the_code_that_was_there_when_it_was_requested(serve, command):
    """Also if the user types on while the server still waits for the editor's settings."""
    asked, sent = asyncio.Event(), asyncio.Event()

    async def answer(params):
        asked.set()
        await sent.wait()
        return [{} for _ in params["items"]]

    async with serve("It multiplies.") as client:
        client.on_request["workspace/configuration"] = answer
        client.open(URI, CODE)
        argument = {"textDocument": {"uri": URI, "version": 1}, "question": "What is it?"}
        answering = asyncio.ensure_future(client.execute(command, argument))
        await asked.wait()
        client.type(URI, 0, "# typed later\n")
        sent.set()

        assert (await answering)["markdown"] == "It multiplies."
        prompt = (await client.execute("homebody.showPrompt"))["text"]
        assert ("return width" in prompt, "typed later" in prompt) == (True, False)


async def test_a_code_block_is_applied(serve):
    async with serve(FENCED, opens={URI: CODE}) as client:
        reply = await client.execute("homebody.ask", _named(question="Swap them."))
        [block] = reply["blocks"]
        assert block == {
            "block": 0,
            "language": "python",
            "text": "def area(width, height):\n    return height * width\n",
            "range": {"start": {"line": 2, "character": 0}, "end": {"line": 6, "character": 0}},
        }
        apply = _named(conversationId=reply["conversationId"], block=0)
        ready = await client.execute("homebody.apply", apply | {"apply": False})
        assert ready["status"] == "ready"
        assert client.documents[URI].text == CODE
        applied = await client.execute("homebody.apply", apply)
        assert applied["status"] == "applied"
        assert applied["notes"] == ["changes only the order of the code, near `return height * width`"]
        assert client.documents[URI].text == CODE.replace("width * height", "height * width")

        assert (await client.execute("homebody.apply", apply | {"block": 7}))["status"] == "refused"


async def test_what_can_be_attached_is_listed_and_taken(serve, workspace):
    (workspace / "stock.py").write_text("def reorder(item):\n    return item.count < 3\n")
    async with serve("ok", opens={URI: CODE}) as client:
        items = await client.execute("homebody.contextItems", {"query": "area"})
        assert items == [{"id": URI, "kind": "file", "label": "area.py", "detail": "area.py"}]

        stock = (workspace / "stock.py").as_uri()
        reply = await client.execute(
            "homebody.ask", {"question": "Why?", "attach": [items[0], f"{stock}#L2"]}
        )
        assert [(source["uri"], source["why"]) for source in reply["sources"]] == [
            (URI, "attached"),
            (stock, "attached"),
        ]
        pasted = {"label": "output", "text": "Traceback: boom"}
        await client.execute("homebody.ask", {"question": "Why?", "attach": [pasted]})
        assert "Traceback: boom" in (await client.execute("homebody.showPrompt"))["text"]


async def test_a_folder_attaches_its_files_once_and_none_that_is_excluded(serve, workspace):
    (workspace / "pkg").mkdir()
    for name in ("inside", "other", "private"):
        (workspace / "pkg" / f"{name}.py").write_text(f"{name.upper()} = 1\n")
    (workspace / "pkg/binary.py").write_bytes(b"\0")
    (workspace / "pkg/key.py").write_text("-----BEGIN PRIVATE KEY-----\n")
    (workspace / ".homebodyignore").write_text("private.py\n")
    async with serve("ok") as client:

        async def folders(query: str) -> list[dict[str, Any]]:
            items = await client.execute("homebody.contextItems", {"query": query})
            return [item for item in items if item["kind"] == "folder"]

        (folder,) = await until_answered(lambda: folders("fol"))
        assert folder == {"id": f"{workspace.as_uri()}/pkg/", "kind": "folder", "label": "pkg/", "detail": ""}
        assert await folders("folder pk") == await folders("kg") == [folder]
        assert await folders("folder x") == []
        inside = f"{folder['id']}inside.py"
        reply = await client.execute("homebody.ask", {"question": "Why?", "attach": [inside, folder]})
        assert [source["uri"] for source in reply["sources"]] == [inside, f"{folder['id']}other.py"]
        left_out = {left["uri"].removeprefix(folder["id"]) for left in reply["leftOut"]}
        assert left_out == {"binary.py", "key.py"}
        with pytest.raises(JsonRpcException, match="no file in nix/ that may be put"):
            await client.execute("homebody.ask", {"question": "?", "attach": [f"{workspace.as_uri()}/nix/"]})


@pytest.mark.parametrize("cell", ["untitled:cell", "file://{folder}/cells/1.py"])
async def test_cells_are_excluded_with_their_notebook(serve, workspace, cell):
    """Whatever URIs the editor gives them, also after the notebook was closed."""
    (workspace / ".homebodyignore").write_text("private/\n")
    book, cell = (workspace / "private/a.ipynb").as_uri(), cell.format(folder=workspace)
    async with serve("leaked") as client:
        client.open_notebook(book, {cell: "secret = 1\n"})
        argument = {"textDocument": {"uri": cell}}
        for command, more in (
            ("homebody.explain", argument),
            ("homebody.ask", argument | {"question": "Why?"}),
            ("homebody.ask", {"question": "Why?", "attach": [book]}),
            ("homebody.ask", {"question": "Why?", "attach": [{"id": f"{book}#L1-2", "text": "secret = 1"}]}),
        ):
            with pytest.raises(JsonRpcException, match="is never put into a prompt"):
                await client.execute(command, more)
        assert await client.complete(cell, 0, 9, invoked=True) == []


async def test_a_notebook_is_attached_with_all_of_its_cells(serve, workspace):
    """As the editor has it, without the outputs that its file holds; it is listed once."""
    book = (workspace / "area.ipynb").as_uri()
    texts = ["first = 1\n", "\n", "def area(width):\n    return width\n"]
    cells = [f"vscode-notebook-cell:{book.removeprefix('file:')}#{number}" for number in range(3)]
    async with serve("ok") as client:
        client.open_notebook(book, dict(zip(cells, texts, strict=True)))
        items = await client.execute("homebody.contextItems", {"query": "area"})
        assert items == [{"id": book, "kind": "file", "label": "area.ipynb", "detail": "area.ipynb"}]
        reply = await client.execute("homebody.ask", {"question": "Why?", "attach": items})
        assert [source["uri"] for source in reply["sources"]] == [cells[0], cells[2]]
        assert "area.ipynb, cell 3" in (await client.execute("homebody.showPrompt"))["text"]


def _problem(line: int, message: str, **more: object) -> dict[str, object]:
    return {"range": _range(line, 0, line, 1), "message": message} | more


async def test_the_diagnostics_of_all_servers_come_from_the_client(serve):
    """It sends all diagnostics of its editor; an empty list means that a document no longer has any."""
    other = "file:///w/other.py"
    async with serve("ok") as client:
        found = [
            {
                "uri": URI,
                "diagnostics": [_problem(1, "undefined name", severity=1, source="ruff", code="F821")],
            },
            {
                "uri": other,
                "diagnostics": [_problem(0, "unused", severity=4, code=None), _problem(4, "bad\n tab")],
            },
        ]
        items = await client.execute("homebody.contextItems", {"query": "problems", "diagnostics": found})
        assert [(item["id"], item["label"]) for item in items] == [
            (f"diagnostics:{URI}", "Problems in area.py"),
            (f"diagnostics:{other}", "Problems in other.py"),
            ("diagnostics:", "All problems"),
        ]
        await client.execute(
            "homebody.ask", {"question": "Why?", "attach": ["diagnostics:"], "diagnostics": found}
        )
        prompt = (await client.execute("homebody.showPrompt"))["text"]
        assert "Line 2, error (ruff F821): undefined name" in prompt
        assert "Line 1, hint: unused\nLine 5, error: bad tab" in prompt

        found[0]["diagnostics"] = [_problem(1, "undefined name again")]
        question = {"question": "Why?", "attach": [f"diagnostics:{URI}"], "diagnostics": found}
        await client.execute("homebody.ask", question)
        assert "undefined name again" in (await client.execute("homebody.showPrompt"))["text"]

        found[0]["diagnostics"] = []
        with pytest.raises(JsonRpcException, match="no diagnostics any more"):
            await client.execute("homebody.ask", question)


async def test_bad_questions_are_refused_in_one_sentence(serve):
    async with serve("ok") as client:
        for argument, words in (
            ({}, "no question"),
            ({"question": "Why?", "attach": [{}]}, "nothing to attach"),
            ({"question": "Why?", "attach": ["untitled:none"]}, "nothing to attach"),
            ({"question": "Why?", "attach": ["file:///w/none.py"]}, "does not exist"),
            ({"question": "Why?", "attach": ["diff:all:"]}, "no diff"),
            ({"question": "Why?", "attach": ["file:///etc/hostname#X"]}, "is not a line range"),
            ({"question": "Why?", "conversationId": "nix"}, "no conversation"),
            ({"regenerate": True}, "no answer to replace"),
            ({"question": "Why?", "textDocument": {"uri": "file:///w/none.py"}}, "open it first"),
        ):
            with pytest.raises(JsonRpcException, match=words) as caught:
                await client.execute("homebody.ask", argument)
            assert "\n" not in str(caught.value)


async def test_an_explanation_is_shown_by_the_server(serve, tmp_path):
    """It is shown as a file that only its owner can read."""
    shown: list[str] = []

    async def show(params: dict[str, str]) -> object:
        shown.append(params["uri"])
        return {"success": True}

    with_files = {"window": {"showDocument": {"support": True}}, "general": {"positionEncodings": ["utf-32"]}}
    argument = _named(show=True)
    async with serve("It multiplies.", capabilities=with_files) as client:
        client.on_request["window/showDocument"] = show
        client.open(URI, CODE)
        await client.execute("homebody.explain", argument)
    [path] = (tmp_path / "cache" / "answers").iterdir()
    assert shown == [path.as_uri()]
    assert path.read_text() == "It multiplies.\n"
    assert path.stat().st_mode & 0o077 == 0


async def test_a_long_explanation_is_in_a_file_where_the_client_shows_messages_only(serve, tmp_path):
    """The message begins with the file's path, since an editor may show its first line only."""
    text = "It multiplies.\n\n" + " ".join(f"Width by height, {n}." for n in range(95))
    async with serve(text, capabilities={"general": {"positionEncodings": ["utf-32"]}}) as client:
        client.open(URI, CODE)
        await client.execute("homebody.explain", _named(show=True))
        [path] = (tmp_path / "cache" / "answers").iterdir()
        [message] = client.messages
        assert message.startswith(f"The whole text is in {path}. It multiplies.")
        assert message.endswith("…")
        assert path.read_text() == text.rstrip() + "\n"

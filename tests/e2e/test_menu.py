"""``textDocument/completion`` over the real process, for editors without ghost text."""

import asyncio

from support.editor import CAPABILITIES, Client
from support.until import until_answered

URI = "file:///w/app.py"
_WITHOUT_GHOST_TEXT = CAPABILITIES | {"textDocument": {}}


async def menu(client: Client, line: int, character: int) -> dict:
    position = {"textDocument": {"uri": URI}, "position": {"line": line, "character": character}}
    return await client.request("textDocument/completion", position)


async def filled_menu(client: Client, line: int, character: int) -> dict:
    """Ask for the menu until it has items: on a busy machine the first answer takes more than its time."""

    async def ask() -> dict | None:
        found = await menu(client, line, character)
        return found if found["items"] else None

    return await until_answered(ask)


async def test_an_item_replaces_the_word_and_shows_the_whole_suggestion_beside_it(serve):
    async with serve("th * height\n", capabilities=_WITHOUT_GHOST_TEXT) as client:
        client.open(URI, "def area(width, height):\n    return wid\n")
        await client.execute("homebody.showPrompt")
        found = await filled_menu(client, 1, 14)

        (item,) = found["items"]
        assert found["isIncomplete"] is True
        assert item["label"] == "width * height"
        assert item["filterText"] == "wid"
        assert item["textEdit"]["newText"] == "width * height"
        assert item["textEdit"]["range"]["start"] == {"line": 1, "character": 11}
        assert item["documentation"] == "width * height"
        assert item["insertTextFormat"] == 1


async def test_a_slow_answer_is_completed_into_the_cache(serve, gate):
    slow = [{"text": "width * height", "probability": 0.95, "gate_file": gate}]
    async with serve(slow, capabilities=_WITHOUT_GHOST_TEXT) as client:
        client.open(URI, "def area(width, height):\n    return \n")
        await client.execute("homebody.showPrompt")
        assert await menu(client, 1, 11) == {"isIncomplete": True, "items": []}
        gate.touch()
        found = await filled_menu(client, 1, 11)
        assert found["items"][0]["label"] == "width * height"


async def test_an_editor_with_ghost_text_may_have_both(serve):
    async with serve("width * height", settings={"completion": {"menu": "always"}}) as client:
        client.open(URI, "def area(width, height):\n    return \n")
        await client.execute("homebody.showPrompt")
        found, items = await asyncio.gather(filled_menu(client, 1, 11), client.complete(URI, 1, 11))

        assert [item["label"] for item in found["items"]] == ["width * height"]
        assert [item["insertText"] for item in items] == ["width * height"]
